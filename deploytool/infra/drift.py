"""Find out what differs between stacks and what is there."""

from __future__ import annotations

from deploytool.errors import CloudError
from deploytool.infra.drift_model import StackDrift
from deploytool.infra.ports import InfraDependencies, Target
from deploytool.infra.scheduler import Process, run_concurrently
from deploytool.infra.stacks import Stack, StackCondition, condition_of


def drift(target: Target, world: InfraDependencies) -> tuple[StackDrift, ...]:
    """Of every stack that is there, all at the same time. Raises CloudError, Cancelled, StacksOutOfTime."""
    there = [
        stack for stack in target.stacks if condition_of(world.stacks.describe(stack.name)) is StackCondition.SOUND
    ]
    found = run_concurrently({stack.key: _one(stack, world) for stack in there}, world.clock, target.timeout)
    return tuple(found.values())


def _one(stack: Stack, world: InfraDependencies) -> Process[StackDrift]:
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
