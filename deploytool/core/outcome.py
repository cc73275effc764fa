"""What a release came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.plan_model import Plan
from deploytool.core.verdict_model import Fate, Verdict
from deploytool.errors import Exit


class Result(StrEnum):
    """The one-word outcome; also the ``result`` output of the action."""

    RELEASED = "released"
    MIGRATED = "migrated"
    NOTHING_TO_DO = "nothing-to-do"
    REFUSED = "refused"
    BUILD_FAILED = "build-failed"
    MIGRATION_FAILED = "migration-failed"
    ROLLED_BACK = "rolled-back"
    NOT_ROLLED_BACK = "not-rolled-back"
    SUPERSEDED = "superseded"
    OUT_OF_TIME = "out-of-time"
    CANCELLED = "cancelled"
    FAILED = "failed"


EXITS = {
    Result.RELEASED: Exit.DONE,
    Result.MIGRATED: Exit.DONE,
    Result.NOTHING_TO_DO: Exit.DONE,
    Result.REFUSED: Exit.REFUSED,
    Result.BUILD_FAILED: Exit.BUILD_FAILED,
    Result.MIGRATION_FAILED: Exit.MIGRATION_FAILED,
    Result.ROLLED_BACK: Exit.ROLLED_BACK,
    Result.NOT_ROLLED_BACK: Exit.NOT_ROLLED_BACK,
    Result.SUPERSEDED: Exit.SUPERSEDED,
    Result.OUT_OF_TIME: Exit.OUT_OF_TIME,
    Result.CANCELLED: Exit.CANCELLED,
    Result.FAILED: Exit.OUR_FAULT,
}


BACK = frozenset({Fate.LIVE, Fate.ROLLED_BACK})
"""Fates of the way back that mean: the revision before serves again (by our update, or by ECS's own rollback)."""


@dataclass(frozen=True)
class ServiceOutcome:
    """Where one service ended."""

    key: str
    name: str
    verdict: Verdict
    serving: str
    """ARN of the revision that serves now, as far as ECS told."""
    before: str
    after: str | None
    """ARN of the revision this release registered; ``None`` where it came to none."""
    back: Verdict | None = None
    """The fate of the way back, where there was one."""


@dataclass(frozen=True)
class Timing:
    """How long a step took, in seconds."""

    step: str
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """The verdicts of a release, and the sentence that tells them."""

    plan: Plan
    result: Result
    sentence: str
    services: tuple[ServiceOutcome, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    digests: tuple[tuple[str, str], ...] = ()
    """Image name and the digest that was released."""
    timings: tuple[Timing, ...] = ()
    seconds: float = 0.0

    @property
    def exit_code(self) -> Exit:
        """The exit code that tells this outcome."""
        return EXITS[self.result]

    @property
    def good(self) -> bool:
        """True only where it came to what was asked for."""
        return self.live or self.result is Result.MIGRATED

    @property
    def live(self) -> bool:
        """True only where the commit is what serves, everywhere."""
        return self.result in (Result.RELEASED, Result.NOTHING_TO_DO)
