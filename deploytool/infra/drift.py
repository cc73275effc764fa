"""Find out what differs between stacks and what is there."""

from __future__ import annotations

from deploytool.errors import CloudError
from deploytool.infra.drift_model import StackDrift
from deploytool.infra.ports import InfraDependencies, Target
from deploytool.infra.scheduler import Process, run_concurrently
from deploytool.infra.stacks import Stack, StackCondition, condition_of


def drift(target: Target, deps: InfraDependencies) -> tuple[StackDrift, ...]:
    """Of every stack that is there, all at the same time. Raises CloudError, Cancelled, StacksOutOfTime."""
    there = [stack for stack in target.stacks if condition_of(deps.stacks.describe(stack.name)) is StackCondition.OK]
    found = run_concurrently({stack.key: _one(stack, deps) for stack in there}, deps.clock, target.timeout)
    return tuple(found.values())


def _one(stack: Stack, deps: InfraDependencies) -> Process[StackDrift]:
    try:
        detection = deps.drift.begin(stack.name)
        while (state := deps.drift.state(detection)) == "going on":
            yield False
        # Also where it failed: what could be compared is told.
        found = deps.drift.found(stack.name)
    except CloudError as error:
        return StackDrift(stack.key, stack.name, failed=error.cause)
    failed = "some resources could not be compared" if state == "failed" else ""
    return StackDrift(stack.key, stack.name, found, failed)
