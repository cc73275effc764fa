"""One standalone task: started once however often RunTask must be asked, its log followed until it has stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deploytool.core.events import Said, Warned
from deploytool.core.observed import Container, NotStarted, Task
from deploytool.core.plan_model import StandaloneTask
from deploytool.errors import CloudUnreachable, DeployError
from deploytool.run.ports import Follower, World

UNANSWERED = (2.0, 5.0)
"""Seconds to wait before RunTask is repeated after its answer was lost."""
LOG_LINES = 50
DRAIN = 3.0
"""Seconds that awslogs may lag behind the container's end."""


def start(
    task: StandaloneTask, task_definition: str, world: World, token: str, tags: Mapping[str, str]
) -> Task | NotStarted:
    """Where the answer was lost the task may run: the same token finds it, and never starts a second one."""
    for wait in UNANSWERED:
        world.lease.check()
        try:
            return world.ecs.run_task(task, task_definition, token, tags)
        except CloudUnreachable as error:
            world.tell(Warned(f"{error.cause}; asking again with the same client token"))
            world.clock.sleep(wait)
    world.lease.check()
    return world.ecs.run_task(task, task_definition, token, tags)


def until_stopped(started: Task, container: str, world: World, deadline: float, step: str) -> Task | None:
    """The task once it has stopped, its log told line by line as ``step``; ``None`` where it still runs at ``deadline``
    (of the monotonic clock). Raises Cancelled, CloudError.
    """
    follower: Follower | None = None
    while True:
        seen = world.ecs.task(started.arn)
        if seen is not None:
            there = container_of(seen, container)
            if follower is None and there is not None and there.log is not None:
                follower = world.logs.follow(there.log)
            if seen.last_status == "STOPPED":
                _drain(follower, world, step, good=bool(there and there.exit_code == 0))
                return seen
        _say(follower, world, step)
        if world.clock.monotonic() >= deadline:
            _say(follower, world, step)
            return None
        world.clock.sleep(world.clock.pace())


def stop(task: Task, reason: str, world: World) -> str:
    """``was stopped``, or why not: a failing StopTask must not hide what it was called for."""
    try:
        world.ecs.stop_task(task.arn, reason)
    except DeployError as error:
        return f"could not be stopped and may still run: {error.cause}"
    return "was stopped"


def last_lines(task: Task, container: str, world: World) -> tuple[str, ...]:
    """The end of the container's log; empty where it has none that can be read."""
    there = container_of(task, container)
    return world.logs.tail(there.log, LOG_LINES) if there and there.log else ()


def container_of(task: Task, name: str) -> Container | None:
    """The container that counts."""
    return next((container for container in task.containers if container.name == name), None)


def only(task: Task, name: str) -> Task:
    """A side container that ended badly must not be blamed for the one that counts, nor excuse it."""
    container = container_of(task, name)
    return replace(task, containers=(container,)) if container else task


def _drain(follower: Follower | None, world: World, step: str, *, good: bool) -> None:
    """The log may lag behind the end: read until it is quiet, longer where the last lines will be the explanation."""
    quiet, enough = 0, 1 if good else 3
    until = world.clock.monotonic() + DRAIN
    while quiet < enough and world.clock.monotonic() < until:
        quiet = 0 if _say(follower, world, step) else quiet + 1
        world.clock.sleep(0.25)
    _say(follower, world, step)


def _say(follower: Follower | None, world: World, step: str) -> bool:
    lines = follower.read() if follower else ()
    for line in lines:
        world.tell(Said(step, line))
    return bool(lines)
