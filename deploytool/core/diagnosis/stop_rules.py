"""Why a task that had started was stopped: ``stoppedReason`` and ``stopCode``."""

from __future__ import annotations

from deploytool.core.diagnosis.rule import Rule

UNHEALTHY = Rule(
    "container-unhealthy",
    r"failed container health checks",
    "the health check of container {container} failed: {health_command}",
    "run that command in the image: is its program there, and does the app answer? If the app only starts slowly, "
    "raise healthCheck.startPeriod",
)

HEALTH = (
    Rule(
        "elb-health-check-failed",
        r"failed ELB health checks in \(target-group (?:arn:\S*:targetgroup/)?(?P<group>[^/)\s]+)",
        "the load balancer's health checks of the task failed (target group {group})",
        "see what container {container} answers at the target group's path and port, and which codes it expects; if "
        "the app only starts slowly, raise healthCheckGracePeriodSeconds of the service",
    ),
    UNHEALTHY,
)

BY_CODE = {
    "SpotInterruption": Rule(
        "spot-interrupted",
        "",
        "AWS took the Spot capacity back; this is not the code's fault",
        "let it run again, or use FARGATE instead of FARGATE_SPOT in the capacity provider strategy",
    ),
    "TerminationNotice": Rule(
        "host-retired",
        "",
        "AWS is retiring the host that the task ran on; this is not the code's fault",
        "let it run again",
    ),
    "InfrastructureHealth": Rule(
        "host-unhealthy",
        "",
        "the host that the task ran on became unhealthy; this is not the code's fault",
        "let it run again; if it stays, look at AWS's health dashboard for this region",
    ),
    "UserInitiated": Rule(
        "stopped-by-request",
        "",
        "somebody, or a tool, stopped the task",
        "ask who called StopTask (CloudTrail knows); then release again",
    ),
    "ServiceSchedulerInitiated": Rule(
        "stopped-by-service",
        "",
        "the service stopped the task: a deployment, a smaller desired count, or a failed health check",
        "read AWS's words below and the service's events",
    ),
}
"""By ``stopCode``; these are looked up once no text above explains more."""

UNKNOWN = Rule(
    "task-stopped",
    "",
    "the task stopped, and ECS does not say why in words this tool knows",
    "read AWS's words, and its log",
)
