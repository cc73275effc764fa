"""The blocks a comment is made of: table of services, line of steps, reasons."""

from __future__ import annotations

from collections.abc import Iterable

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.observed import revision
from deploytool.report.escaping import code, fenced, prose
from deploytool.report.serving import serving
from deploytool.report.story import Phase, Story
from deploytool.report.wording import blamed, duration, news

TABLE_HEAD = "| service | status | version before → now | tasks |\n|---|---|---|---|\n"
_SIGNS = {"rolled back": "↩️", "not changed": "➖"}


def services(story: Story) -> str:
    """The table of services; empty where the plan changes none."""
    rows = _ended(story) if story.outcome else _going(story)
    return TABLE_HEAD + "\n".join(f"| {' | '.join(row)} |" for row in rows) if rows else ""


def steps(story: Story) -> str:
    """Every step in one line, with its time; bold while it goes on."""
    return " · ".join(_step(phase, over=story.outcome is not None) for phase in story.phases)


def reasons(diagnoses: Iterable[Diagnosis], log_lines: int) -> str:
    """Why it failed: cause, fix, AWS's words and the last lines of the log, per reason."""
    parts = [_reason(diagnosis, log_lines) for diagnosis in diagnoses]
    return "\n\n".join(["#### Why", *parts]) if parts else ""


def _going(story: Story) -> list[tuple[str, ...]]:
    before = {change.key: revision(change.back_to) for change in story.plan.changes} if story.plan else {}
    return [
        (
            code(row.key),
            prose(news(row.verdict, row.running, row.desired, row.going_back)) if row.moved else "not begun",
            f"{code(before.get(row.key, ''))} → …",
            f"{row.running if row.counted else '–'}/{row.desired}",
        )
        for row in story.services
    ]


def _ended(story: Story) -> list[tuple[str, ...]]:
    if story.outcome is None:
        return []
    tasks = {row.key: f"{row.running}/{row.desired}" for row in story.services if row.counted}
    return [
        (
            code(row.key),
            f"{'✅' if row.good else _SIGNS.get(row.status, '❌')} {prose(row.status)}",
            f"{code(row.before)} → {code(row.now)}{f' ({code(row.version)})' if row.version else ''}",
            tasks.get(row.key, "–"),
        )
        for row in serving(story.outcome)
    ]


def _step(phase: Phase, over: bool) -> str:
    name = prose(phase.step, 50)
    if phase.good is None:
        return f"{name} ✗" if over else f"**{name} …**"
    return f"{name} {'✓' if phase.good else '✗'} {duration(phase.seconds)}"


def _reason(diagnosis: Diagnosis, log_lines: int) -> str:
    about = f"{code(subject)}: " if (subject := blamed(diagnosis)) else ""
    told = [f"{about}{prose(diagnosis.cause)}"]
    if diagnosis.fix:
        told.append(f"**Fix**: {prose(diagnosis.fix)}")
    if diagnosis.more:
        told.append(f"> {prose(diagnosis.quoted)} says: {prose(diagnosis.more)}")
    shown = diagnosis.log[-log_lines:] if log_lines else ()
    if shown:
        last = "Last line" if len(shown) == 1 else f"Last {len(shown)} lines"
        head = f"<details><summary>{last} of its log</summary>"
        told.append(f"{head}\n\n{fenced(shown)}\n\n</details>")
    return "\n\n".join(told)
