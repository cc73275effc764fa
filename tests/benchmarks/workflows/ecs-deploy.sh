#!/usr/bin/env bash
# The same release with ecs-deploy. It starts the migration and does not wait for it: it has no way to.
# The revisions before are kept, as by the others: to deregister them would only make it slower.
set -euo pipefail

ecs update architecturedeck-migrate --image migrate "$MIGRATE_IMAGE" --no-deregister
ecs run "$CLUSTER" architecturedeck-migrate --launchtype FARGATE --subnet "$SUBNET" --securitygroup "$SECURITY_GROUP"
ecs deploy "$CLUSTER" app --image app "$APP_IMAGE" --no-deregister --timeout 300
ecs deploy "$CLUSTER" worker --image worker "$APP_IMAGE" --no-deregister --timeout 300
