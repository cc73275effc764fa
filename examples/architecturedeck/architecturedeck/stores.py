"""Where the data is: PostgreSQL for what lasts, Redis for the queue of jobs.

Each part of an address is a secret of its own, so that a new task gets a password that was changed. One whole
address, in DATABASE_URL or REDIS_URL, has the last word.
"""

import os

import psycopg2
import redis

QUEUE = "jobs"
PATIENCE = 2  # seconds, so that a health check answers before whoever asks gives up


def database():
    """A new connection to PostgreSQL."""
    if url := os.environ.get("DATABASE_URL"):
        return psycopg2.connect(url, connect_timeout=PATIENCE)
    return psycopg2.connect(
        host=os.environ["DATABASE_HOST"],
        port=os.environ["DATABASE_PORT"],
        dbname=os.environ["DATABASE_NAME"],
        user=os.environ["DATABASE_USER"],
        password=os.environ["DATABASE_PASSWORD"],
        connect_timeout=PATIENCE,
    )


def queue(read_timeout=PATIENCE):
    """A client of Redis: over TLS, unless REDIS_TLS says `false`."""
    patience = {"socket_connect_timeout": PATIENCE, "socket_timeout": read_timeout, "decode_responses": True}
    if url := os.environ.get("REDIS_URL"):
        return redis.Redis.from_url(url, **patience)
    return redis.Redis(
        host=os.environ["REDIS_HOST"],
        port=int(os.environ["REDIS_PORT"]),
        username="default",  # named, since Redis refuses a token alone where it asks for none
        password=os.environ["REDIS_AUTH_TOKEN"],
        ssl=os.environ.get("REDIS_TLS") != "false",
        **patience,
    )
