"""Everything that is looked up of the stacks before deciding; what goes on in them is followed to its end first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deploytool.core.events import Explained, Warned
from deploytool.core.stacks.events import StackBegan, StackEnded
from deploytool.core.stacks.left_over import left_over
from deploytool.core.stacks.operation import ended, last_status
from deploytool.core.stacks.order import Stack
from deploytool.core.stacks.outcome import Fate, StackEnd
from deploytool.core.stacks.status import Ending, StackState, Standing, standing
from deploytool.run.cancel import Cancelled
from deploytool.run.stacks.follow import follow_running, why
from deploytool.run.stacks.ports import Target, World
from deploytool.run.stacks.turns import Turns, together


@dataclass(frozen=True)
class Look:
    """What was found, by key of the stack."""

    states: Mapping[str, StackState | None]
    exports: frozenset[str] = frozenset()
    images: Mapping[str, str] = field(default_factory=dict)


def look(target: Target, world: World) -> Look:
    """One reading of the stacks. Raises CloudError."""
    states = {stack.key: world.stacks.describe(stack.name) for stack in target.stacks}
    exports = world.stacks.exports()
    images = world.images.running() if any(stack.runs_images for stack in target.stacks) else {}
    return Look(states, exports, images)


def await_running(target: Target, world: World) -> None:
    """Follow every operation that goes on already: of a run that was killed, or of somebody else.

    Raises CloudError, Cancelled, StacksOutOfTime.
    """
    moving = {}
    for stack in target.stacks:
        state = world.stacks.describe(stack.name)
        if state is not None and standing(state) is Standing.MOVING:
            world.tell(StackBegan(stack.key, stack.name, f"follow {state.status}"))
            moving[stack.key] = _awaited(stack, state, world)
    try:
        together(moving, world.clock, target.timeout)
    except Cancelled:
        world.tell(
            Warned(f"CloudFormation goes on with {', '.join(moving)}; `deploytool infra status` shows where it is")
        )
        raise


def sweep(target: Target, world: World) -> None:
    """Delete change sets that a killed run left: CloudFormation keeps a limited number. Raises CloudError."""
    listed = {stack.key: world.change_sets.listed(stack.name) for stack in target.stacks}
    if any(listed.values()):
        now = world.stacks.now()
        for key, some in listed.items():
            for each in left_over(some, now):
                world.change_sets.delete(each.arn)
                world.tell(Warned(f"deleted change set {each.name} of stack {key}, which a killed run left"))


def _awaited(stack: Stack, state: StackState, world: World) -> Turns[None]:
    began = world.clock.monotonic()
    events = yield from follow_running(stack.key, state.id, world)
    good = ended(events) is Ending.GOOD
    fate = _FATES[ended(events) or Ending.STUCK]
    status = last_status(events)
    world.tell(StackEnded(StackEnd(stack.key, stack.name, fate, status, world.clock.monotonic() - began)))
    if not good and (told := why(stack.key, state.id, events, world)):
        world.tell(Explained(told))


_FATES = {Ending.GOOD: Fate.UPDATED, Ending.ROLLED_BACK: Fate.ROLLED_BACK, Ending.STUCK: Fate.STUCK}
