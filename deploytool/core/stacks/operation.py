"""An operation of a stack, read from its events."""

from __future__ import annotations

from collections.abc import Sequence

from deploytool.core.stacks.events import StackEvent
from deploytool.core.stacks.status import Ending, ending

_STARTS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS")


def last_operation(events: Sequence[StackEvent]) -> tuple[StackEvent, ...]:
    """The events of the newest operation; all are given oldest first."""
    for index in range(len(events) - 1, -1, -1):
        if events[index].of_stack and events[index].status in _STARTS:
            return tuple(events[index:])
    return tuple(events)


def last_status(events: Sequence[StackEvent]) -> str:
    """The newest status of the stack itself; empty where none is told."""
    return next((event.status for event in reversed(events) if event.of_stack), "")


def ended(events: Sequence[StackEvent]) -> Ending | None:
    """How the operation ended; ``None`` while it goes on, or has not begun."""
    status = last_status(events)
    return ending(status) if status else None
