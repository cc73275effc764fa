"""What became of each stack, and of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.stacks.plan import Held
from deploytool.errors import Exit


class Fate(StrEnum):
    """Where one stack ended."""

    UNCHANGED = "unchanged"
    CREATED = "created"
    UPDATED = "updated"
    PROTECTED = "protected"
    """Nothing of it changed but its protection."""
    DELETED = "deleted"
    ROLLED_BACK = "rolled back"
    REFUSED = "refused"
    """It was not changed, for a reason that only showed when its turn came."""
    STUCK = "stuck"
    NOT_BEGUN = "not begun"
    GOES_ON = "goes on"
    """We left; CloudFormation did not."""


GOOD = frozenset({Fate.UNCHANGED, Fate.CREATED, Fate.UPDATED, Fate.PROTECTED, Fate.DELETED})


@dataclass(frozen=True)
class StackEnd:
    """One stack's end."""

    key: str
    name: str
    fate: Fate
    status: str = ""
    """As CloudFormation calls it; empty where there is no stack."""
    seconds: float = 0.0
    detail: str = ""
    """What to know or do about it."""
    retained: tuple[Held, ...] = ()
    """What a deletion left behind on purpose."""


class Result(StrEnum):
    """The one-word outcome."""

    APPLIED = "applied"
    NOTHING_TO_DO = "nothing-to-do"
    DESTROYED = "destroyed"
    REFUSED = "refused"
    ROLLED_BACK = "rolled-back"
    NOT_ROLLED_BACK = "not-rolled-back"
    OUT_OF_TIME = "out-of-time"
    CANCELLED = "cancelled"


EXITS = {
    Result.APPLIED: Exit.DONE,
    Result.NOTHING_TO_DO: Exit.DONE,
    Result.DESTROYED: Exit.DONE,
    Result.REFUSED: Exit.REFUSED,
    Result.ROLLED_BACK: Exit.ROLLED_BACK,
    Result.NOT_ROLLED_BACK: Exit.NOT_ROLLED_BACK,
    Result.OUT_OF_TIME: Exit.OUT_OF_TIME,
    Result.CANCELLED: Exit.CANCELLED,
}


@dataclass(frozen=True)
class InfraOutcome:
    """What `infra apply` or `infra destroy` came to."""

    app: str
    environment: str
    result: Result
    stacks: tuple[StackEnd, ...]
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
    def good(self) -> bool:
        """Every stack is as was wished."""
        return self.result in (Result.APPLIED, Result.NOTHING_TO_DO, Result.DESTROYED)


def result_of(
    ends: Sequence[StackEnd], *, when_good: Result, cancelled: bool = False, out_of_time: bool = False
) -> Result:
    """The worst of what became of the stacks."""
    fates = {end.fate for end in ends}
    if cancelled:
        return Result.CANCELLED
    if out_of_time:
        return Result.OUT_OF_TIME
    if fates & {Fate.STUCK, Fate.GOES_ON}:
        return Result.NOT_ROLLED_BACK
    if Fate.ROLLED_BACK in fates:
        return Result.ROLLED_BACK
    if fates - GOOD:
        # Refused after other stacks were changed: what was refused is as it was, and the others are good.
        return Result.ROLLED_BACK if fates & (GOOD - {Fate.UNCHANGED}) else Result.REFUSED
    return Result.NOTHING_TO_DO if fates <= {Fate.UNCHANGED} and when_good is Result.APPLIED else when_good


def sentence(outcome: InfraOutcome) -> str:
    """One sentence that is true of every stack."""
    what = f"the infrastructure of {outcome.app} in {outcome.environment}"
    match outcome.result:
        case Result.APPLIED:
            return f"{what} is as its templates say: {_told(outcome.stacks, GOOD - {Fate.UNCHANGED})}"
        case Result.NOTHING_TO_DO:
            return f"{what} is already as its templates say; nothing to do"
        case Result.DESTROYED:
            return f"{what} is gone: {_told(outcome.stacks, GOOD)}"
        case Result.REFUSED:
            return f"{what} was not changed"
        case Result.ROLLED_BACK:
            return f"{what} was not changed as wished: {_told(outcome.stacks, set(Fate) - {Fate.UNCHANGED})}"
        case Result.NOT_ROLLED_BACK:
            return f"{what} is in a state that someone must look at: {_told(outcome.stacks, set(Fate))}"
        case Result.OUT_OF_TIME:
            return f"{what} was not ready in time; CloudFormation goes on: {_told(outcome.stacks, set(Fate))}"
        case _:  # CANCELLED is all that is left
            return f"cancelled; CloudFormation goes on with what it began in {what}: {_told(outcome.stacks, set(Fate))}"


def _told(ends: Sequence[StackEnd], fates: frozenset[Fate] | set[Fate]) -> str:
    told = [f"{end.key} {end.fate}" for end in ends if end.fate in fates]
    return ", ".join(told) or "nothing was begun"
