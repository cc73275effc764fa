"""Progress as lines of text, one or few per event, for CI and wherever no terminal watches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

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
from deploytool.report import github_actions
from deploytool.report.wording import blamed, clean, cleaned, count, duration, news

FOLDED = frozenset({"build", "migrate"})
"""Steps whose output is long enough to fold away in the log of GitHub Actions."""


class PlainProgress:
    """Writes every event as timestamped lines; the same line about the same service only once in a row."""

    def __init__(self, write: Callable[[str], object], now: Callable[[], datetime], actions: bool = False) -> None:
        """``write`` gets whole lines with their newline. ``actions``: the log is read by GitHub Actions."""
        self._write = write
        self._now = now
        self._actions = actions
        self._last: dict[str, str] = {}

    def tell(self, event: Event) -> None:
        """Write what ``event`` means."""
        told = [f"{self._now():%H:%M:%S}  {self._safe(line)}" for line in self._fresh(event, lines(event))]
        if self._actions:
            orders = workflow_commands(event)
            told = [*orders, *told] if isinstance(event, StepEnded) else [*told, *orders]
        self._write("".join(f"{line}\n" for line in told))

    def _safe(self, line: str) -> str:
        return " ".join(github_actions.inert(line)) if self._actions else line

    def _fresh(self, event: Event, told: tuple[str, ...]) -> tuple[str, ...]:
        if not isinstance(event, ServiceMoved):
            return told
        if self._last.get(event.key) == told[0]:
            return ()
        self._last[event.key] = told[0]
        return told


def lines(event: Event) -> tuple[str, ...]:
    """What to say about one event."""
    match event:
        case Planned(plan):
            return _planned(plan)
        case StepBegan(step, detail):
            return (f"{step}{_after(': ', detail)}",)
        case StepEnded(step, good, seconds, detail):
            return (f"{step} {'done' if good else 'FAILED'} in {duration(seconds)}{_after(': ', detail)}",)
        case Said(step, line):
            return tuple(f"{step} | {part}" for part in cleaned([line]))
        case ServiceMoved():
            return (service_line(event),)
        case Explained(diagnosis):
            return _explained(diagnosis)
        case Warned(text):
            return tuple(f"warning: {part}" for part in cleaned([text]))
        case Settled(sentence=text):
            return (f"settled: {clean(text)}",)
        case WayBack() | TakenBack() | TakesOver() | Accompanied():
            return ()
        case Ended(outcome):
            # The sentence is the outcome's own, which is printed next.
            return (f"ended: {outcome.result.value}",)


def workflow_commands(event: Event) -> tuple[str, ...]:
    """What GitHub Actions is told beside the lines: folds for long output, annotations for what went wrong."""
    match event:
        case StepBegan(step) if step in FOLDED:
            return (github_actions.group(f"{step}: output"),)
        case StepEnded(step) if step in FOLDED:
            return (github_actions.end_group(),)
        case Planned(plan):
            return tuple(github_actions.warning(clean(text), plan.request.environment) for text in plan.warnings)
        case Warned(text):
            return (github_actions.warning("\n".join(cleaned([text]))),)
        case Ended(outcome) if not outcome.good:
            return _annotations(outcome)
        case _:
            return ()


def service_line(event: ServiceMoved) -> str:
    """``app: 1 of 2 running, 1 pending``: one service's news."""
    return f"{event.key}: {news(event.verdict, event.running, event.desired, event.going_back)}"


def _planned(plan: Plan) -> tuple[str, ...]:
    request = plan.request
    where = f"{request.environment} (cluster {plan.cluster}, {plan.region})"
    if plan.nothing_to_do:
        return ()
    what = f"releasing {request.commit.short} to {where}: {count(len(plan.changes), 'service')}"
    if plan.only_migrates:
        what = f"running the migration of {request.commit.short} in {where}: no service is touched"
    return (f"{what}, release {request.release_id}", *(f"warning: {clean(text)}" for text in plan.warnings))


def _explained(diagnosis: Diagnosis) -> tuple[str, ...]:
    told = [f"{_after('', blamed(diagnosis), ': ')}{clean(diagnosis.cause)}"]
    if diagnosis.more:
        told.extend(f"  {diagnosis.quoted} says: {part}" for part in cleaned([diagnosis.more]))
    if diagnosis.fix:
        told.append(f"  fix: {clean(diagnosis.fix)}")
    return tuple(told)


def _annotations(outcome: Outcome) -> tuple[str, ...]:
    title = f"{outcome.plan.request.environment}: {outcome.result.value}"
    reasons = [f"{each.cause}\n{each.fix}".rstrip() for each in outcome.diagnoses] or [outcome.sentence]
    return tuple(github_actions.error("\n".join(cleaned([reason])), title) for reason in reasons)


def _after(before: str, text: str, behind: str = "") -> str:
    return f"{before}{clean(text)}{behind}" if text else ""
