"""Detect what differs between the stacks and their resources."""

from __future__ import annotations

from deploytool.errors import CloudError
from deploytool.infra.drift_model import StackDrift
from deploytool.infra.ports import InfraDependencies, Target
from deploytool.infra.scheduler import Process, run_concurrently
from deploytool.infra.stacks import Stack, StackCondition, condition_of


def drift(target: Target, deps: InfraDependencies) -> tuple[StackDrift, ...]:
    """Of every stack that can be updated, all at the same time. Raises CloudError, Cancelled, StacksOutOfTime."""
    stacks = [stack for stack in target.stacks if condition_of(deps.stacks.describe(stack.name)) is StackCondition.OK]
    drifts = run_concurrently({stack.key: _detect(stack, deps) for stack in stacks}, deps.clock, target.timeout)
    return tuple(drifts.values())


def _detect(stack: Stack, deps: InfraDependencies) -> Process[StackDrift]:
    try:
        detection = deps.drift.begin(stack.name)
        while (state := deps.drift.state(detection)) == "in progress":
            yield False
        # Also where it failed: what could be compared is reported.
        drifted = deps.drift.drifted(stack.name)
    except CloudError as error:
        return StackDrift(stack.key, stack.name, failed=error.cause)
    failed = "some resources could not be compared" if state == "failed" else ""
    return StackDrift(stack.key, stack.name, drifted, failed)
