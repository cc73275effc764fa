"""The picture of a release so far, folded from its events. Everything that shows progress renders a Story."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.events import (
    Accompanied,
    Ended,
    Event,
    Explained,
    Planned,
    Said,
    ServiceMoved,
    Settled,
    StepBegan,
    StepEnded,
    TakenBack,
    TakesOver,
    Warned,
    WayBack,
)
from deploytool.core.outcome import Outcome
from deploytool.core.plan_model import Plan
from deploytool.core.verdict_model import Fate, Verdict
from deploytool.report.wording import cleaned

OUTPUT_KEPT = 50
T = TypeVar("T")
NOT_YET = Verdict(Fate.WAITING)


@dataclass(frozen=True)
class Phase:
    """One step, from when it began."""

    step: str
    began: datetime
    detail: str = ""
    good: bool | None = None
    """``None`` while it goes on."""
    seconds: float = 0.0
    """How long it took, once it is over."""

    def elapsed(self, now: datetime) -> float:
        """Seconds it took, or has taken so far."""
        return self.seconds if self.good is not None else max(0.0, (now - self.began).total_seconds())


@dataclass(frozen=True)
class ServiceRow:
    """One service, as last heard of."""

    key: str
    verdict: Verdict = NOT_YET
    running: int = 0
    desired: int = 0
    going_back: bool = False
    moved: bool = False
    """False until the first news of its rollout."""

    @property
    def counted(self) -> bool:
        """The counts say something: in ECS's own rollback they are of the version that goes."""
        return self.moved and self.verdict.fate not in (Fate.ROLLING_BACK, Fate.ROLLED_BACK)


@dataclass(frozen=True)
class Story:
    """A release as far as it went."""

    plan: Plan | None = None
    began: datetime | None = None
    phases: tuple[Phase, ...] = ()
    services: tuple[ServiceRow, ...] = ()
    output: tuple[str, ...] = ()
    """Last lines that the current step said, oldest first."""
    diagnoses: tuple[Diagnosis, ...] = ()
    warnings: tuple[str, ...] = ()
    way_back: WayBack | None = None
    outcome: Outcome | None = None

    @property
    def current(self) -> Phase | None:
        """The step that goes on."""
        return next((phase for phase in reversed(self.phases) if phase.good is None), None)


def apply(story: Story, event: Event, at: datetime) -> Story:
    """The story after ``event``, which was heard of at ``at``."""
    story = story if story.began else replace(story, began=at)
    match event:
        case Planned(plan):
            rows = tuple(ServiceRow(change.key, desired=change.before.desired) for change in plan.changes)
            return replace(story, plan=plan, services=rows, warnings=_union(story.warnings, plan.warnings))
        case StepBegan(step, detail):
            return replace(story, phases=(*story.phases, Phase(step, at, detail)), output=())
        case StepEnded():
            return replace(story, phases=_closed(story.phases, event, at))
        case Said(_, line):
            return replace(story, output=(*story.output, *cleaned([line]))[-OUTPUT_KEPT:])
        case ServiceMoved():
            return replace(story, services=_moved(story.services, event))
        case Explained(diagnosis):
            return replace(story, diagnoses=_union(story.diagnoses, (diagnosis,)))
        case WayBack():
            return replace(story, way_back=event)
        case TakenBack() | TakesOver() | Accompanied():
            return story
        case Warned(text) | Settled(sentence=text):
            return replace(story, warnings=_union(story.warnings, (text,)))
        case Ended(outcome):
            return replace(
                story,
                plan=outcome.plan,
                outcome=outcome,
                diagnoses=outcome.diagnoses or story.diagnoses,
                warnings=_union(story.warnings, outcome.plan.warnings),
            )


def _union(held: tuple[T, ...], more: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*held, *more)))


def _closed(phases: tuple[Phase, ...], event: StepEnded, at: datetime) -> tuple[Phase, ...]:
    for index in range(len(phases) - 1, -1, -1):
        phase = phases[index]
        if phase.step == event.step and phase.good is None:
            over = replace(phase, good=event.good, seconds=event.seconds, detail=event.detail or phase.detail)
            return (*phases[:index], over, *phases[index + 1 :])
    return (*phases, Phase(event.step, at, event.detail, event.good, event.seconds))


def _moved(rows: tuple[ServiceRow, ...], event: ServiceMoved) -> tuple[ServiceRow, ...]:
    row = ServiceRow(event.key, event.verdict, event.running, event.desired, event.going_back, moved=True)
    if any(held.key == event.key for held in rows):
        return tuple(row if held.key == event.key else held for held in rows)
    return (*rows, row)
