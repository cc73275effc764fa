"""Follow one operation of a stack to its end, by its events."""

from __future__ import annotations

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.events import Warned
from deploytool.core.stacks.events import ResourceMoved, StackEvent
from deploytool.core.stacks.explain import explain
from deploytool.core.stacks.operation import ended, last_operation
from deploytool.errors import CloudError, CloudUnreachable
from deploytool.run.stacks.ports import World
from deploytool.run.stacks.turns import Turns


def follow(key: str, stack_id: str, after: str, world: World) -> Turns[tuple[StackEvent, ...]]:
    """Tell each event newer than ``after`` once; all of them, oldest first, when the stack itself is at an end.

    What is newer is told from what is older by the events' own order, so that no clock has to be right. An AWS that
    does not answer is waited for: the operation goes on without us.
    """
    seen: tuple[StackEvent, ...] = ()
    blind = False
    while True:
        new: tuple[StackEvent, ...] = ()
        try:
            new = world.stacks.events(stack_id, after)
        except CloudUnreachable as error:
            if not blind:
                blind = True
                world.tell(Warned(f"the events of stack {key} cannot be read, and are asked for again: {error.cause}"))
        for event in new:
            world.tell(ResourceMoved(key, event))
        if new:
            after, seen = new[-1].id, (*seen, *new)
        if ended(seen) is not None:
            return seen
        yield bool(new)


def follow_running(key: str, stack_id: str, world: World) -> Turns[tuple[StackEvent, ...]]:
    """Follow what goes on already, told from the beginning of that operation."""
    events = last_operation(world.stacks.events(stack_id, ""))
    for event in events:
        world.tell(ResourceMoved(key, event))
    if ended(events) is not None:
        return events
    more = yield from follow(key, stack_id, events[-1].id if events else "", world)
    return (*events, *more)


def why(key: str, stack_id: str, events: tuple[StackEvent, ...], world: World) -> Diagnosis | None:
    """Why the operation with these events failed, as far as can be told."""
    told = explain(key, events)
    if told is None or "DescribeEvents" in told.quote:
        try:
            return explain(key, events, world.stacks.invalid(stack_id))
        except CloudError as error:
            world.tell(Warned(f"what is wrong with the template of {key} cannot be read: {error.cause}"))
    return told
