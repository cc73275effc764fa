"""What a service's events mean (``events[].message`` of DescribeServices)."""

from __future__ import annotations

from deploytool.core.diagnosis.rule import Rule

IMAGE_UNRESOLVED = Rule(
    "image-unresolved",
    r"image digest resolution",
    "ECS could not find out what an image of the task is: it is not in the registry, or may not be read",
    "push the image, or correct its name in the task definition; its execution role needs ecr:BatchGetImage",
)
EVENTS = (
    Rule(
        "role-not-assumed",
        r"unable to assume (?:the |a )?(?:service-linked )?role",
        "ECS may not use a role of the service or task definition",
        "check that executionRoleArn and taskRoleArn exist and that ecs-tasks.amazonaws.com may assume them",
        fatal=True,
    ),
    Rule(
        "quota-reached",
        r"reached the limit on the number of (?P<what>\w+)",
        "the account's quota of {what} is used up",
        "stop what is not needed, or ask for a higher Fargate quota in Service Quotas",
    ),
    Rule(
        "no-capacity",
        r"capacity is unavailable",
        "AWS has no capacity for a task at the moment",
        "wait, or give the service more subnets in other Availability Zones",
    ),
    Rule(
        "no-room",
        r"unable to place a task",
        "ECS found no place for a task of the service",
        "check cpu and memory of the task definition, its requirements, and the capacity of the cluster",
    ),
    Rule(
        "percent-deadlock",
        r"unable to stop or start tasks during a deployment",
        "minimumHealthyPercent and maximumPercent leave ECS no room to replace a task",
        "set deploymentConfiguration to 100 and 200, or allow fewer running tasks with minimumHealthyPercent",
    ),
    Rule(
        "protected-tasks",
        r"under protection|protected tasks?|task protection",
        "tasks with scale-in protection may not be stopped, so the rollout waits for them",
        "let the app end its protection (UpdateTaskProtection), or wait until it expires",
    ),
    Rule(
        "target-unhealthy",
        r"is unhealthy in \(?target-group (?:arn:\S*?:targetgroup/)?(?P<group>[^/)\s]+)\S* due to "
        r"\(?reason:? ?(?P<reason>.+?)\)*\.?$",
        "the load balancer finds a task unhealthy (target group {group}): {reason}",
        "see what the app answers at the target group's path and port, and which codes it expects; if the app only "
        "starts slowly, raise healthCheckGracePeriodSeconds of the service",
    ),
    Rule(
        "target-not-registered",
        r"(?:failed to register targets|unable to register).*",
        "ECS could not register a task with the load balancer",
        "check containerName and containerPort of the service's loadBalancers against the task definition",
    ),
    Rule(
        "task-not-launched",
        r"failed to launch a task with \(error (?P<reason>.+?)\)*\.?$",
        "ECS could not launch a task: {reason}",
        "read AWS's words below",
    ),
    Rule(
        "start-throttled",
        r"unable to consistently start tasks",
        "tasks keep failing to start, so ECS is throttling restarts: it waits longer each time, up to 15 minutes",
        "see why the tasks stopped; a new rollout ends the throttling",
    ),
    Rule(
        "ecs-throttled",
        r"operations are being throttled",
        "AWS is throttling what ECS does for the service",
        "wait; other callers in the account may be using up the API's limits",
    ),
    IMAGE_UNRESOLVED,
    Rule(
        "deployment-failed",
        r"deployment failed",
        "ECS gave the deployment up",
        "see why the tasks stopped",
    ),
)
