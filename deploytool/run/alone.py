"""Two migrations never run beside each other, whoever started them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deploytool.core.events import Warned
from deploytool.core.observed import Task
from deploytool.errors import Refused
from deploytool.run.ports import World


class MigrationStillRuns(Refused):
    """A migrate task of somebody else does not end; a second one must not begin beside it."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        named = ", ".join(f"{task.id} (started by {task.started_by or 'hand'})" for task in tasks)
        super().__init__(
            f"the migrate task {named} still runs",
            "wait for it, or stop it (`aws ecs stop-task`) if it hangs; then run this again",
        )


def await_end(running: Callable[[], Sequence[Task]], timeout: float, world: World) -> None:
    """Return once ``running`` answers with nothing. Raises MigrationStillRuns after ``timeout`` seconds, CloudError."""
    deadline = world.clock.monotonic() + timeout
    told = False
    while tasks := running():
        if world.clock.monotonic() >= deadline:
            raise MigrationStillRuns(tasks)
        if not told:
            told = True
            world.tell(Warned(f"waiting for the migrate task {tasks[0].id} (started by {tasks[0].started_by})"))
        world.clock.sleep(world.clock.pace())


def alone(family: str, timeout: float, world: World) -> None:
    """Wait until no task of the migrate task's family runs.

    A release that was cancelled may have left one to finish, and one that lost sight of it could not stop it. Raises
    MigrationStillRuns, CloudError.
    """

    def running() -> Sequence[Task]:
        return [task for task in world.ecs.tasks_of(family=family) if task.last_status != "STOPPED"]

    await_end(running, timeout, world)
