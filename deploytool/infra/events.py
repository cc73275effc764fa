"""What became of each stack, and of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deploytool.diagnosis import Diagnosis
from deploytool.errors import Exit
from deploytool.infra.plan import InfraPlan, StackResource
from deploytool.infra.stacks import OperationResult, result_of_status

# SEG core.stacks.outcome
# What became of each stack, and of the whole.


class StackOutcome(StrEnum):
    """Where one stack ended."""

    UNCHANGED = "unchanged"
    CREATED = "created"
    UPDATED = "updated"
    PROTECTED = "protected"
    """Nothing of it changed but its protection."""
    DELETED = "deleted"
    ROLLED_BACK = "rolled_back"
    REFUSED = "refused"
    """It was not changed, for a reason that only showed when its turn came."""
    FAILED = "failed"
    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    """We left; CloudFormation did not."""


SUCCEEDED = frozenset(
    {StackOutcome.UNCHANGED, StackOutcome.CREATED, StackOutcome.UPDATED, StackOutcome.PROTECTED, StackOutcome.DELETED}
)


@dataclass(frozen=True)
class StackResult:
    """One stack's end."""

    key: str
    name: str
    outcome: StackOutcome
    status: str = ""
    """As CloudFormation calls it; empty where there is no stack."""
    seconds: float = 0.0
    detail: str = ""
    """What to know or do about it."""
    retained: tuple[StackResource, ...] = ()
    """What a deletion left behind on purpose."""


class Result(StrEnum):
    """The one-word outcome."""

    APPLIED = "applied"
    NOTHING_TO_DO = "nothing_to_do"
    DESTROYED = "destroyed"
    REFUSED = "refused"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_INCOMPLETE = "rollback_incomplete"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


EXITS = {
    Result.APPLIED: Exit.OK,
    Result.NOTHING_TO_DO: Exit.OK,
    Result.DESTROYED: Exit.OK,
    Result.REFUSED: Exit.PRECONDITION_FAILED,
    Result.ROLLED_BACK: Exit.ROLLED_BACK,
    Result.ROLLBACK_INCOMPLETE: Exit.ROLLBACK_INCOMPLETE,
    Result.TIMED_OUT: Exit.TIMEOUT,
    Result.CANCELLED: Exit.CANCELLED,
}


@dataclass(frozen=True)
class InfraOutcome:
    """What `infra apply` or `infra destroy` came to."""

    app: str
    environment: str
    result: Result
    stacks: tuple[StackResult, ...]
    diagnoses: tuple[Diagnosis, ...] = ()
    """Why, the first failure first."""
    seconds: float = 0.0
    refusal: Exit | None = None
    """The exit code of what refused, where that is not the usual one: another release has the lock."""

    @property
    def exit_code(self) -> Exit:
        """The exit code that tells this outcome."""
        return self.refusal or EXITS[self.result]

    @property
    def succeeded(self) -> bool:
        """Every stack is as was wished."""
        return self.result in (Result.APPLIED, Result.NOTHING_TO_DO, Result.DESTROYED)


def result_of(
    ends: Sequence[StackResult], *, when_good: Result, cancelled: bool = False, out_of_time: bool = False
) -> Result:
    """The worst of what became of the stacks."""
    fates = {end.outcome for end in ends}
    if cancelled:
        return Result.CANCELLED
    if out_of_time:
        return Result.TIMED_OUT
    if fates & {StackOutcome.FAILED, StackOutcome.IN_PROGRESS}:
        return Result.ROLLBACK_INCOMPLETE
    if StackOutcome.ROLLED_BACK in fates:
        return Result.ROLLED_BACK
    if fates - SUCCEEDED:
        # Refused after other stacks were changed: what was refused is as it was, and the others are good.
        return Result.ROLLED_BACK if fates & (SUCCEEDED - {StackOutcome.UNCHANGED}) else Result.REFUSED
    return Result.NOTHING_TO_DO if fates <= {StackOutcome.UNCHANGED} and when_good is Result.APPLIED else when_good


def infra_summary(outcome: InfraOutcome) -> str:
    """One sentence that is true of every stack."""
    what = f"the infrastructure of {outcome.app} in {outcome.environment}"
    match outcome.result:
        case Result.APPLIED:
            return f"{what} is as its templates say: {_told(outcome.stacks, SUCCEEDED - {StackOutcome.UNCHANGED})}"
        case Result.NOTHING_TO_DO:
            return f"{what} is already as its templates say; nothing to do"
        case Result.DESTROYED:
            return f"{what} is gone: {_told(outcome.stacks, SUCCEEDED)}"
        case Result.REFUSED:
            return f"{what} was not changed"
        case Result.ROLLED_BACK:
            changed = _told(outcome.stacks, set(StackOutcome) - {StackOutcome.UNCHANGED})
            return f"{what} was not changed as wished: {changed}"
        case Result.ROLLBACK_INCOMPLETE:
            return f"{what} is in a state that someone must look at: {_told(outcome.stacks, set(StackOutcome))}"
        case Result.TIMED_OUT:
            return f"{what} was not ready in time; CloudFormation goes on: {_told(outcome.stacks, set(StackOutcome))}"
        case _:  # CANCELLED is all that is left
            left = _told(outcome.stacks, set(StackOutcome))
            return f"cancelled; CloudFormation goes on with what it began in {what}: {left}"


def _told(ends: Sequence[StackResult], fates: frozenset[StackOutcome] | set[StackOutcome]) -> str:
    told = [f"{end.key} {end.outcome.replace('_', ' ')}" for end in ends if end.outcome in fates]
    return ", ".join(told) or "nothing was begun"


# SEG core.stacks.events
# What the driver of stacks tells while it works.


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

    end: StackResult


@dataclass(frozen=True)
class InfraEnded:
    """All is over."""

    outcome: InfraOutcome


InfraEvent = InfraPlanned | StackBegan | StackWaits | ResourceMoved | StackEnded | InfraEnded


# SEG core.stacks.operation
# An operation of a stack, read from its events.

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


def ended(events: Sequence[StackEvent]) -> OperationResult | None:
    """How the operation ended; ``None`` while it goes on, or has not begun."""
    status = last_status(events)
    return result_of_status(status) if status else None
