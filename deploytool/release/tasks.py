"""A command beside the services: in which container of which live revision it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from deploytool.config.errors import did_you_mean
from deploytool.config.model import ServiceConfig
from deploytool.diagnosis import Diagnosis
from deploytool.ecs.model import Container, RunTaskFailure, StandaloneTask, Task
from deploytool.ecs.task_definition import ContainerUnclear, container_for
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
from deploytool.release.model import Migrate, ObservedService, StepName
from deploytool.release.ports import Cancelled, Dependencies, Follower

# SEG core.one_off
# A command beside the services: in which container of which live revision it runs.


def chosen_service(services: Mapping[str, ServiceConfig], wanted: str) -> ServiceConfig:
    """The service called ``wanted``, else the only one there is. Raises ConfigurationError."""
    if wanted in services:
        return services[wanted]
    if wanted:
        raise ConfigurationError(f'there is no service "{wanted}" in deploytool.yml', did_you_mean(wanted, services))
    if len(services) == 1:
        return next(iter(services.values()))
    raise ConfigurationError(f"like which service? There are: {', '.join(services)}", "add --service NAME")


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
        where = f"services.{service.name}"
        return StandaloneTask(container or container_for(definition, service.name, where), command, live.state)
    except ContainerUnclear as unclear:
        raise ConfigurationError(
            f"{service.service} has the containers {', '.join(names)}, and none is named for the command",
            "add --container NAME",
        ) from unclear


# SEG run.alone
# Two migrations never run beside each other, whoever started them.


class MigrationStillRuns(PreconditionFailed):
    """A migrate task of somebody else does not end; a second one must not begin beside it."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        named = ", ".join(f"{task.id} (started by {task.started_by or 'hand'})" for task in tasks)
        super().__init__(
            f"the migrate task {named} still runs",
            "wait for it, or stop it (`aws ecs stop-task`) if it hangs; then run this again",
        )


def await_end(running: Callable[[], Sequence[Task]], timeout: float, deps: Dependencies) -> None:
    """Return once ``running`` answers with nothing. Raises MigrationStillRuns after ``timeout`` seconds, CloudError."""
    deadline = deps.clock.monotonic() + timeout
    told = False
    while tasks := running():
        if deps.clock.monotonic() >= deadline:
            raise MigrationStillRuns(tasks)
        if not told:
            told = True
            deps.emit(WarningIssued(f"waiting for the migrate task {tasks[0].id} (started by {tasks[0].started_by})"))
        deps.clock.sleep(deps.clock.pace())


def migration_mutex(family: str, timeout: float, deps: Dependencies) -> None:
    """Wait until no task of the migrate task's family runs.

    A release that was cancelled may have left one to finish, and one that lost sight of it could not stop it. Raises
    MigrationStillRuns, CloudError.
    """

    def running() -> Sequence[Task]:
        return [task for task in deps.ecs.tasks_of(family=family) if task.last_status != "STOPPED"]

    await_end(running, timeout, deps)


# SEG run.standalone
# One standalone task: started once however often RunTask must be asked, its log followed until it has stopped.

UNANSWERED = (2.0, 5.0)
"""Seconds to wait before RunTask is repeated after its answer was lost."""
LOG_LINES = 50
DRAIN = 3.0
"""Seconds that awslogs may lag behind the container's end."""


def start(
    task: StandaloneTask, task_definition: str, deps: Dependencies, token: str, tags: Mapping[str, str]
) -> Task | RunTaskFailure:
    """Where the answer was lost the task may run: the same token finds it, and never starts a second one."""
    for wait in UNANSWERED:
        deps.lease.check()
        try:
            return deps.ecs.run_task(task, task_definition, token, tags)
        except CloudUnreachable as error:
            deps.emit(WarningIssued(f"{error.cause}; asking again with the same client token"))
            deps.clock.sleep(wait)
    deps.lease.check()
    return deps.ecs.run_task(task, task_definition, token, tags)


def until_stopped(started: Task, container: str, deps: Dependencies, deadline: float, step: StepName) -> Task | None:
    """The task once it has stopped, its log told line by line as ``step``; ``None`` where it still runs at ``deadline``
    (of the monotonic clock). Raises Cancelled, CloudError.
    """
    follower: Follower | None = None
    while True:
        seen = deps.ecs.task(started.arn)
        if seen is not None:
            there = container_of(seen, container)
            if follower is None and there is not None and there.log is not None:
                follower = deps.logs.follow(there.log)
            if seen.last_status == "STOPPED":
                _drain(follower, deps, step, succeeded=bool(there and there.exit_code == 0))
                return seen
        _say(follower, deps, step)
        if deps.clock.monotonic() >= deadline:
            _say(follower, deps, step)
            return None
        deps.clock.sleep(deps.clock.pace())


def stop(task: Task, reason: str, deps: Dependencies) -> str:
    """``was stopped``, or why not: a failing StopTask must not hide what it was called for."""
    try:
        deps.ecs.stop_task(task.arn, reason)
    except DeployError as error:
        return f"could not be stopped and may still run: {error.cause}"
    return "was stopped"


def last_lines(task: Task, container: str, deps: Dependencies) -> tuple[str, ...]:
    """The end of the container's log; empty where it has none that can be read."""
    there = container_of(task, container)
    return deps.logs.tail(there.log, LOG_LINES) if there and there.log else ()


def container_of(task: Task, name: str) -> Container | None:
    """The container that counts."""
    return next((container for container in task.containers if container.name == name), None)


def only(task: Task, name: str) -> Task:
    """A side container that ended badly must not be blamed for the one that counts, nor excuse it."""
    container = container_of(task, name)
    return replace(task, containers=(container,)) if container else task


def _drain(follower: Follower | None, deps: Dependencies, step: StepName, *, succeeded: bool) -> None:
    """The log may lag behind the end: read until it is quiet, longer where the last lines will be the explanation."""
    quiet, enough = 0, 1 if succeeded else 3
    until = deps.clock.monotonic() + DRAIN
    while quiet < enough and deps.clock.monotonic() < until:
        quiet = 0 if _say(follower, deps, step) else quiet + 1
        deps.clock.sleep(0.25)
    _say(follower, deps, step)


def _say(follower: Follower | None, deps: Dependencies, step: StepName) -> bool:
    lines = follower.read() if follower else ()
    for line in lines:
        deps.emit(OutputLine(step, line))
    return bool(lines)


# SEG run.migration
# Run the migrate task, follow its output, and judge it by its container's exit code.

ATTEMPTS = 4


class MigrationFailed(DeployError):
    """The migrate task did not exit with 0; no service was changed."""

    exit_code = Exit.MIGRATION_FAILED

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis
        super().__init__(diagnosis.cause, diagnosis.fix)


def migrate(step: Migrate, task_definition: str, deps: Dependencies, token: str, tags: Mapping[str, str]) -> None:
    """Start the task once, wait for its end and raise MigrationFailed unless its container exited with 0.

    Trying again happens only while no container has started: capacity and network interface failures. Raises
    MigrationStillRuns where another one does not end, and CloudError where nobody can say whether one runs.
    """
    migration_mutex(step.family, step.timeout, deps)
    try:
        _migrate(step, task_definition, deps, token, tags)
    except (MigrationFailed, Cancelled, LeaseLost, SupersededBy):
        raise
    except DeployError as error:
        raise MigrationFailed(Diagnosis("migration-unknown", error.cause, error.fix)) from error


def _migrate(step: Migrate, task_definition: str, deps: Dependencies, token: str, tags: Mapping[str, str]) -> None:
    deadline = deps.clock.monotonic() + step.timeout
    for attempt in range(1, ATTEMPTS + 1):
        ended = _attempt(step, task_definition, deps, f"{token}-{attempt}", tags, deadline)
        if isinstance(ended, RunTaskFailure):
            diagnosis = diagnose_run_task_failure(ended, attempt, ATTEMPTS)
        else:
            container = container_of(ended, step.container)
            if container is not None and container.exit_code == 0:
                return
            diagnosis = diagnose_task(only(ended, step.container), last_lines(ended, step.container, deps))
        if not diagnosis.retriable or attempt == ATTEMPTS or deps.clock.monotonic() >= deadline:
            raise MigrationFailed(diagnosis)
        deps.emit(
            WarningIssued(f"the migrate task did not start: {diagnosis.cause}; trying again ({attempt} of {ATTEMPTS})")
        )
        deps.clock.sleep(min(2.0**attempt, 15.0))
    raise AssertionError("the last attempt always returns or raises")


def _attempt(
    step: Migrate, task_definition: str, deps: Dependencies, token: str, tags: Mapping[str, str], deadline: float
) -> Task | RunTaskFailure:
    started = start(step.task, task_definition, deps, token, tags)
    if isinstance(started, RunTaskFailure):
        return started
    deps.journal.migration_started(started.arn)
    deps.emit(OutputLine(StepName.MIGRATE, f"task {started.id} started"))
    try:
        ended = until_stopped(started, step.container, deps, deadline, StepName.MIGRATE)
    except Cancelled:
        if step.on_cancel == "stop":
            deps.emit(WarningIssued(f"the migrate task {started.id} {stop(started, 'release cancelled', deps)}"))
        else:
            deps.emit(WarningIssued(f"the migrate task {started.id} was left to finish"))
        raise
    if ended is None:
        raise MigrationFailed(_out_of_time(step, started, stop(started, "migration out of time", deps), deps))
    return ended


def _out_of_time(step: Migrate, task: Task, stopped: str, deps: Dependencies) -> Diagnosis:
    return Diagnosis(
        code="migration-out-of-time",
        cause=f"the migration ran longer than {step.timeout:.0f} s and {stopped}",
        fix="raise migrate.timeout in deploytool.yml, or find what it waits for (a lock held by another session?)",
        subject=f"task {task.id}",
        log=last_lines(task, step.container, deps),
    )


# SEG run.one_off
# A command run once, beside the services, in a task like theirs; whoever asked for it watches, and may stop it.


class NeverRan(PreconditionFailed):
    """The task was not started, or stopped before its container ran: the command did nothing."""

    def __init__(self, why: Diagnosis) -> None:
        words = f" ({why.quoted} says: {why.more})" if why.more else ""
        super().__init__(f"the command never ran: {why.cause}{words}", why.fix)


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

    A task that is not waited for any longer is stopped: nobody would see its end. Raises NeverRan, TimeoutExceeded,
    Cancelled, CloudError.
    """
    started = start(task, task_definition, deps, token, tags)
    if isinstance(started, RunTaskFailure):
        raise NeverRan(diagnose_run_task_failure(started))
    deps.emit(StepBegan(StepName.RUN, f"task {started.id}"))
    deadline = float("inf") if timeout is None else deps.clock.monotonic() + timeout
    try:
        ended = until_stopped(started, task.container, deps, deadline, StepName.RUN)
    except DeployError as error:
        deps.emit(WarningIssued(f"task {started.id} {stop(started, error.cause, deps)}"))
        raise
    if ended is None:
        stopped = stop(started, "out of time", deps)
        raise TimeoutExceeded(
            f"the command ran longer than {timeout:.0f} s; its task {stopped}", "give it a longer --timeout"
        )
    return _exit_code(ended, task.container, deps)


def _exit_code(ended: Task, container: str, deps: Dependencies) -> int:
    there = container_of(ended, container)
    if there is None or there.exit_code is None:
        raise NeverRan(diagnose_task(only(ended, container), last_lines(ended, container, deps)))
    if there.exit_code:
        deps.emit(WarningIssued(diagnose_task(only(ended, container), ()).cause))
    return there.exit_code
