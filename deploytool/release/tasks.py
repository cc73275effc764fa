"""Tasks beside the services: the migration of a release, and a command that a person runs once.

Each is started exactly once however often RunTask must be sent, and its log is followed until it has stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from deploytool.config.errors import did_you_mean
from deploytool.config.model import ServiceConfig
from deploytool.diagnosis import Diagnosis
from deploytool.ecs.model import Container, RunTaskFailure, StandaloneTask, Task
from deploytool.ecs.task_definition import ContainerUnclear, Place, container_for
from deploytool.ecs.task_diagnosis import diagnose_run_task_failure, diagnose_task
from deploytool.errors import (
    CloudUnreachable,
    ConfigurationError,
    DeployError,
    Exit,
    LeaseLost,
    PreconditionFailed,
    SupersededBy,
    TimeoutExceeded,
)
from deploytool.release.events import OutputLine, StepBegan, WarningIssued
from deploytool.release.failures import LOG_LINES
from deploytool.release.model import Migrate, ObservedService, StepName
from deploytool.release.ports import Cancelled, Dependencies, Follower

ATTEMPTS = 4
RETRY_DELAYS = (2.0, 5.0)
"""Seconds before RunTask is repeated after it got no response."""
DRAIN = 3.0
"""Seconds that awslogs may lag behind the container's end."""


class MigrationFailed(DeployError):
    """The migrate task did not exit with 0; no service was changed."""

    exit_code = Exit.MIGRATION_FAILED

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis
        super().__init__(diagnosis.cause, diagnosis.fix)


class MigrationStillRuns(PreconditionFailed):
    """Another migrate task does not end; a second one must not begin beside it."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        named = ", ".join(f"{task.id} (started by {task.started_by or 'hand'})" for task in tasks)
        super().__init__(
            f"the migrate task {named} is still running",
            "wait for it, or stop it (`aws ecs stop-task`) if it hangs; then run this again",
        )


class NeverRan(PreconditionFailed):
    """The task was not started, or stopped before its container ran: the command did nothing."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        quote = f" ({diagnosis.quoted} says: {diagnosis.more})" if diagnosis.more else ""
        super().__init__(f"the command never ran: {diagnosis.cause}{quote}", diagnosis.fix)


def migrate(step: Migrate, task_definition: str, deps: Dependencies, token: str, tags: Mapping[str, str]) -> None:
    """Start the task once, wait for its end and raise MigrationFailed unless its container exited with 0.

    It is started again only while no container has run: capacity and network interface failures. Raises
    MigrationStillRuns where another one does not end, and CloudError where it is unknown whether one runs.
    """
    migration_mutex(step.family, step.timeout, deps)
    try:
        _migrate(step, task_definition, deps, token, tags)
    except (MigrationFailed, Cancelled, LeaseLost, SupersededBy):
        raise
    except DeployError as error:
        raise MigrationFailed(Diagnosis("migration-unknown", error.cause, error.fix)) from error


def migration_mutex(family: str, timeout: float, deps: Dependencies) -> None:
    """Wait until no task of the migrate task's family runs: a cancelled release may have left one to finish.

    Raises MigrationStillRuns, CloudError.
    """
    await_end(
        lambda: [task for task in deps.ecs.tasks_of(family=family) if task.last_status != "STOPPED"], timeout, deps
    )


def await_end(running: Callable[[], Sequence[Task]], timeout: float, deps: Dependencies) -> None:
    """Return once ``running`` gives no task. Raises MigrationStillRuns after ``timeout`` seconds, CloudError."""
    deadline = deps.clock.monotonic() + timeout
    warned = False
    while tasks := running():
        if deps.clock.monotonic() >= deadline:
            raise MigrationStillRuns(tasks)
        if not warned:
            warned = True
            deps.emit(WarningIssued(f"waiting for the migrate task {tasks[0].id} (started by {tasks[0].started_by})"))
        deps.clock.sleep(deps.clock.pace())


def _migrate(step: Migrate, task_definition: str, deps: Dependencies, token: str, tags: Mapping[str, str]) -> None:
    deadline = deps.clock.monotonic() + step.timeout
    for attempt in count(1):  # pragma: no branch (endless)
        task = _attempt(step, task_definition, deps, f"{token}-{attempt}", tags, deadline)
        if isinstance(task, RunTaskFailure):
            diagnosis = diagnose_run_task_failure(task, attempt, ATTEMPTS)
        elif (container := container_of(task, step.container)) is not None and container.exit_code == 0:
            return
        else:
            diagnosis = _diagnose(task, step.container, deps)
        if not diagnosis.retriable or attempt == ATTEMPTS or deps.clock.monotonic() >= deadline:
            raise MigrationFailed(diagnosis)
        deps.emit(
            WarningIssued(f"the migrate task did not start: {diagnosis.cause}; trying again ({attempt} of {ATTEMPTS})")
        )
        deps.clock.sleep(min(2.0**attempt, 15.0))


def _attempt(
    step: Migrate, task_definition: str, deps: Dependencies, token: str, tags: Mapping[str, str], deadline: float
) -> Task | RunTaskFailure:
    started = _start(step.task, task_definition, deps, token, tags)
    if isinstance(started, RunTaskFailure):
        return started
    deps.journal.migration_started(started.arn)
    deps.emit(OutputLine(StepName.MIGRATE, f"task {started.id} started"))
    try:
        ended = _until_stopped(started, step.container, deps, deadline, StepName.MIGRATE)
    except Cancelled:
        what = _stop(started, "release cancelled", deps) if step.on_cancel == "stop" else "was left to finish"
        deps.emit(WarningIssued(f"the migrate task {started.id} {what}"))
        raise
    if ended is not None:
        return ended
    stopped = _stop(started, "migration timed out", deps)
    raise MigrationFailed(
        Diagnosis(
            code="migration-timed-out",
            cause=f"the migration ran longer than {step.timeout:.0f} s and {stopped}",
            fix="raise migrate.timeout in deploytool.yml, or find what it waits for (a lock held by another session?)",
            subject=f"task {started.id}",
            log=_last_lines(started, step.container, deps),
        )
    )


def chosen_service(services: Mapping[str, ServiceConfig], name: str) -> ServiceConfig:
    """The service called ``name``, else the only one there is. Raises ConfigurationError."""
    if name in services:
        return services[name]
    if name:
        raise ConfigurationError(f'there is no service "{name}" in deploytool.yml', did_you_mean(name, services))
    if len(services) == 1:
        return next(iter(services.values()))
    raise ConfigurationError(f"several services are configured: {', '.join(services)}", "add --service NAME")


def one_off_task(
    service: ServiceConfig, live: ObservedService, command: tuple[str, ...], container: str = ""
) -> StandaloneTask:
    """``command`` in ``container``, else in the one that the service's image runs in. Raises ConfigurationError."""
    definition = live.task_definition
    names = [str(each["name"]) for each in definition["containerDefinitions"]]
    if container and container not in names:
        raise ConfigurationError(
            f"{service.service} has no container {container}", f"name one of them: {', '.join(names)}"
        )
    if not container and len(service.containers) == 1:
        (container,) = service.containers
    try:
        place = Place(f"services.{service.name}")
        return StandaloneTask(container or container_for(definition, service.name, place), command, live.state)
    except ContainerUnclear as unclear:
        raise ConfigurationError(
            f"{service.service} has the containers {', '.join(names)}, and none is named for the command",
            "add --container NAME",
        ) from unclear


def run_once(
    task: StandaloneTask,
    task_definition: str,
    deps: Dependencies,
    *,
    token: str,
    tags: Mapping[str, str],
    timeout: float | None,
) -> int:
    """The exit code of the container that ran the command. ``timeout`` is in seconds; ``None``: however long it takes.

    A task that is not waited for any longer is stopped. Raises NeverRan, TimeoutExceeded, Cancelled, CloudError.
    """
    started = _start(task, task_definition, deps, token, tags)
    if isinstance(started, RunTaskFailure):
        raise NeverRan(diagnose_run_task_failure(started))
    deps.emit(StepBegan(StepName.RUN, f"task {started.id}"))
    deadline = float("inf") if timeout is None else deps.clock.monotonic() + timeout
    try:
        ended = _until_stopped(started, task.container, deps, deadline, StepName.RUN)
    except DeployError as error:
        deps.emit(WarningIssued(f"task {started.id} {_stop(started, error.cause, deps)}"))
        raise
    if ended is None:
        stopped = _stop(started, "timed out", deps)
        raise TimeoutExceeded(f"the command ran longer than {timeout:.0f} s; its task {stopped}", "raise --timeout")
    container = container_of(ended, task.container)
    if container is None or container.exit_code is None:
        raise NeverRan(_diagnose(ended, task.container, deps))
    if container.exit_code:
        deps.emit(WarningIssued(diagnose_task(_only(ended, task.container), ()).cause))
    return container.exit_code


def _start(
    task: StandaloneTask, task_definition: str, deps: Dependencies, token: str, tags: Mapping[str, str]
) -> Task | RunTaskFailure:
    """Where RunTask got no response the task may run: the same token finds it, and never starts a second one."""
    for delay in RETRY_DELAYS:
        deps.lease.check()
        try:
            return deps.ecs.run_task(task, task_definition, token, tags)
        except CloudUnreachable as error:
            deps.emit(WarningIssued(f"{error.cause}; trying again with the same client token"))
            deps.clock.sleep(delay)
    deps.lease.check()
    return deps.ecs.run_task(task, task_definition, token, tags)


def _until_stopped(started: Task, name: str, deps: Dependencies, deadline: float, step: StepName) -> Task | None:
    """The task once it has stopped, its log emitted as output of ``step``; ``None`` where it still runs at ``deadline``
    (of the monotonic clock). Raises Cancelled, CloudError.
    """
    follower: Follower | None = None
    while True:
        task = deps.ecs.task(started.arn)
        if task is not None:
            container = container_of(task, name)
            if follower is None and container is not None and container.log is not None:
                follower = deps.logs.follow(container.log)
            if task.last_status == "STOPPED":
                _drain(follower, deps, step, succeeded=bool(container and container.exit_code == 0))
                return task
        _emit_lines(follower, deps, step)
        if deps.clock.monotonic() >= deadline:
            _emit_lines(follower, deps, step)
            return None
        deps.clock.sleep(deps.clock.pace())


def _stop(task: Task, reason: str, deps: Dependencies) -> str:
    """``was stopped``, or why not: a failing StopTask must not hide what it was called for."""
    try:
        deps.ecs.stop_task(task.arn, reason)
    except DeployError as error:
        return f"could not be stopped and may still run: {error.cause}"
    return "was stopped"


def _diagnose(task: Task, container: str, deps: Dependencies) -> Diagnosis:
    return diagnose_task(_only(task, container), _last_lines(task, container, deps))


def _last_lines(task: Task, name: str, deps: Dependencies) -> tuple[str, ...]:
    container = container_of(task, name)
    return deps.logs.tail(container.log, LOG_LINES) if container and container.log else ()


def container_of(task: Task, name: str) -> Container | None:
    """The container whose exit code counts."""
    return next((container for container in task.containers if container.name == name), None)


def _only(task: Task, name: str) -> Task:
    """A side container that ended badly must not be blamed for the one that counts, nor excuse it."""
    container = container_of(task, name)
    return replace(task, containers=(container,)) if container else task


def _drain(follower: Follower | None, deps: Dependencies, step: StepName, *, succeeded: bool) -> None:
    """The log may lag behind the end: read until it is quiet, longer where the last lines will be the explanation."""
    quiet, enough = 0, 1 if succeeded else 3
    until = deps.clock.monotonic() + DRAIN
    while quiet < enough and deps.clock.monotonic() < until:
        quiet = 0 if _emit_lines(follower, deps, step) else quiet + 1
        deps.clock.sleep(0.25)
    _emit_lines(follower, deps, step)


def _emit_lines(follower: Follower | None, deps: Dependencies, step: StepName) -> bool:
    lines = follower.read() if follower else ()
    for line in lines:
        deps.emit(OutputLine(step, line))
    return bool(lines)
