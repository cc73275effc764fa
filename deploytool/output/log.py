"""A story as lines with times, for CI and wherever no terminal watches."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar, assert_never

from deploytool.diagnosis import Diagnosis
from deploytool.output import actions
from deploytool.output.actions import escape_commands
from deploytool.output.markup import clean, cleaned, container_prefix, count, duration, progress_text, words
from deploytool.redaction import mask_credentials
from deploytool.release.events import (
    Ended,
    Event,
    Explained,
    IncludedCommits,
    OutputLine,
    Planned,
    Recovered,
    ReplacedRelease,
    RollbackTarget,
    RolledBackRelease,
    ServiceProgress,
    StepBegan,
    StepEnded,
    WarningIssued,
)
from deploytool.release.model import Plan, StepName

# A story as lines with times, for CI and wherever no terminal watches.

E = TypeVar("E")


@dataclass(frozen=True)
class LogFormat(Generic[E]):
    """What the events of one kind of story are told as."""

    lines: Callable[[E], tuple[str, ...]]
    workflow_commands: Callable[[E], tuple[str, ...]]
    """What GitHub Actions is told beside the lines: folds for long output, annotations for what went wrong."""
    subject: Callable[[E], Hashable | None]
    """What an event brings news of; ``None`` where it is told however often it comes."""


class LogView(Generic[E]):
    """Writes every event as timestamped lines; the same about the same subject only once in a row."""

    def __init__(
        self, write: Callable[[str], object], now: Callable[[], datetime], wording: LogFormat[E], actions: bool = False
    ) -> None:
        """``write`` gets whole lines with their newline. ``actions``: the log is read by GitHub Actions."""
        self._write = write
        self._now = now
        self._wording = wording
        self._actions = actions
        self._last: dict[Hashable, tuple[str, ...]] = {}

    def on_event(self, event: E) -> None:
        """Write what ``event`` means."""
        lines = [f"{self._now():%H:%M:%S}  {self._safe(line)}" for line in self._fresh(event)]
        if self._actions:
            commands = self._wording.workflow_commands(event)
            # The end of a step is read outside the fold that it closes.
            lines = [*commands, *lines] if isinstance(event, StepEnded) else [*lines, *commands]
        self._write("".join(f"{line}\n" for line in lines))

    def _safe(self, line: str) -> str:
        return " ".join(escape_commands(line)) if self._actions else line

    def _fresh(self, event: E) -> tuple[str, ...]:
        lines, subject = self._wording.lines(event), self._wording.subject(event)
        if subject is None:
            return lines
        before, self._last[subject] = self._last.get(subject), lines
        return () if lines == before else lines


# What the events of a release are told as in a log: one or few lines each.

FOLDED = frozenset({StepName.BUILD, StepName.MIGRATE})
"""Steps whose output is long enough to fold away in the log of GitHub Actions."""


def lines(event: Event) -> tuple[str, ...]:
    """What to say about one event."""
    match event:
        case Planned(plan):
            return _planned(plan)
        case StepBegan(step, detail):
            return (f"{step}{_after(': ', detail)}",)
        case StepEnded(step, succeeded, seconds, detail):
            return (f"{step} {'done' if succeeded else 'FAILED'} in {duration(seconds)}{_after(': ', detail)}",)
        case OutputLine(step, line):
            return tuple(f"{step} | {mask_credentials(part)}" for part in cleaned([line]))
        case ServiceProgress():
            return (_service(event),)
        case Explained(diagnosis):
            return _explained(diagnosis)
        case WarningIssued(text):
            return tuple(f"warning: {part}" for part in cleaned([text]))
        case Recovered(summary=text):
            return (f"recovered: {clean(text)}",)
        case RollbackTarget() | RolledBackRelease() | ReplacedRelease() | IncludedCommits():
            return ()
        case Ended(outcome):
            # The sentence is the outcome's own, which is printed next.
            return (f"ended: {words(outcome.result)}",)
        case _ as never:
            assert_never(never)


def workflow_commands(event: Event) -> tuple[str, ...]:
    """What GitHub Actions is told beside the lines: folds for long output, annotations for what went wrong."""
    match event:
        case StepBegan(step) if step in FOLDED:
            return (actions.group(f"{step}: output"),)
        case StepEnded(step) if step in FOLDED:
            return (actions.end_group(),)
        case Planned(plan):
            return tuple(actions.warning(clean(text), plan.request.environment) for text in plan.warnings)
        case WarningIssued(text):
            return (actions.warning("\n".join(cleaned([text]))),)
        case Ended(outcome) if not outcome.succeeded:
            return failure_annotations(
                outcome.plan.request.environment, outcome.result, outcome.diagnoses, outcome.summary
            )
        case _:
            return ()


def _service(event: ServiceProgress) -> str:
    return f"{event.key}: {progress_text(event.status, event.running, event.desired, event.reverting)}"


def failure_annotations(
    environment: str, result: str, diagnoses: Sequence[Diagnosis], sentence: str
) -> tuple[str, ...]:
    """One error for each reason that something failed, else for the sentence that says so."""
    reasons = [f"{each.cause}\n{each.fix}".rstrip() for each in diagnoses] or [sentence]
    return tuple(actions.error("\n".join(cleaned([each])), f"{environment}: {words(result)}") for each in reasons)


def subject(event: Event) -> str | None:
    """The service whose rollout an event brings news of."""
    return event.key if isinstance(event, ServiceProgress) else None


WORDING = LogFormat(lines, workflow_commands, subject)


def _planned(plan: Plan) -> tuple[str, ...]:
    request = plan.request
    where = f"{request.environment} (cluster {plan.cluster}, {plan.region})"
    if plan.nothing_to_do:
        return ()
    what = f"releasing {request.commit.short} to {where}: {count(len(plan.changes), 'service')}"
    if plan.already_running:
        what = f"releasing {request.commit.short} to {where}: every service runs it already, none moves"
    if plan.only_migrates:
        what = f"running the migration of {request.commit.short} in {where}: no service is touched"
    return (f"{what}, release {request.release_id}", *(f"warning: {clean(text)}" for text in plan.warnings))


def _explained(diagnosis: Diagnosis) -> tuple[str, ...]:
    lines = [f"{_after('', container_prefix(diagnosis), ': ')}{clean(diagnosis.cause)}"]
    if diagnosis.more:
        lines.extend(f"  {diagnosis.quoted} says: {part}" for part in cleaned([diagnosis.more]))
    if diagnosis.fix:
        lines.append(f"  fix: {clean(diagnosis.fix)}")
    return tuple(lines)


def _after(before: str, text: str, behind: str = "") -> str:
    return f"{before}{clean(text)}{behind}" if text else ""
