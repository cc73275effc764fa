"""Find out what differs between stacks and what is there."""

from __future__ import annotations

from deploytool.core.stacks.drift import StackDrift
from deploytool.core.stacks.order import Stack
from deploytool.core.stacks.status import Standing, standing
from deploytool.errors import CloudError
from deploytool.run.stacks.ports import Target, World
from deploytool.run.stacks.turns import Turns, together


def drift(target: Target, world: World) -> tuple[StackDrift, ...]:
    """Of every stack that is there, all at the same time. Raises CloudError, Cancelled, StacksOutOfTime."""
    there = [stack for stack in target.stacks if standing(world.stacks.describe(stack.name)) is Standing.SOUND]
    found = together({stack.key: _one(stack, world) for stack in there}, world.clock, target.timeout)
    return tuple(found.values())


def _one(stack: Stack, world: World) -> Turns[StackDrift]:
    try:
        detection = world.drift.begin(stack.name)
        while (state := world.drift.state(detection)) == "going on":
            yield False
        # Also where it failed: what could be compared is told.
        found = world.drift.found(stack.name)
    except CloudError as error:
        return StackDrift(stack.key, stack.name, failed=error.cause)
    failed = "some resources could not be compared" if state == "failed" else ""
    return StackDrift(stack.key, stack.name, found, failed)
