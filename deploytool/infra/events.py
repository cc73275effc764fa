"""What is reported while stacks are worked on, and how each stack and the whole ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deploytool.diagnosis import Diagnosis
from deploytool.errors import Exit
from deploytool.infra.plan import InfraPlan, StackResource
from deploytool.infra.stacks import OperationResult, result_of_status


class StackOutcome(StrEnum):
    """Where one stack ended."""

    UNCHANGED = "unchanged"
    CREATED = "created"
    UPDATED = "updated"
    PROTECTED = "protected"
    """Only its protection changed."""
    DELETED = "deleted"
    ROLLED_BACK = "rolled_back"
    REFUSED = "refused"
    """Not changed, for a reason that only appeared when its turn came."""
    FAILED = "failed"
    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    """This run ended; CloudFormation continues."""


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
    """As CloudFormation calls it; empty where the stack does not exist."""
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
    """The exit code of a refusal, where that is not the usual one: another release has the lock."""

    @property
    def exit_code(self) -> Exit:
        return self.refusal or EXITS[self.result]

    @property
    def succeeded(self) -> bool:
        """Every stack is as requested."""
        return EXITS[self.result] is Exit.OK


def result_of(
    ends: Sequence[StackResult], *, when_succeeded: Result, cancelled: bool = False, out_of_time: bool = False
) -> Result:
    """The worst of the stacks' results."""
    outcomes = {end.outcome for end in ends}
    if cancelled:
        return Result.CANCELLED
    if out_of_time:
        return Result.TIMED_OUT
    if outcomes & {StackOutcome.FAILED, StackOutcome.IN_PROGRESS}:
        return Result.ROLLBACK_INCOMPLETE
    if StackOutcome.ROLLED_BACK in outcomes:
        return Result.ROLLED_BACK
    if outcomes - SUCCEEDED:
        # Refused after other stacks were changed: the refused one is unchanged, the others succeeded.
        return Result.ROLLED_BACK if outcomes & (SUCCEEDED - {StackOutcome.UNCHANGED}) else Result.REFUSED
    return (
        Result.NOTHING_TO_DO
        if outcomes <= {StackOutcome.UNCHANGED} and when_succeeded is Result.APPLIED
        else when_succeeded
    )


def infra_summary(outcome: InfraOutcome) -> str:
    """One sentence that is true of every stack."""
    infrastructure = f"infrastructure of {outcome.app} in {outcome.environment}"
    ended = [(end.outcome, f"{end.key} {end.outcome.replace('_', ' ')}") for end in outcome.stacks]
    stacks = ", ".join(text for _, text in ended) or "nothing was started"
    changed = ", ".join(text for state, text in ended if state is not StackOutcome.UNCHANGED) or "nothing was started"
    return {
        Result.APPLIED: f"{infrastructure} is up to date: {changed}",
        Result.NOTHING_TO_DO: f"{infrastructure} is already up to date; nothing to do",
        Result.DESTROYED: f"{infrastructure} was deleted: {stacks}",
        Result.REFUSED: f"{infrastructure} was not changed",
        Result.ROLLED_BACK: f"{infrastructure} was not updated: {changed}",
        Result.ROLLBACK_INCOMPLETE: f"{infrastructure} needs manual action: {stacks}",
        Result.TIMED_OUT: f"timed out waiting for the {infrastructure}; CloudFormation continues: {stacks}",
        Result.CANCELLED: f"cancelled; CloudFormation continues what it started in the {infrastructure}: {stacks}",
    }[outcome.result]


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
    """An operation of a stack begins, or one in progress is followed; ``what``: ``create``, ``delete``, …"""

    key: str
    name: str
    what: str
    resources: int = 0
    """How many will change; 0 where that is unknown."""


@dataclass(frozen=True)
class StackWaits:
    """Its turn has not come."""

    key: str
    reason: str


@dataclass(frozen=True)
class ResourceMoved:
    """A resource of the stack has a new status."""

    key: str
    event: StackEvent


@dataclass(frozen=True)
class StackEnded:
    """A stack is done, successfully or not."""

    end: StackResult


@dataclass(frozen=True)
class InfraEnded:
    """All is over."""

    outcome: InfraOutcome


InfraEvent = InfraPlanned | StackBegan | StackWaits | ResourceMoved | StackEnded | InfraEnded


_STARTS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS")


def last_operation(events: Sequence[StackEvent]) -> tuple[StackEvent, ...]:
    """The events of the newest operation; all are given oldest first."""
    for index in range(len(events) - 1, -1, -1):
        if events[index].of_stack and events[index].status in _STARTS:
            return tuple(events[index:])
    return tuple(events)


def last_status(events: Sequence[StackEvent]) -> str:
    """The newest status of the stack itself; empty where there is none."""
    return next((event.status for event in reversed(events) if event.of_stack), "")


def ended(events: Sequence[StackEvent]) -> OperationResult | None:
    """How the operation ended; ``None`` while it is in progress, or has not begun."""
    status = last_status(events)
    return result_of_status(status) if status else None
