"""What the events of a release are told as in a log: one or few lines each."""

from __future__ import annotations

from collections.abc import Sequence

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
from deploytool.core.plan_model import Plan
from deploytool.report import github_actions
from deploytool.report.logged import Wording
from deploytool.report.wording import blamed, clean, cleaned, count, duration, news

FOLDED = frozenset({"build", "migrate"})
"""Steps whose output is long enough to fold away in the log of GitHub Actions."""


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
            return (_service(event),)
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
            return failure_annotations(
                outcome.plan.request.environment, outcome.result, outcome.diagnoses, outcome.sentence
            )
        case _:
            return ()


def _service(event: ServiceMoved) -> str:
    return f"{event.key}: {news(event.verdict, event.running, event.desired, event.going_back)}"


def failure_annotations(
    environment: str, result: str, diagnoses: Sequence[Diagnosis], sentence: str
) -> tuple[str, ...]:
    """One error for each reason that something failed, else for the sentence that says so."""
    reasons = [f"{each.cause}\n{each.fix}".rstrip() for each in diagnoses] or [sentence]
    return tuple(github_actions.error("\n".join(cleaned([each])), f"{environment}: {result}") for each in reasons)


def subject(event: Event) -> str | None:
    """The service whose rollout an event brings news of."""
    return event.key if isinstance(event, ServiceMoved) else None


WORDING = Wording(lines, workflow_commands, subject)


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
    told = [f"{_after('', blamed(diagnosis), ': ')}{clean(diagnosis.cause)}"]
    if diagnosis.more:
        told.extend(f"  {diagnosis.quoted} says: {part}" for part in cleaned([diagnosis.more]))
    if diagnosis.fix:
        told.append(f"  fix: {clean(diagnosis.fix)}")
    return tuple(told)


def _after(before: str, text: str, behind: str = "") -> str:
    return f"{before}{clean(text)}{behind}" if text else ""
