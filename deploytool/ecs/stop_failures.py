"""Why a task that had started stopped: service events, exit codes, ``stoppedReason`` and ``stopCode``."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from deploytool.diagnosis import Rule
from deploytool.ecs.model import Container

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
        "ECS gave up on the deployment",
        "see why the tasks stopped",
    ),
)

_BY_CODE = {
    0: Rule(
        "container-ended",
        "",
        "container {container} ended by itself with exit code 0, and a service's container must keep running",
        "let the command of container {container} stay in the foreground",
    ),
    1: Rule(
        "container-failed",
        "",
        "container {container} exited with code 1: the program failed",
        "read its log: the program says there why it stopped",
    ),
    2: Rule(
        "container-failed",
        "",
        "container {container} exited with code 2: wrong arguments, or the program failed",
        "check command of container {container}, and read its log",
    ),
    126: Rule(
        "command-not-executable",
        "",
        "container {container} exited with code 126: its command is there but cannot be executed",
        "make the file executable in the image (COPY --chmod=755), or correct command of container {container}",
        fatal=True,
    ),
    127: Rule(
        "command-not-found",
        "",
        "container {container} exited with code 127: its command was not found in the image",
        "correct command or entryPoint of container {container}, or put the program into the image {image}",
        fatal=True,
    ),
    137: Rule(
        "container-killed",
        "",
        "container {container} was killed (exit code 137): out of memory, a failed health check, or it did not stop in "
        "time",
        "check its memory use against its limit ({memory}), at healthCheck, and at stopTimeout",
    ),
    139: Rule(
        "container-crashed",
        "",
        "container {container} crashed with a segmentation fault (exit code 139)",
        "check for a native library built for another system (Alpine or Debian, other CPU), and read its log",
    ),
    143: Rule(
        "container-terminated",
        "",
        "container {container} was asked to stop (exit code 143, SIGTERM)",
        "find what stopped it: another essential container, a deployment, or a person; it did not fail by itself",
    ),
    255: Rule(
        "container-failed",
        "",
        "container {container} exited with code 255: the program failed, or could not be run at all",
        "read its log; without one, check the image's CPU and its entryPoint",
    ),
}

NEVER_STARTED = Rule(
    "container-never-started",
    "",
    "container {container} never started",
    "read AWS's words below; nothing of it ran, so there is no log",
)

OUT_OF_MEMORY = Rule(
    "out-of-memory",
    r"OutOfMemory",
    "container {container} used more memory than its limit of {memory} and was killed",
    "raise memory of container {container} (and memory of the task), or let the program use less",
)

_ERROR_WORDS = re.compile(
    r"error|exception|fatal|panic|cannot|can't|could not|unable|failed|denied|refused|not found|not set|no such|missing"
    r"|invalid",
    re.IGNORECASE,
)
_LINE_SHOWN = 200


def diagnose_exit_code(code: int) -> Rule:
    """What an exit code means by convention; 128 + n: killed by signal n."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    try:
        name = signal.Signals(code - 128).name
    except ValueError:
        return Rule(
            "container-failed",
            "",
            f"container {{container}} exited with code {code}: the program failed",
            "read its log: the program says there why it stopped",
        )
    return Rule(
        "container-crashed",
        "",
        f"container {{container}} was ended by signal {name} (exit code {code})",
        "read its log",
    )


def failing_container(containers: Sequence[Container], text: str = "") -> Container | None:
    """The container whose end ended the task; the others were stopped because of it.

    First one that ECS itself names: by OutOfMemoryError, or by its image in ``text`` where nothing ever started. Then
    essential ones, and among them one that failed before one that was killed, ended well, or never started.
    """
    started = any(container.exit_code is not None for container in containers)

    def order(container: Container) -> tuple[bool, bool, int]:
        named = "OutOfMemory" in container.reason
        if not started:
            named = bool(container.reason) or (bool(container.image) and container.image in text)
        rank = {None: 4, 0: 3, 143: 2, 137: 1}
        return not named, not container.essential, rank.get(container.exit_code, 0)

    return min(containers, key=order, default=None)


def last_error_line(log: Sequence[str]) -> str:
    """The last line that mentions a failure; empty where none does."""
    line = next((line.strip() for line in reversed(log) if _ERROR_WORDS.search(line)), "")
    return line if len(line) <= _LINE_SHOWN else line[:_LINE_SHOWN] + "…"


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
        "let it run again; if it stays, check AWS's health dashboard for this region",
    ),
    "UserInitiated": Rule(
        "stopped-by-request",
        "",
        "a person or a tool stopped the task",
        "ask who called StopTask (CloudTrail knows); then release again",
    ),
    "ServiceSchedulerInitiated": Rule(
        "stopped-by-service",
        "",
        "the service stopped the task: a deployment, a smaller desired count, or a failed health check",
        "read AWS's words below and the service's events",
    ),
}
"""By ``stopCode``, for where no text above explains more."""

UNKNOWN = Rule(
    "task-stopped",
    "",
    "the task stopped for a reason that deploytool does not know",
    "read AWS's words, and its log",
)
