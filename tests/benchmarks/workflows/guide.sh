#!/usr/bin/env bash
# The deployment guide's workflow with the AWS CLI, from where its images are pushed to where it says that all is well.
#
# Two things are done for it: it waits for the migration, which the guide forgets, and its task definitions are
# registered beforehand. The guide moves the tag `latest` and forces a new deployment instead; to name a revision costs
# the same calls, and is a change that can be checked.
set -euo pipefail

task=$(aws ecs run-task --cluster "$CLUSTER" --task-definition "$MIGRATE" --launch-type FARGATE \
  --network-configuration "awsvpcConfiguration={subnets=[$SUBNET],securityGroups=[$SECURITY_GROUP]}" \
  --query 'tasks[0].taskArn' --output text)
aws ecs wait tasks-stopped --cluster "$CLUSTER" --tasks "$task"
aws ecs update-service --cluster "$CLUSTER" --service app --task-definition "$APP" --query service.status
aws ecs update-service --cluster "$CLUSTER" --service worker --task-definition "$WORKER" --query service.status
aws ecs wait services-stable --cluster "$CLUSTER" --services app worker
