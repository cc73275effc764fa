"""Run the migrate task, follow its output, and judge it by its container's exit code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deploytool.core.diagnosis import of_not_started, of_task
from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.events import Said, Warned
from deploytool.core.lease import LeaseLost, SupersededBy
from deploytool.core.observed import Container, NotStarted, Task
from deploytool.core.plan_model import Migrate
from deploytool.errors import CloudUnreachable, DeployError, Exit
from deploytool.run.alone import alone
from deploytool.run.cancel import Cancelled
from deploytool.run.ports import Follower, World

ATTEMPTS = 4
UNANSWERED = (2.0, 5.0)
"""Seconds to wait before RunTask is repeated after its answer was lost."""
LOG_LINES = 50
DRAIN = 3.0
"""Seconds that awslogs may lag behind the container's end."""


class MigrationFailed(DeployError):
    """The migrate task did not exit with 0; no service was changed."""

    exit_code = Exit.MIGRATION_FAILED

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis
        super().__init__(diagnosis.cause, diagnosis.fix)


def migrate(step: Migrate, task_definition: str, world: World, token: str, tags: Mapping[str, str]) -> None:
    """Start the task once, wait for its end and raise MigrationFailed unless its container exited with 0.

    Trying again happens only while no container has started: capacity and network interface failures. Raises
    MigrationStillRuns where another one does not end, and CloudError where nobody can say whether one runs.
    """
    alone(step.family, step.timeout, world)
    try:
        _migrate(step, task_definition, world, token, tags)
    except (MigrationFailed, Cancelled, LeaseLost, SupersededBy):
        raise
    except DeployError as error:
        raise MigrationFailed(Diagnosis("migration-unknown", error.cause, error.fix)) from error


def _migrate(step: Migrate, task_definition: str, world: World, token: str, tags: Mapping[str, str]) -> None:
    deadline = world.clock.monotonic() + step.timeout
    for attempt in range(1, ATTEMPTS + 1):
        ended = _attempt(step, task_definition, world, f"{token}-{attempt}", tags, deadline)
        if isinstance(ended, NotStarted):
            diagnosis = of_not_started(ended, attempt, ATTEMPTS)
        else:
            container = _container(ended, step.container)
            if container is not None and container.exit_code == 0:
                return
            log = world.logs.tail(container.log, LOG_LINES) if container and container.log else ()
            diagnosis = of_task(_only(ended, container), log)
        if not diagnosis.retriable or attempt == ATTEMPTS or world.clock.monotonic() >= deadline:
            raise MigrationFailed(diagnosis)
        world.tell(Warned(f"the migrate task did not start: {diagnosis.cause}; trying again ({attempt} of {ATTEMPTS})"))
        world.clock.sleep(min(2.0**attempt, 15.0))
    raise AssertionError("the last attempt always returns or raises")


def _attempt(
    step: Migrate, task_definition: str, world: World, token: str, tags: Mapping[str, str], deadline: float
) -> Task | NotStarted:
    started = _start(step, task_definition, world, token, tags)
    if isinstance(started, NotStarted):
        return started
    world.journal.migration_started(started.arn)
    world.tell(Said("migrate", f"task {started.id} started"))
    try:
        return _until_stopped(step, started, world, deadline)
    except Cancelled:
        if step.on_cancel == "stop":
            world.tell(Warned(f"the migrate task {started.id} {_stop(started, 'release cancelled', world)}"))
        else:
            world.tell(Warned(f"the migrate task {started.id} was left to finish"))
        raise


def _until_stopped(step: Migrate, task: Task, world: World, deadline: float) -> Task:
    follower: Follower | None = None
    while True:
        seen = world.ecs.task(task.arn)
        if seen is not None:
            container = _container(seen, step.container)
            if follower is None and container is not None and container.log is not None:
                follower = world.logs.follow(container.log)
            if seen.last_status == "STOPPED":
                _drain(follower, world, good=bool(container and container.exit_code == 0))
                return seen
        _say(follower, world)
        if world.clock.monotonic() >= deadline:
            stopped = _stop(task, "migration out of time", world)
            raise MigrationFailed(_out_of_time(step, task, stopped, follower, world))
        world.clock.sleep(world.clock.pace())


def _start(step: Migrate, task_definition: str, world: World, token: str, tags: Mapping[str, str]) -> Task | NotStarted:
    """Where the answer was lost the task may run: the same token finds it, and never starts a second one."""
    for wait in UNANSWERED:
        world.lease.check()
        try:
            return world.ecs.run_task(step, task_definition, token, tags)
        except CloudUnreachable as error:
            world.tell(Warned(f"{error.cause}; asking again with the same client token"))
            world.clock.sleep(wait)
    world.lease.check()
    return world.ecs.run_task(step, task_definition, token, tags)


def _stop(task: Task, reason: str, world: World) -> str:
    """``was stopped``, or why not: a failing StopTask must not hide what it was called for."""
    try:
        world.ecs.stop_task(task.arn, reason)
    except DeployError as error:
        return f"could not be stopped and may still run: {error.cause}"
    return "was stopped"


def _out_of_time(step: Migrate, task: Task, stopped: str, follower: Follower | None, world: World) -> Diagnosis:
    _say(follower, world)
    container = _container(task, step.container)
    return Diagnosis(
        code="migration-out-of-time",
        cause=f"the migration ran longer than {step.timeout:.0f} s and {stopped}",
        fix="raise migrate.timeout in deploytool.yml, or find what it waits for (a lock held by another session?)",
        subject=f"task {task.id}",
        log=world.logs.tail(container.log, LOG_LINES) if container and container.log else (),
    )


def _drain(follower: Follower | None, world: World, *, good: bool) -> None:
    """The log may lag behind the end: read until it is quiet, longer where the last lines will be the explanation."""
    quiet, enough = 0, 1 if good else 3
    until = world.clock.monotonic() + DRAIN
    while quiet < enough and world.clock.monotonic() < until:
        quiet = 0 if _say(follower, world) else quiet + 1
        world.clock.sleep(0.25)
    _say(follower, world)


def _say(follower: Follower | None, world: World) -> bool:
    lines = follower.read() if follower else ()
    for line in lines:
        world.tell(Said("migrate", line))
    return bool(lines)


def _container(task: Task, name: str) -> Container | None:
    return next((container for container in task.containers if container.name == name), None)


def _only(task: Task, container: Container | None) -> Task:
    """A side container that ended badly must not be blamed for the migration, nor excuse it."""
    return replace(task, containers=(container,)) if container else task
