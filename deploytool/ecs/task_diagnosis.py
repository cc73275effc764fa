"""Why a task, a rollout or RunTask failed: AWS's words, exit codes and logs become diagnoses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from deploytool.diagnosis import Diagnosis, Rule, RuleMatch, find, groups_for, quoted
from deploytool.ecs.app_log import LOOPBACK, diagnose_log
from deploytool.ecs.model import (
    Container,
    Deployment,
    RunTaskFailure,
    ServiceDeployment,
    ServiceEvent,
    Target,
    TargetGroup,
    Task,
)
from deploytool.ecs.placement_failures import PLACEMENT
from deploytool.ecs.pull_failures import PULL, WRONG_CPU, pull_facts, pull_rules
from deploytool.ecs.start_failures import START_FAILURES
from deploytool.ecs.stop_failures import (
    BY_AWS,
    BY_CODE,
    EVENTS,
    HOOK_FAILED,
    NEVER_STARTED,
    OUT_OF_MEMORY,
    PROXY,
    PROXY_FAILED,
    UNHEALTHY,
    UNKNOWN,
    diagnose_exit_code,
    failing_container,
    last_error_line,
)
from deploytool.redaction import mask_lines

_MISSING = (
    Rule(
        "missing",
        r"MISSING|not found",
        "what the task was to run on or from does not exist: {arn}",
        "check cluster and task definition in deploytool.yml",
        fatal=True,
    ),
    Rule(
        "task-definition-inactive",
        r"INACTIVE",
        "the task definition is INACTIVE",
        "register it again; an INACTIVE revision cannot be run",
        fatal=True,
    ),
)
_NOT_STARTED = Rule("not-started", "", "ECS did not start the task", "read AWS's words below")


def diagnose_run_task_failure(failure: RunTaskFailure, attempt: int = 1, attempts: int = 1) -> Diagnosis:
    """Why nothing was started. ``attempt`` counts from 1; with several ``attempts`` the cause says which this was."""
    text = f"{failure.reason} {failure.detail}".strip()
    match = _in_words(text, _NO_CONTAINER) or find(_MISSING, text) or RuleMatch(_NOT_STARTED)
    diagnosis = match.to_diagnosis(text, {**_facts(text, _NO_CONTAINER), "arn": failure.arn or "unknown"})
    if attempts == 1:
        return diagnosis
    return replace(diagnosis, cause=f"{diagnosis.cause} (attempt {attempt} of {attempts})")


CONSEQUENCES = frozenset(
    {
        "container-ended",
        "container-killed",
        "container-never-started",
        "container-terminated",
        "deployment-explained",
        "deployment-failed",
        "essential-container-exited",
        "service-not-stable",
        "start-throttled",
        "stopped-by-request",
        "stopped-by-service",
        "task-stopped",
        "tasks-failed",
    }
)
"""What follows from something else, and so explains least."""


def root_cause(diagnoses: Iterable[Diagnosis]) -> Diagnosis | None:
    """The root cause: what cannot pass by itself, then what is no mere consequence, then what has a log to show."""
    return min(diagnoses, key=_rank, default=None)


def _rank(diagnosis: Diagnosis) -> tuple[bool, bool, bool]:
    return not diagnosis.fatal, diagnosis.code in CONSEQUENCES, not diagnosis.log


def diagnose_service(
    events: Iterable[ServiceEvent], deployment: Deployment | None, service_deployment: ServiceDeployment | None
) -> tuple[Diagnosis, ...]:
    """Every reason ECS gives for ``deployment``, each once, the most official first. Explanations, never verdicts.

    Events from before the deployment are left out. Either of the last two may be ``None`` where it cannot be read.
    """
    diagnoses = [*_of_service_deployment(service_deployment), *_of_deployment(deployment)]
    since = deployment.created_at if deployment else None
    for event in events:
        if (since is None or event.at >= since) and (diagnosis := diagnose_words(event.message)):
            diagnoses.append(diagnosis)
    by_code: dict[str, Diagnosis] = {}
    for diagnosis in diagnoses:
        by_code.setdefault(diagnosis.code, diagnosis)
    return tuple(by_code.values())


@lru_cache(maxsize=1024)
def diagnose_words(text: str) -> Diagnosis | None:
    """What ECS says in an event, a reason or a status, judged without the task or service it is about.

    Where an event quotes why a task failed ("was unable to place a task. Reason: X"), X counts.
    """
    nameless = _NAMES.sub("", text)
    match = _in_words(nameless, _NO_CONTAINER) or find(EVENTS, nameless)
    return match.to_diagnosis(text, _facts(text, _NO_CONTAINER)) if match else None


_NAMES = re.compile(
    r"\((?:service|deployment|taskSet|task) [^)]*\)|\bservice \S+ (?=(?:was|is|has|failed|operations)\b)"
)
"""Names in events, which may contain any word."""


def diagnose_exit(code: int) -> Diagnosis:
    """What a container's exit code alone says."""
    return RuleMatch(diagnose_exit_code(code)).to_diagnosis("", _facts("", _NO_CONTAINER))


def _of_service_deployment(deployment: ServiceDeployment | None) -> Iterator[Diagnosis]:
    if deployment is None:
        return
    reason = quoted(deployment.rollback_reason or deployment.status_reason)
    if deployment.triggered_alarms:
        yield Diagnosis(
            code="alarm-went-off",
            cause=f"CloudWatch alarm {', '.join(deployment.triggered_alarms)} went off during the rollout",
            fix="check the alarm's metric since the rollout began",
            quote=reason,
        )
    if deployment.failed_hook:
        name = f" {deployment.failed_hook.rpartition(':')[2]}"
        yield RuleMatch(HOOK_FAILED).to_diagnosis(reason, {"hook": name})
    if deployment.failure_count:
        yield Diagnosis(
            code="tasks-failed",
            cause=f"{_tasks(deployment.failure_count)} failed; "
            f"the circuit breaker trips at {deployment.failure_threshold}",
            fix="see why the tasks stopped",
            quote=reason,
        )
    elif reason and not (deployment.triggered_alarms or deployment.failed_hook):
        why = diagnose_words(reason)
        if why is not None and why.code not in CONSEQUENCES:
            yield why
            return
        yield Diagnosis(
            code="deployment-explained",
            cause=f"ECS says about the service deployment: {reason}",
            fix="see why the tasks stopped",
            quote=reason,
        )


def _of_deployment(deployment: Deployment | None) -> Iterator[Diagnosis]:
    if deployment is None:
        return
    reason = deployment.rollout_state_reason
    why = diagnose_words(reason)
    if why is not None and why.code not in CONSEQUENCES:
        yield why
    elif deployment.failed_tasks:
        yield Diagnosis(
            code="tasks-failed",
            cause=f"{_tasks(deployment.failed_tasks)} of the deployment failed; desired count {deployment.desired}",
            fix="see why the tasks stopped",
            quote=quoted(reason),
        )
    elif deployment.rollout_state == "FAILED":
        yield Diagnosis(
            code="deployment-failed",
            cause="ECS gave up on the deployment",
            fix="see why the tasks stopped",
            quote=quoted(reason),
        )


def _tasks(count: int) -> str:
    return "1 task" if count == 1 else f"{count} tasks"


CODES = frozenset({"elb-health-check-failed", "target-unhealthy"})
"""Diagnoses that a target group's health can explain further."""
_UNKNOWN_REASON = "see what the app answers there, and whether the task's security group lets the load balancer in"
_FIXES = {
    "Target.ResponseCodeMismatch": "let {path} answer {codes} without a login or a redirect, or correct the matcher "
    "(expected codes) of the target group",
    "Target.Timeout": "see whether the app hangs, listens on 0.0.0.0:{port} and not on 127.0.0.1, and whether the "
    "task's security group lets the load balancer in",
    "Target.FailedHealthChecks": "see whether the app listens on 0.0.0.0:{port} and not on 127.0.0.1, speaks "
    "{protocol} there, and whether the task's security group lets the load balancer in",
    "Target.NotInUse": "let a listener of the load balancer forward to the target group, and enable the Availability "
    "Zone of the task's subnet for the load balancer",
    "Target.IpUnusable": "give the task an address of its own: the load balancer itself uses this one",
    "Elb.InternalError": "an error inside the load balancer: wait, and see AWS's health dashboard for this region",
}
"""By ``TargetHealth.Reason``."""


def diagnose_target_health(
    diagnosis: Diagnosis, group: TargetGroup, targets: Sequence[Target], grace: int | None, container_port: int
) -> Diagnosis:
    """The diagnosis (its code one of ``CODES``) with how the check is made, and the target's own reason where one of
    ``targets`` is unhealthy. ``grace`` is healthCheckGracePeriodSeconds of the service.
    """
    port = str(container_port) if group.port == "traffic-port" and container_port else group.port
    why = next((target for target in targets if target.state == "unhealthy"), None)
    words = {
        "protocol": group.protocol,
        "port": port,
        "path": group.path or "the port",
        "codes": group.codes or "anything",
    }
    parts = [diagnosis.cause, _check(group, port)]
    if why and why.description and why.description not in diagnosis.cause:
        parts.append(f"the target reports: {why.description}")
    fix = _FIXES.get(why.reason if why else "", _UNKNOWN_REASON).format_map(words)
    return replace(diagnosis, cause="; ".join(parts), fix=f"{fix}. {_grace(grace)}")


def _check(group: TargetGroup, port: str) -> str:
    asked = f"{group.protocol} {group.path} on port {port}" if group.path else f"{group.protocol} on port {port}"
    expected = f" must answer {group.codes}" if group.codes else " must answer"
    return f"{asked}{expected} within {group.timeout} s, and missed {group.misses} times, {group.interval} s apart"


def _grace(seconds: int | None) -> str:
    if not seconds:
        return "The service has no healthCheckGracePeriodSeconds: if the app only starts slowly, set it"
    return f"If the app needs longer than {seconds} s to start, raise healthCheckGracePeriodSeconds of the service"


_PLATFORM = {"X86_64": "linux/amd64", "ARM64": "linux/arm64"}
_NO_CONTAINER = Container(name="")
_EXPLAINED_BY_LOG = frozenset(
    {
        "command-not-executable",
        "command-not-found",
        "container-crashed",
        "container-ended",
        "container-failed",
        "container-killed",
        "container-unhealthy",
        "elb-health-check-failed",
        "stopped-by-service",
        "task-stopped",
    }
)
"""Diagnoses that only say how the task ended; what AWS is certain of (memory, secrets, Spot) needs no log."""
_ORDINARY_ENDS = (0, 137, 143)
"""Exit codes of a container that ECS stopped."""


def diagnose_task(task: Task, log: Sequence[str] = ()) -> Diagnosis:
    """Why ``task`` (as DescribeTasks reports it) stopped; ``log`` holds the last lines of the failing container.

    What ECS or the container says in words counts before exit codes, and those before ``stopCode``; where these say no
    more than how it ended, the log gives the reason. Only a task of which no container ever started is retriable.
    """
    lines = mask_lines(log)
    started = any(container.exit_code is not None for container in task.containers)
    text = "\n".join(part for part in (task.stopped_reason, *(each.reason for each in task.containers)) if part)
    culprit = failing_container(task.containers, text) or _NO_CONTAINER
    wrong_cpu = next((line for line in reversed(lines) if "exec format error" in line.lower()), "")
    error_line = ""
    if wrong_cpu:
        match = RuleMatch(WRONG_CPU[0])
        text = f"{text}\n{wrong_cpu}"
    else:
        match = _in_words(text, culprit, started=started) or RuleMatch(_without_reason(task, culprit))
        if culprit.name.startswith(PROXY) and match.rule.code in _OWN_END:
            match = RuleMatch(PROXY_FAILED)
        error_line = last_error_line(lines) if match.rule.code in ("container-failed", "container-crashed") else ""
    subject = f"container {culprit.name}" if culprit.name else f"task {task.id}"
    facts = _facts(text, culprit, task.cpu_architecture)
    bare = match.to_diagnosis(text, facts, subject, lines)
    diagnosis = _explained_by_log(bare, lines) or match.to_diagnosis(text, facts, subject, lines, error_line)
    return replace(diagnosis, retriable=False) if started else diagnosis


_BY_ECS = re.compile(r"\b(?:ResourceInitialization|Cannot\w+|\w+Timeout)Error\b|TaskFailedToStart:")
"""ECS's own words for a container that was never started."""


def _in_words(text: str, culprit: Container, *, started: bool = False) -> RuleMatch | None:
    """What ``text`` says by itself; of a task that ``started``, why it stopped before why one of it did not start."""
    why_stopped = find((OUT_OF_MEMORY, *BY_AWS), text)
    if why_stopped or (started and not _BY_ECS.search(text)):
        return why_stopped
    for rules in groups_for(START_FAILURES, text):
        if match := find(pull_rules(text, culprit.image) if rules is PULL else rules, text):
            return match
    return find(PLACEMENT, text)


_OWN_END = frozenset(
    {"container-unhealthy", "container-failed", "container-crashed", "container-killed", "container-ended"}
)
"""How a container ends by itself, by the codes of the diagnoses."""


def ended_by_failure(task: Task) -> bool:
    """Whether ``task`` stopped by its own end or its host's, or for its health: not by scaling in or by a person."""
    if task.stop_code in _ENDED_BY_ITSELF:
        return True
    why = find(BY_AWS, task.stopped_reason)
    if why is not None:
        return why.rule.code not in CONSEQUENCES
    return not task.stop_code and diagnose_words(task.stopped_reason) is not None


_ENDED_BY_ITSELF = frozenset(
    {"EssentialContainerExited", "TaskFailedToStart", "SpotInterruption", "TerminationNotice", "InfrastructureHealth"}
)


def _explained_by_log(diagnosis: Diagnosis, lines: Sequence[str]) -> Diagnosis | None:
    """How the task ended with the reason that its log gives; ``None`` where the log gives none."""
    reason = diagnose_log(lines) if diagnosis.code in _EXPLAINED_BY_LOG else None
    if reason is None or (reason.code == LOOPBACK and diagnosis.code != "elb-health-check-failed"):
        return None
    end = diagnosis.cause.partition(": ")[0]
    return replace(diagnosis, code=reason.code, cause=f"{end}: {reason.cause}", fix=reason.fix)


def _without_reason(task: Task, culprit: Container) -> Rule:
    by_code = BY_CODE.get(task.stop_code)
    if by_code and task.stop_code != "ServiceSchedulerInitiated":
        return by_code
    if culprit.exit_code is not None and (task.stop_code == "EssentialContainerExited" or not _ordinary(culprit)):
        return diagnose_exit_code(culprit.exit_code)
    if culprit.health_status == "UNHEALTHY":
        return UNHEALTHY
    if by_code:
        return by_code
    if culprit.exit_code is not None:
        return diagnose_exit_code(culprit.exit_code)
    return NEVER_STARTED if culprit.name else UNKNOWN


def _ordinary(container: Container) -> bool:
    return container.exit_code in _ORDINARY_ENDS


def _facts(text: str, culprit: Container, cpu: str = "") -> dict[str, str]:
    container = f"container {culprit.name}" if culprit.name else "the container"
    log = culprit.log.group if culprit.log else ""
    return {
        "container": container,
        "name": culprit.name,
        "ended": "became unhealthy"
        if culprit.health_status == "UNHEALTHY"
        else f"exited with code {culprit.exit_code}",
        **pull_facts(text, culprit.image, container),
        "cpu": _PLATFORM.get(cpu, cpu) or "runtimePlatform.cpuArchitecture of the task definition",
        "memory": f"its limit of {culprit.memory} MiB"
        if culprit.memory
        else "its limit (memory in the task definition)",
        "program": culprit.command[0] if culprit.command else "of that name",
        "health_command": " ".join(culprit.health_command) or "see healthCheck of the task definition",
        "log_group": log or "of its logConfiguration",
        "secret": "named in secrets of the task definition",
        "action": "secretsmanager:GetSecretValue or ssm:GetParameters" if "secrets" in text else "what AWS names below",
        "who": "the role of the capacity provider" if "capacity provider" in text else "the execution role",
        "label": "AWSCURRENT",
        "role": "see AWS's words below",
        "directory": "of rootDirectory",
        "volume": "of the task's volumes",
        "mounted": "S3 Files file system" if "s3files" in text else "EFS file system",
        "place": "capacity provider" if "CAPACITY PROVIDER" in text else "cluster",
        "hook": "",
        "resource": "tasks or vCPUs" if "limit" in text or "quota" in text else "it",
    }
