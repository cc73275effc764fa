"""The stacks as lines with times, for CI and wherever no terminal watches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

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
from deploytool.report import github_actions, plain
from deploytool.report.wording import clean, cleaned, count, duration


class PlainInfra:
    """Writes every event as timestamped lines; what CloudFormation says twice of a resource, once."""

    def __init__(self, write: Callable[[str], object], now: Callable[[], datetime], actions: bool = False) -> None:
        """``write`` gets whole lines with their newline. ``actions``: the log is read by GitHub Actions."""
        self._write = write
        self._now = now
        self._actions = actions
        self._last: dict[tuple[str, str], str] = {}

    def tell(self, event: InfraEvent | Event) -> None:
        """Write what ``event`` means."""
        if isinstance(event, ResourceMoved) and not self._is_news(event):
            return
        told = [f"{self._now():%H:%M:%S}  {self._safe(line)}" for line in lines(event)]
        told += workflow_commands(event) if self._actions else ()
        self._write("".join(f"{line}\n" for line in told))

    def _safe(self, line: str) -> str:
        return " ".join(github_actions.inert(line)) if self._actions else line

    def _is_news(self, event: ResourceMoved) -> bool:
        resource, status = (event.key, event.event.logical_id), event.event.status
        before, self._last[resource] = self._last.get(resource), status
        return before != status


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
            title = f"{outcome.environment}: {outcome.result.value}"
            reasons = [f"{each.cause}\n{each.fix}".rstrip() for each in outcome.diagnoses] or [sentence(outcome)]
            return tuple(github_actions.error("\n".join(cleaned([reason])), title) for reason in reasons)
        case InfraPlanned() | StackWaits() | StackBegan() | ResourceMoved() | StackEnded() | InfraEnded():
            return ()
        case _:
            return plain.workflow_commands(event)


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
