"""What the events of stacks are told as in a log; those that they share with a release, as there."""

from __future__ import annotations

from deploytool.core.events import Event
from deploytool.core.stacks.change import short_type
from deploytool.core.stacks.events import (
    InfraEnded,
    InfraEvent,
    InfraPlanned,
    ResourceMoved,
    StackBegan,
    StackEnded,
    StackWaits,
)
from deploytool.core.stacks.outcome import Fate, StackEnd, sentence
from deploytool.core.stacks.plan import InfraPlan
from deploytool.report import plain
from deploytool.report.logged import Wording
from deploytool.report.wording import clean, count, duration


def lines(event: InfraEvent | Event) -> tuple[str, ...]:
    """What to say about one event."""
    match event:
        case InfraPlanned(plan):
            return _planned(plan)
        case StackWaits(key, reason):
            return (f"{key}: waits for {reason}",)
        case StackBegan(key, name, what, resources):
            changing = f", {count(resources, 'resource')}" if resources else ""
            return (f"{key}: {what} stack {name}{changing}",)
        case ResourceMoved(key, news):
            what = f"stack {news.logical_id}" if news.of_stack else f"{news.logical_id} ({short_type(news.type)})"
            reason = f": {clean(news.reason)}" if news.reason and news.status.endswith("_FAILED") else ""
            return (f"{key} | {clean(what)} {news.status}{reason}",)
        case StackEnded(end):
            return () if end.fate is Fate.UNCHANGED else (_ended(end),)
        case InfraEnded():
            # The outcome follows in full.
            return ()
        case _:
            return plain.lines(event)


def workflow_commands(event: InfraEvent | Event) -> tuple[str, ...]:
    """What GitHub Actions is told beside the lines."""
    match event:
        case InfraEnded(outcome) if not outcome.good:
            return plain.failure_annotations(outcome.environment, outcome.result, outcome.diagnoses, sentence(outcome))
        case InfraPlanned() | StackWaits() | StackBegan() | ResourceMoved() | StackEnded() | InfraEnded():
            return ()
        case _:
            return plain.workflow_commands(event)


def subject(event: InfraEvent | Event) -> tuple[str, str] | None:
    """The resource that an event brings news of, by stack and logical id: CloudFormation says most things twice."""
    return (event.key, event.event.logical_id) if isinstance(event, ResourceMoved) else None


WORDING = Wording(lines, workflow_commands, subject)


def _planned(plan: InfraPlan) -> tuple[str, ...]:
    if plan.nothing_to_do:
        return (f"nothing to do: {plan.environment} is as its templates say",)
    changing = [each for each in plan.stacks if not each.unchanged]
    return (
        f"applying {plan.environment} ({plan.region}): "
        + ", ".join(f"{each.stack.key} {each.how}" for each in changing),
    )


def _ended(end: StackEnd) -> str:
    took = f" in {duration(end.seconds)}" if end.seconds else ""
    detail = f"; {clean(end.detail)}" if end.detail else ""
    return f"{end.key}: {end.fate}{took}{detail}"
