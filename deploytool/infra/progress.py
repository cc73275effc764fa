"""Progress of the stacks: a tree that redraws on a terminal, timestamped lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from rich.console import Group, RenderableType
from rich.spinner import Spinner
from rich.text import Text

from deploytool.diagnosis import Diagnosis
from deploytool.infra.events import (
    SUCCEEDED,
    InfraEnded,
    InfraEvent,
    InfraOutcome,
    InfraPlanned,
    ResourceMoved,
    StackBegan,
    StackEnded,
    StackEvent,
    StackOutcome,
    StackResult,
    StackWaits,
    infra_summary,
)
from deploytool.infra.plan import InfraPlan
from deploytool.infra.ports import InfraListener
from deploytool.infra.stacks import short_type
from deploytool.output import log
from deploytool.output.console import now, print_document, print_text, progress_view, tolerating_closed_stream
from deploytool.output.log import LogFormat
from deploytool.output.markup import clean, count, duration, words
from deploytool.output.progress import Signs, notices, output_lines, progress_grid, sign
from deploytool.release.events import Event, Explained, OutputLine, Recovered, WarningIssued

if TYPE_CHECKING:
    from deploytool.output.progress import LiveView


def infra_listener(*, as_json: bool) -> AbstractContextManager[InfraListener]:
    """With ``as_json`` progress goes to standard error: standard output holds the outcome and nothing else."""
    return progress_view(_live_view, _log_format, as_json=as_json)


def print_infra_outcome(outcome: InfraOutcome, operation: Literal["apply", "destroy"], *, as_json: bool) -> None:
    """The outcome on standard output."""
    from deploytool.infra.documents import infra_outcome_document
    from deploytool.infra.output import infra_outcome_text

    with tolerating_closed_stream(sys.stdout):
        if as_json:
            print_document(infra_outcome_document(outcome, operation))
        else:
            print_text(infra_outcome_text(outcome))


def print_warning(event: InfraEvent | Event) -> None:
    """Print warnings, and nothing else."""
    if isinstance(event, WarningIssued):
        print_text(f"warning: {event.text}", err=True)


def _live_view() -> LiveView[InfraView, InfraEvent | Event]:
    from rich.console import Console

    from deploytool.output.progress import LiveView

    return LiveView(Console(), now, InfraView(), apply, render)


def _log_format() -> LogFormat[InfraEvent | Event]:

    return WORDING


def lines(event: InfraEvent | Event) -> tuple[str, ...]:
    """The lines of one event; those shared with releases as there."""
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
            return () if end.outcome is StackOutcome.UNCHANGED else (_ended(end),)
        case InfraEnded():
            # The outcome follows in full.
            return ()
        case _:
            return log.lines(event)


def workflow_commands(event: InfraEvent | Event) -> tuple[str, ...]:
    """Annotations for GitHub Actions."""
    match event:
        case InfraEnded(outcome) if not outcome.succeeded:
            return log.failure_annotations(
                outcome.environment, outcome.result, outcome.diagnoses, infra_summary(outcome)
            )
        case InfraPlanned() | StackWaits() | StackBegan() | ResourceMoved() | StackEnded() | InfraEnded():
            return ()
        case _:
            return log.workflow_commands(event)


def subject(event: InfraEvent | Event) -> tuple[str, str] | None:
    """The resource of an event, by stack and logical id: CloudFormation reports most statuses twice."""
    return (event.key, event.event.logical_id) if isinstance(event, ResourceMoved) else None


WORDING = LogFormat(lines, workflow_commands, subject)


def _planned(plan: InfraPlan) -> tuple[str, ...]:
    if plan.nothing_to_do:
        return (f"nothing to do: {plan.environment} is up to date",)
    changing = [each for each in plan.stacks if not each.unchanged]
    return (
        f"applying {plan.environment} ({plan.region}): "
        + ", ".join(f"{each.stack.key} {each.how}" for each in changing),
    )


def _ended(end: StackResult) -> str:
    took = f" in {duration(end.seconds)}" if end.seconds else ""
    detail = f"; {clean(end.detail)}" if end.detail else ""
    return f"{end.key}: {words(end.outcome)}{took}{detail}"


@dataclass(frozen=True)
class ResourceRow:
    """One resource, at its last event."""

    event: StackEvent
    began: datetime

    @property
    def moving(self) -> bool:
        """CloudFormation is working on it."""
        return self.event.status.endswith("_IN_PROGRESS")

    @property
    def failed(self) -> bool:
        """CloudFormation failed to change it."""
        return self.event.status.endswith("_FAILED")


@dataclass(frozen=True)
class StackRow:
    """One stack, at its last event."""

    key: str
    what: str = ""
    """``create``, ``update``, ``delete``; empty while it has not begun."""
    waits_for: str = ""
    began: datetime | None = None
    total: int = 0
    resources: Mapping[str, ResourceRow] = field(default_factory=dict)
    end: StackResult | None = None

    @property
    def done(self) -> int:
        """Resources that CloudFormation has finished."""
        return sum(not row.moving for row in self.resources.values())


@dataclass(frozen=True)
class InfraView:
    """The stacks so far, folded from events."""

    plan: InfraPlan | None = None
    stacks: Mapping[str, StackRow] = field(default_factory=dict)
    diagnoses: tuple[Diagnosis, ...] = ()
    warnings: tuple[str, ...] = ()
    output_line: str = ""
    """The last line of a build."""
    outcome: InfraOutcome | None = None


def apply(story: InfraView, event: InfraEvent | Event, at: datetime) -> InfraView:
    """The view after ``event``, which arrived at ``at``."""
    match event:
        case InfraPlanned(plan):
            rows = {each.stack.key: StackRow(each.stack.key, total=len(each.changes)) for each in plan.stacks}
            return replace(story, plan=plan, stacks=rows)
        case StackWaits(key, reason):
            return _with(story, replace(_row(story, key), waits_for=reason))
        case StackBegan(key, _, what, resources):
            row = _row(story, key)
            return _with(
                story, replace(row, what=what, began=at, waits_for="", total=resources or row.total, resources={})
            )
        case ResourceMoved(key, news) if not news.of_stack:
            return _with(story, _moved(_row(story, key), news, at))
        case StackEnded(end):
            return _with(replace(story, output_line=""), replace(_row(story, end.key), end=end, waits_for=""))
        case Explained(diagnosis):
            return replace(story, diagnoses=(*story.diagnoses, diagnosis))
        case WarningIssued(text) | Recovered(summary=text):
            return replace(story, warnings=tuple(dict.fromkeys((*story.warnings, text))))
        case OutputLine(_, line):
            return replace(story, output_line=line)
        case InfraEnded(outcome):
            return replace(story, outcome=outcome)
        case _:
            return story


def _row(story: InfraView, key: str) -> StackRow:
    return story.stacks.get(key, StackRow(key))


def _with(story: InfraView, row: StackRow) -> InfraView:
    return replace(story, stacks={**story.stacks, row.key: row})


def _moved(row: StackRow, news: StackEvent, at: datetime) -> StackRow:
    before = row.resources.get(news.logical_id)
    began = before.began if before and before.event.status == news.status else at
    return replace(row, resources={**row.resources, news.logical_id: ResourceRow(news, began)})


MOST_SHOWN = 6
"""Resources of one stack that are shown while in progress; those that take longest."""


def render(story: InfraView, now: datetime, signs: Signs, spinner: Spinner) -> RenderableType:
    """The story at one moment."""
    grid = progress_grid()
    for row in story.stacks.values():
        grid.add_row(_sign(row, signs, spinner), Text(row.key, "bold"), Text(_took(row, now)), _progress(row))
        for resource in _shown(row):
            name = Text(f"  {clean(resource.event.logical_id)}", "red" if resource.failed else "")
            elapsed = Text(duration((now - resource.began).total_seconds()), "dim")
            grid.add_row("", name, elapsed, _resource(resource))
    parts: list[RenderableType] = [grid]
    if story.output_line and story.outcome is None:
        parts += output_lines([clean(story.output_line)])
    parts += notices(story.diagnoses, story.warnings, signs, over=story.outcome is not None)
    return Group(*parts)


def _sign(row: StackRow, signs: Signs, spinner: Spinner) -> RenderableType:
    if row.end is None or row.end.outcome is StackOutcome.NOT_STARTED:
        return spinner if row.began and not row.end else Text("-", "dim")
    return sign(row.end.outcome in SUCCEEDED, signs, spinner)


def _took(row: StackRow, now: datetime) -> str:
    if row.end is not None:
        return duration(row.end.seconds) if row.end.seconds else ""
    return duration((now - row.began).total_seconds()) if row.began else ""


def _progress(row: StackRow) -> Text:
    counts = f"{row.done} of {max(row.total, len(row.resources))}" if row.total else str(row.done or "")
    if row.end is not None:
        changed = f", {len(row.resources)} resources" if row.resources else ""
        return Text(f"{words(row.end.outcome)}{changed}", "" if row.end.outcome in SUCCEEDED else "red")
    if row.waits_for:
        return Text(f"waits for {row.waits_for}", "dim")
    return Text(f"{row.what} {counts}".strip(), "dim")


def _shown(row: StackRow) -> Iterator[ResourceRow]:
    """Failed ones always; of those in progress, the ones that take longest."""
    failed = [resource for resource in row.resources.values() if resource.failed]
    moving = sorted((item for item in row.resources.values() if item.moving), key=lambda item: item.began)
    yield from failed[:MOST_SHOWN]
    if row.end is None:
        yield from moving[:MOST_SHOWN]


def _resource(row: ResourceRow) -> Text:
    reason = f": {clean(row.event.reason)}" if row.failed and row.event.reason else ""
    return Text(f"{short_type(row.event.type)} {row.event.status}{reason}", "red" if row.failed else "dim")
