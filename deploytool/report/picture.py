"""A release at one moment of its story, as a terminal shows it."""

from __future__ import annotations

from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from deploytool.core.verdict_model import Fate, Verdict
from deploytool.report.live import Signs
from deploytool.report.story import Phase, ServiceRow, Story
from deploytool.report.wording import blamed, clean, duration, news

OUTPUT_SHOWN = 6


def picture(story: Story, now: datetime, signs: Signs, spinner: Spinner) -> RenderableType:
    """The story at one moment; the output of a step is shown only while the release goes on."""
    parts: list[RenderableType] = []
    if story.plan:
        parts.append(_head(story))
    for phase in story.phases:
        parts.append(_phase(phase, now, signs, spinner, over=story.outcome is not None))
        if phase is story.current and story.outcome is None:
            parts.extend(_line(f"    {line}", "dim") for line in story.output[-OUTPUT_SHOWN:])
    if any(row.moved for row in story.services):
        parts.append(Padding(_services(story.services), (1, 0, 0, 2)))
    for diagnosis in story.diagnoses if story.outcome is None else ():
        about = f"{subject}: " if (subject := blamed(diagnosis)) else ""
        parts.append(Padding(Text(f"{signs.bad} {clean(about + diagnosis.cause)}", "red"), (1, 0, 0, 0)))
        if diagnosis.fix:
            parts.append(Text(f"  fix: {clean(diagnosis.fix)}"))
    parts.extend(_warning(text, whole=story.outcome is not None) for text in story.warnings)
    return Group(*parts)


def _warning(text: str, *, whole: bool) -> Text:
    """On one line while the picture moves; whole in what is left of it, since nothing else tells it."""
    said = f"warning: {clean(text)}"
    return Text(said, "yellow") if whole else _line(said, "yellow")


def _head(story: Story) -> Text:
    if story.plan is None:
        return Text()
    request = story.plan.request
    head = Text(no_wrap=True, overflow="ellipsis")
    head.append(f"{request.app} {request.commit.short}", "bold")
    head.append(f" to {request.environment}  ")
    return head.append(clean(request.commit.subject), "dim")


def _phase(phase: Phase, now: datetime, signs: Signs, spinner: Spinner, over: bool) -> RenderableType:
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(width=1)
    grid.add_column(min_width=10, no_wrap=True)
    grid.add_column(min_width=10, justify="right", no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis", style="dim")
    sign: RenderableType = spinner
    if phase.good is not None or over:
        sign = Text(signs.good, "green") if phase.good else Text(signs.bad, "red")
    grid.add_row(sign, Text(phase.step), Text(duration(phase.elapsed(now))), Text(clean(phase.detail)))
    return grid


def _services(rows: tuple[ServiceRow, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("service", no_wrap=True)
    table.add_column("tasks", no_wrap=True, justify="right")
    # The only column that rich may make narrower: names and counts stay whole.
    table.add_column("news")
    for row in rows:
        told = news(row.verdict, row.running, row.desired, row.going_back) if row.moved else "not begun"
        table.add_row(
            Text(row.key),
            Text(f"{row.running if row.counted else '-'}/{row.desired}"),
            _line(told, _style(row.verdict)),
        )
    return table


def _style(verdict: Verdict) -> str:
    if verdict.fate is Fate.LIVE:
        return "green"
    return "red" if verdict.failed else ""


def _line(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")
