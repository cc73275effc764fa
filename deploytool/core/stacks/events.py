"""What the driver of stacks tells while it works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from deploytool.core.stacks.outcome import InfraOutcome, StackEnd
from deploytool.core.stacks.plan import InfraPlan


@dataclass(frozen=True)
class StackEvent:
    """One entry of DescribeStackEvents."""

    id: str
    logical_id: str
    type: str
    status: str
    reason: str
    at: datetime
    physical_id: str = ""
    token: str = ""
    """ClientRequestToken of the operation that made it."""
    of_stack: bool = False
    """It is about the stack itself."""


@dataclass(frozen=True)
class InfraPlanned:
    """The plan is known; nothing has changed yet."""

    plan: InfraPlan


@dataclass(frozen=True)
class StackBegan:
    """An operation of a stack begins, or one that went on already is followed; ``what``: ``create``, ``delete``, …"""

    key: str
    name: str
    what: str
    resources: int = 0
    """How many will change; 0 where that is not known."""


@dataclass(frozen=True)
class StackWaits:
    """Its turn has not come."""

    key: str
    reason: str


@dataclass(frozen=True)
class ResourceMoved:
    """CloudFormation tells of a resource of the stack."""

    key: str
    event: StackEvent


@dataclass(frozen=True)
class StackEnded:
    """A stack is done, well or not."""

    end: StackEnd


@dataclass(frozen=True)
class InfraEnded:
    """All is over."""

    outcome: InfraOutcome


InfraEvent = InfraPlanned | StackBegan | StackWaits | ResourceMoved | StackEnded | InfraEnded
