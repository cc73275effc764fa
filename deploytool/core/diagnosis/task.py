"""Why a task stopped."""

from __future__ import annotations

from collections.abc import Sequence

from deploytool.core.diagnosis.exits import NEVER_STARTED, OUT_OF_MEMORY, of_exit_code, telling_line, to_blame
from deploytool.core.diagnosis.pull_rules import WRONG_CPU
from deploytool.core.diagnosis.rule import Found, Rule, find, rules_for
from deploytool.core.diagnosis.start_rules import START_FAILURES
from deploytool.core.diagnosis.stop_rules import BY_CODE, HEALTH, UNHEALTHY, UNKNOWN
from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.observed import Container, Task

_PLATFORM = {"X86_64": "linux/amd64", "ARM64": "linux/arm64"}
_NOBODY = Container(name="")
_ORDINARY_ENDS = (0, 137, 143)
"""Exit codes of a container that ECS stopped."""


def of_task(task: Task, log: Sequence[str] = ()) -> Diagnosis:
    """Why ``task`` (as DescribeTasks reports it) stopped; ``log`` holds the last lines of the container to blame.

    What ECS or the container says in words counts before exit codes, and those before ``stopCode``. Only a task of
    which no container ever started is retriable.
    """
    lines = tuple(log)
    started = any(container.exit_code is not None for container in task.containers)
    text = "\n".join(part for part in (task.stopped_reason, *(each.reason for each in task.containers)) if part)
    blamed = to_blame(task.containers, text) or _NOBODY
    wrong_cpu = next((line for line in reversed(lines) if "exec format error" in line.lower()), "")
    said = ""
    if wrong_cpu:
        found = Found(WRONG_CPU[0])
        text = f"{text}\n{wrong_cpu}"
    else:
        in_words = find((OUT_OF_MEMORY, *HEALTH, *(() if started else rules_for(START_FAILURES, text))), text)
        found = in_words or Found(_without_words(task, blamed))
        said = telling_line(lines) if found.rule.code in ("container-failed", "container-crashed") else ""
    subject = f"container {blamed.name}" if blamed.name else f"task {task.id}"
    return found.say(text, _facts(task, blamed), subject, lines, said)


def _without_words(task: Task, blamed: Container) -> Rule:
    by_code = BY_CODE.get(task.stop_code)
    if by_code and task.stop_code != "ServiceSchedulerInitiated":
        return by_code
    if blamed.exit_code is not None and (task.stop_code == "EssentialContainerExited" or not _ordinary(blamed)):
        return of_exit_code(blamed.exit_code)
    if blamed.health_status == "UNHEALTHY":
        return UNHEALTHY
    if by_code:
        return by_code
    if blamed.exit_code is not None:
        return of_exit_code(blamed.exit_code)
    return NEVER_STARTED if blamed.name else UNKNOWN


def _ordinary(container: Container) -> bool:
    return container.exit_code in _ORDINARY_ENDS


def _facts(task: Task, blamed: Container) -> dict[str, str]:
    return {
        "container": blamed.name,
        "image": blamed.image or "of the container",
        "cpu": _PLATFORM.get(task.cpu_architecture, task.cpu_architecture),
        "memory": f"{blamed.memory} MiB" if blamed.memory else "not told",
        "what": blamed.command[0] if blamed.command else "of that name",
        "health_command": " ".join(blamed.health_command) or "not told",
        "log_group": blamed.log.group if blamed.log else "of its logConfiguration",
        "secret": "named in secrets of the task definition",
        "action": "secretsmanager:GetSecretValue or ssm:GetParameters",
        "resource": "the secret",
    }
