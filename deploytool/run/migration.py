"""Run the migrate task, follow its output, and judge it by its container's exit code."""

from __future__ import annotations

from collections.abc import Mapping

from deploytool.core.diagnosis import of_not_started, of_task
from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.events import Said, Warned
from deploytool.core.lease import LeaseLost, SupersededBy
from deploytool.core.observed import NotStarted, Task
from deploytool.core.plan_model import Migrate
from deploytool.errors import DeployError, Exit
from deploytool.run.alone import alone
from deploytool.run.cancel import Cancelled
from deploytool.run.ports import World
from deploytool.run.standalone import container_of, last_lines, only, start, stop, until_stopped

STEP = "migrate"
ATTEMPTS = 4


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
            container = container_of(ended, step.container)
            if container is not None and container.exit_code == 0:
                return
            diagnosis = of_task(only(ended, step.container), last_lines(ended, step.container, world))
        if not diagnosis.retriable or attempt == ATTEMPTS or world.clock.monotonic() >= deadline:
            raise MigrationFailed(diagnosis)
        world.tell(Warned(f"the migrate task did not start: {diagnosis.cause}; trying again ({attempt} of {ATTEMPTS})"))
        world.clock.sleep(min(2.0**attempt, 15.0))
    raise AssertionError("the last attempt always returns or raises")


def _attempt(
    step: Migrate, task_definition: str, world: World, token: str, tags: Mapping[str, str], deadline: float
) -> Task | NotStarted:
    started = start(step.task, task_definition, world, token, tags)
    if isinstance(started, NotStarted):
        return started
    world.journal.migration_started(started.arn)
    world.tell(Said(STEP, f"task {started.id} started"))
    try:
        ended = until_stopped(started, step.container, world, deadline, STEP)
    except Cancelled:
        if step.on_cancel == "stop":
            world.tell(Warned(f"the migrate task {started.id} {stop(started, 'release cancelled', world)}"))
        else:
            world.tell(Warned(f"the migrate task {started.id} was left to finish"))
        raise
    if ended is None:
        raise MigrationFailed(_out_of_time(step, started, stop(started, "migration out of time", world), world))
    return ended


def _out_of_time(step: Migrate, task: Task, stopped: str, world: World) -> Diagnosis:
    return Diagnosis(
        code="migration-out-of-time",
        cause=f"the migration ran longer than {step.timeout:.0f} s and {stopped}",
        fix="raise migrate.timeout in deploytool.yml, or find what it waits for (a lock held by another session?)",
        subject=f"task {task.id}",
        log=last_lines(task, step.container, world),
    )
