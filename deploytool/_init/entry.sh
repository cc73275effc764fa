#!/bin/sh
# Starts a command with DATABASE_URL and REDIS_URL made of the parts that the task was given. They are made at every
# start: no password is in the image, and a rotated one holds from the next task on.
set -eu
here=$(dirname "$0")
if [ -n "${DATABASE_HOST-}" ] && [ -z "${DATABASE_URL-}" ]; then
    DATABASE_URL=$(node "$here/urls.mjs" database)
    export DATABASE_URL
fi
# Other names that the app has for the same address.
if [ -n "${DATABASE_URL-}" ]; then
    for name in ${DATABASE_URL_NAMES-}; do
        eval "[ -n \"\${$name-}\" ]" || export "$name=$DATABASE_URL"
    done
fi
if [ -n "${REDIS_HOST-}" ] && [ -z "${REDIS_URL-}" ]; then
    REDIS_URL=$(node "$here/urls.mjs" redis)
    export REDIS_URL
fi
exec "$@"
