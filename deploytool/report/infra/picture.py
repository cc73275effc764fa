"""The stacks as a tree, at one moment of their story."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rich.console import Group, RenderableType
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from deploytool.core.stacks.change import short_type
from deploytool.core.stacks.outcome import GOOD, Fate
from deploytool.report.infra.story import InfraStory, ResourceRow, StackRow
from deploytool.report.live import Signs
from deploytool.report.wording import clean, duration

MOST_SHOWN = 6
"""Resources of one stack that are shown while they are worked on; those that take longest."""


def picture(story: InfraStory, now: datetime, signs: Signs, spinner: Spinner) -> RenderableType:
    """The story at one moment."""
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(width=1)
    grid.add_column(min_width=10, no_wrap=True)
    grid.add_column(min_width=9, justify="right", no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis")
    for row in story.stacks.values():
        grid.add_row(_sign(row, signs, spinner), Text(row.key, "bold"), Text(_took(row, now)), _news(row))
        for each in _shown(row):
            kind = Text(f"  {clean(each.event.logical_id)}", "red" if each.failed else "")
            grid.add_row("", kind, Text(duration((now - each.began).total_seconds()), "dim"), _resource(each))
    parts: list[RenderableType] = [grid]
    if story.said and story.outcome is None:
        parts.append(Text(f"    {clean(story.said)}", "dim", no_wrap=True, overflow="ellipsis"))
    if story.outcome is None:
        for diagnosis in story.diagnoses:
            parts.append(Text(f"{signs.bad} {clean(diagnosis.cause)}", "red"))
            parts.extend([Text(f"  fix: {clean(diagnosis.fix)}")] * bool(diagnosis.fix))
    parts.extend(Text(f"warning: {clean(text)}", "yellow") for text in story.warnings)
    return Group(*parts)


def _sign(row: StackRow, signs: Signs, spinner: Spinner) -> RenderableType:
    if row.end is not None:
        if row.end.fate is Fate.NOT_BEGUN:
            return Text("-", "dim")
        return Text(signs.good, "green") if row.end.fate in GOOD else Text(signs.bad, "red")
    return spinner if row.began else Text("-", "dim")


def _took(row: StackRow, now: datetime) -> str:
    if row.end is not None:
        return duration(row.end.seconds) if row.end.seconds else ""
    return duration((now - row.began).total_seconds()) if row.began else ""


def _news(row: StackRow) -> Text:
    counts = f"{row.done} of {max(row.total, len(row.resources))}" if row.total else str(row.done or "")
    if row.end is not None:
        changed = f", {len(row.resources)} resources" if row.resources else ""
        return Text(f"{row.end.fate}{changed}", "" if row.end.fate in GOOD else "red")
    if row.waits_for:
        return Text(f"waits for {row.waits_for}", "dim")
    return Text(f"{row.what} {counts}".strip(), "dim")


def _shown(row: StackRow) -> Iterator[ResourceRow]:
    """Failed ones always; of those worked on, the ones that take longest."""
    failed = [each for each in row.resources.values() if each.failed]
    moving = sorted((each for each in row.resources.values() if each.moving), key=lambda each: each.began)
    yield from failed[:MOST_SHOWN]
    if row.end is None:
        yield from moving[:MOST_SHOWN]


def _resource(row: ResourceRow) -> Text:
    reason = f": {clean(row.event.reason)}" if row.failed and row.event.reason else ""
    return Text(f"{short_type(row.event.type)} {row.event.status}{reason}", "red" if row.failed else "dim")
