"""Why a task that had started stopped: service events, exit codes, ``stoppedReason`` and ``stopCode``."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from deploytool.diagnosis import Rule
from deploytool.ecs.model import Container

HOOK_FAILED = Rule(
    "hook-failed",
    r"hook execution fail|lifecycle hook.{0,120}(?:fail|time|expired|error)|hooks?\b.{0,60}(?:failed|timed out)",
    "a lifecycle hook of the deployment (a Lambda function){hook} failed or did not answer",
    "read the log of the hook's function (targetArn in deploymentConfiguration.lifecycleHooks), and check that the "
    "hook's role may invoke it; a hook left from an earlier strategy can be removed",
)
IMAGE_UNRESOLVED = Rule(
    "image-unresolved",
    r"image digest resolution",
    "ECS could not find out what an image of the task is: it is not in the registry, or may not be read",
    "push the image, or correct its name in the task definition; its execution role needs ecr:BatchGetImage",
)
EVENTS = (
    Rule(
        "alarm-went-off",
        r"alarms?(?:\(s\))? (?:was |were )?(?:detected|triggered)|alarm\(?s?\)? .{0,80}(?:in ALARM|went)|(?:CloudWatch|"
        r"deployment) alarm",
        "a CloudWatch alarm of the deployment went off during the rollout",
        "see which alarm of deploymentConfiguration.alarms went off (aws cloudwatch describe-alarms --state-value "
        "ALARM), "
        "and its metric since the rollout began",
    ),
    HOOK_FAILED,
    Rule(
        "percent-deadlock",
        r"unable to stop or start tasks during a deployment",
        "minimumHealthyPercent and maximumPercent leave ECS no room to replace a task",
        "set deploymentConfiguration to 100 and 200, or allow fewer running tasks with minimumHealthyPercent",
    ),
    Rule(
        "protected-tasks",
        r"under protection|protected tasks?|tasks? protection|unable to scale in",
        "tasks with scale-in protection may not be stopped, so the rollout waits for them",
        "let the app end its protection (UpdateTaskProtection), or wait until it expires",
        retriable=True,
    ),
    Rule(
        "target-unhealthy",
        r"is unhealthy in \(?(?:target-group|elb) (?:arn:\S*?:targetgroup/)?(?P<group>[^/)\s]+)\S* due to "
        r"\(?reason:? ?(?P<reason>.+?)\)*\.?$",
        "the load balancer finds a task unhealthy (target group {group}): {reason}",
        "see what the app answers at the target group's path and port, and which codes it expects; if the app only "
        "starts slowly, raise healthCheckGracePeriodSeconds of the service",
    ),
    Rule(
        "target-group-missing",
        r"TARGET GROUP IS NOT FOUND|TargetGroupNotFound|target groups? .{0,120}(?:not found|does not exist)",
        "a target group of the service does not exist",
        "create it again, or correct targetGroupArn in loadBalancers of the service",
        fatal=True,
    ),
    Rule(
        "target-registration-throttled",
        r"(?:register|deregister) targets.*(?:Rate exceeded|Throttl|RequestLimitExceeded)",
        "Elastic Load Balancing is throttling ECS, so it could not register a task's target yet",
        "wait: ECS tries again by itself; other callers in the account share the limit",
        retriable=True,
    ),
    Rule(
        "target-not-registered",
        r"(?:failed to register targets|unable to register|TARGET IS NOT FOUND).*",
        "ECS could not register a task with the load balancer",
        "check containerName and containerPort of the service's loadBalancers against the task definition, and that "
        "the "
        "service-linked role AWSServiceRoleForECS may register targets",
    ),
    Rule(
        "tasks-replaced",
        r"replaced (?P<count>\d+) tasks? due to an unhealthy status",
        "ECS replaced {count} tasks because their health checks failed",
        "see which check failed: the stopped tasks' stoppedReason, the containers' healthCheck, the target group's "
        "health",
    ),
    Rule(
        "no-room",
        r"no container instance met all of its requirements",
        "ECS found no place for a task of the service",
        "check cpu and memory of the task definition, its requirements, and the capacity of the cluster",
        retriable=True,
    ),
    Rule(
        "task-not-launched",
        r"(?:failed to launch a task with \(error |unable to (?:place|start) a task[^:]*?(?:\.|,)? ?(?:Reason:|"
        r"because) ?)"
        r"(?P<reason>.+?)\)*\.?$",
        "ECS could not launch a task: {reason}",
        "read AWS's words below; where it repeats, see the stopped tasks and AWS's health dashboard for this region",
    ),
    Rule(
        "no-room",
        r"unable to place a task",
        "ECS found no place for a task of the service",
        "check cpu and memory of the task definition, its requirements, and the capacity of the cluster",
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
        retriable=True,
    ),
    IMAGE_UNRESOLVED,
    Rule(
        "essential-container-exited",
        r"Essential container in task exited",
        "an essential container of the task ended, so ECS stopped the task",
        "see its exit code and its log: aws ecs describe-tasks shows exitCode and reason of each container",
    ),
    Rule(
        "service-not-stable",
        r"ServicesStable|tfSTABLE|did not stabilize|NotStabilized",
        "the service did not reach a steady state in time; the tool that waited does not know why",
        "see why: aws ecs describe-services --cluster … --services … | deploytool explain",
    ),
    Rule(
        "deployment-failed",
        r"deployment failed|circuit breaker threshold|deployment circuit breaker(?!: rolling back)",
        "ECS gave up on the deployment",
        "see why the tasks stopped",
    ),
)
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html"""

_BY_CODE = {
    0: Rule(
        "container-ended",
        "",
        "{container} ended by itself with exit code 0, and a service's container must keep running",
        "let the command of {container} stay in the foreground",
    ),
    1: Rule(
        "container-failed",
        "",
        "{container} exited with code 1: the program failed",
        "read its log: the program says there why it stopped",
    ),
    2: Rule(
        "container-failed",
        "",
        "{container} exited with code 2: wrong arguments, or the program failed",
        "check command of {container}, and read its log",
    ),
    126: Rule(
        "command-not-executable",
        "",
        "{container} exited with code 126: its command is there but cannot be executed",
        "make the file executable in the image (COPY --chmod=755), or correct command of {container}",
        fatal=True,
    ),
    127: Rule(
        "command-not-found",
        "",
        "{container} exited with code 127: its command was not found in the image",
        "correct command or entryPoint of {container}, or put the program into {image}",
        fatal=True,
    ),
    137: Rule(
        "container-killed",
        "",
        "{container} was killed (exit code 137): out of memory, a failed health check, or it did not stop in time",
        "check its memory use against {memory}, its healthCheck, and its stopTimeout",
    ),
    139: Rule(
        "container-crashed",
        "",
        "{container} crashed with a segmentation fault (exit code 139)",
        "check for a native library built for another system (Alpine or Debian, other CPU), and read its log",
    ),
    143: Rule(
        "container-terminated",
        "",
        "{container} was asked to stop (exit code 143, SIGTERM)",
        "find what stopped it: another essential container, a deployment, or a person; it did not fail by itself",
    ),
    255: Rule(
        "container-failed",
        "",
        "{container} exited with code 255: the program failed, or could not be run at all",
        "read its log; without one, check the image's CPU and its entryPoint",
    ),
}

NEVER_STARTED = Rule(
    "container-never-started",
    "",
    "{container} never started",
    "read AWS's words below; nothing of it ran, so there is no log",
)

OUT_OF_MEMORY = Rule(
    "out-of-memory",
    r"OutOfMemory",
    "{container} used more memory than {memory} and was killed",
    "raise memory of {container} (and memory of the task), or let the program use less",
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

    First one that ECS itself names: by its own reason, by its image in ``text`` where nothing ever started, or as
    UNHEALTHY where a health check failed. Then one that failed before the essential ones could start. Then essential
    ones, and among them one that failed before one that was unhealthy, was killed, ended well, or never started.
    """
    started = any(container.exit_code is not None for container in containers)
    essential_ran = any(container.exit_code is not None for container in containers if container.essential)

    unhealthy = any(container.health_status == "UNHEALTHY" for container in containers)

    def named(container: Container) -> bool:
        if "failed container health checks" in text:
            return container.health_status == "UNHEALTHY" or (bool(container.health_command) and not unhealthy)
        if not started:
            return bool(container.reason) or (bool(container.image) and container.image in text)
        if "OutOfMemory" in container.reason or (container.exit_code is None and "Error" in container.reason):
            return True
        return not essential_ran and container.exit_code not in (0, None)

    def order(container: Container) -> tuple[bool, bool, float]:
        rank: float = {None: 4, 0: 3, 143: 2, 137: 1}.get(container.exit_code, 0)
        if rank and container.health_status == "UNHEALTHY":
            rank = 0.5
        return not named(container), not container.essential, rank

    return min(containers, key=order, default=None)


def last_error_line(log: Sequence[str]) -> str:
    """The last line that mentions a failure; empty where none does."""
    line = next((line.strip() for line in reversed(log) if _ERROR_WORDS.search(line)), "")
    return line if len(line) <= _LINE_SHOWN else line[:_LINE_SHOWN] + "…"


UNHEALTHY = Rule(
    "container-unhealthy",
    r"failed container health checks",
    "the health check of {container} failed: {health_command}",
    "run that command in the image: is its program there, and does the app answer? If the app only starts slowly, "
    "raise healthCheck.startPeriod",
)
PROXY_FAILED = Rule(
    "service-connect-failed",
    "",
    "the Service Connect proxy ({name}), which ECS adds to the task, {ended}; the app's containers did not",
    "read its log (serviceConnectConfiguration.logConfiguration), give the task more cpu and memory (the proxy wants "
    "256 CPU units and 64 MiB), and release again",
)
PROXY = "ecs-service-connect-"
"""How the name of Service Connect's container begins; no task definition has it."""

_SPOT = Rule(
    "spot-interrupted",
    r"\bSpot\b.{0,40}\binterrupt|SpotInterruption",
    "AWS took the Spot capacity back; this is not the code's fault",
    "let it run again, or use FARGATE instead of FARGATE_SPOT in the capacity provider strategy",
)
_RETIRED = Rule(
    "host-retired",
    r"maintenance on the underlying|(?:task|host) retirement|host maintenance|scheduled (?:for )?(?:retirement|"
    r"maintenance)",
    "AWS is retiring the host that the task ran on; this is not the code's fault",
    "let it run again",
)
_SCALED_IN = Rule(
    "stopped-by-service",
    r"Scaling activity initiated by|Availability Zone rebalanc",
    "the service stopped the task: a deployment replaced it, or fewer tasks were desired; the task did not fail",
    "read the service's events where this was not expected",
)
_BY_SERVICE = Rule(
    "stopped-by-service",
    "",
    "the service stopped the task: a deployment, a smaller desired count, or a failed health check",
    "read AWS's words below and the service's events",
)

BY_AWS = (
    Rule(
        "elb-health-check-failed",
        r"failed (?:ELB|VPC Lattice|\S+ load balancer) health checks in \(?(?:target-group|"
        r"elb)[ -](?:arn:\S*:targetgroup/)?"
        r"(?P<group>[^/)\s]+)",
        "the load balancer's health checks of the task failed (target group {group})",
        "see what {container} answers at the target group's path and port, and which codes it expects; if "
        "the app only starts slowly, raise healthCheckGracePeriodSeconds of the service",
    ),
    UNHEALTHY,
    _SPOT,
    _RETIRED,
    Rule(
        "host-stopped",
        r"Host EC2 .{0,60}(?:stopped|terminated)|instance .{0,60}(?:deregistration|is draining|DRAINING|"
        r"was terminated)",
        "the EC2 host that the task ran on was stopped, drained or deregistered; this is not the code's fault",
        "let it run again; see who ended the instance: the Auto Scaling group's activity history, or a person",
    ),
    _SCALED_IN,
    Rule(
        "stopped-by-request",
        r"stopped by (?:a )?user|UserInitiated",
        "a person or a tool stopped the task",
        "ask who called StopTask (CloudTrail knows); then release again",
    ),
)
"""What AWS itself says of a task that it stopped. It counts more than the exit code: that only follows from it."""

BY_CODE = {
    "SpotInterruption": _SPOT,
    "TerminationNotice": _RETIRED,
    "InfrastructureHealth": Rule(
        "host-unhealthy",
        "",
        "the host that the task ran on became unhealthy; this is not the code's fault",
        "let it run again; if it stays, check AWS's health dashboard for this region",
    ),
    "UserInitiated": BY_AWS[-1],
    "ServiceSchedulerInitiated": _BY_SERVICE,
}
"""By ``stopCode``, for where no text above explains more."""

UNKNOWN = Rule(
    "task-stopped",
    "",
    "the task stopped for a reason that deploytool does not know",
    "read AWS's words, and its log",
)
