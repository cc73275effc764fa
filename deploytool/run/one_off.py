"""A command run once, beside the services, in a task like theirs; whoever asked for it watches, and may stop it."""

from __future__ import annotations

from collections.abc import Mapping

from deploytool.core.diagnosis import of_not_started, of_task
from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.events import StepBegan, Warned
from deploytool.core.observed import NotStarted, Task
from deploytool.core.plan_model import StandaloneTask
from deploytool.errors import DeployError, OutOfTime, Refused
from deploytool.run.ports import World
from deploytool.run.standalone import container_of, last_lines, only, start, stop, until_stopped

STEP = "run"
"""What its output is told as."""


class NeverRan(Refused):
    """The task was not started, or stopped before its container ran: the command did nothing."""

    def __init__(self, why: Diagnosis) -> None:
        words = f" ({why.quoted} says: {why.more})" if why.more else ""
        super().__init__(f"the command never ran: {why.cause}{words}", why.fix)


def run_once(
    task: StandaloneTask,
    task_definition: str,
    world: World,
    *,
    token: str,
    tags: Mapping[str, str],
    timeout: float | None,
) -> int:
    """The exit code of the container that ran the command. ``timeout`` is in seconds; ``None``: however long it takes.

    A task that is not waited for any longer is stopped: nobody would see its end. Raises NeverRan, OutOfTime,
    Cancelled, CloudError.
    """
    started = start(task, task_definition, world, token, tags)
    if isinstance(started, NotStarted):
        raise NeverRan(of_not_started(started))
    world.tell(StepBegan(STEP, f"task {started.id}"))
    deadline = float("inf") if timeout is None else world.clock.monotonic() + timeout
    try:
        ended = until_stopped(started, task.container, world, deadline, STEP)
    except DeployError as error:
        world.tell(Warned(f"task {started.id} {stop(started, error.cause, world)}"))
        raise
    if ended is None:
        stopped = stop(started, "out of time", world)
        raise OutOfTime(
            f"the command ran longer than {timeout:.0f} s; its task {stopped}", "give it a longer --timeout"
        )
    return _exit_code(ended, task.container, world)


def _exit_code(ended: Task, container: str, world: World) -> int:
    there = container_of(ended, container)
    if there is None or there.exit_code is None:
        raise NeverRan(of_task(only(ended, container), last_lines(ended, container, world)))
    if there.exit_code:
        world.tell(Warned(of_task(only(ended, container), ()).cause))
    return there.exit_code
