"""The four DORA figures: for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploytool.core.stats import Bar, Dora
from deploytool.report.layout import columns
from deploytool.report.wording import count, duration

BLOCKS = " ▁▂▃▄▅▆▇█"
NONE = "-"


def stats_text(environment: str, dora: Dora) -> str:
    """Figures, and below them what was deployed and what failed over time, on one scale."""
    days = (dora.until - dora.since).days
    most, each = most_in(dora.bars), column(dora)
    plot = columns(
        [
            ("deployed", f"│{blocks([bar.deployed for bar in dora.bars], most)}│", f"at most {most} a {each}"),
            ("failed", f"│{blocks([bar.failed for bar in dora.bars], most)}│"),
        ]
    )
    axis = f"  {dora.bars[0].start:%Y-%m-%d} to {dora.until:%Y-%m-%d}, a column is a {each}"
    return "\n".join((f"{environment}, {count(days, 'day')}:", *columns(figures(dora)), "", *plot, axis))


def figures(dora: Dora) -> tuple[tuple[str, str, str], ...]:
    """Name, value and meaning of each."""
    unrestored = f"; {dora.unrestored} not restored yet" if dora.unrestored else ""
    rate = NONE if dora.failure_rate is None else f"{dora.failure_rate:.0%}"
    return (
        ("deployment frequency", frequency(dora), count(dora.deployments, "deployment")),
        ("lead time for changes", span(dora.lead_time), "from commit to live, median"),
        ("change failure rate", rate, f"{dora.failures} of {count(dora.changes, 'change')}"),
        ("time to restore", span(dora.time_to_restore), f"median{unrestored}"),
    )


def stats_document(environment: str, dora: Dora) -> dict[str, Any]:
    """``deploytool stats --output json``; times in seconds."""
    return {
        "schema": 1,
        "environment": environment,
        "since": dora.since.isoformat(),
        "until": dora.until.isoformat(),
        "deployments": dora.deployments,
        "deployments_per_day": dora.per_day,
        "lead_time_seconds": dora.lead_time,
        "changes": dora.changes,
        "failures": dora.failures,
        "change_failure_rate": dora.failure_rate,
        "time_to_restore_seconds": dora.time_to_restore,
        "unrestored": dora.unrestored,
        "bars": [{"start": bar.start.isoformat(), "deployed": bar.deployed, "failed": bar.failed} for bar in dora.bars],
    }


def blocks(values: Sequence[int], most: int) -> str:
    """A column per value, rounded up: anything at all is seen."""
    steps = len(BLOCKS) - 1
    return "".join(BLOCKS[-(-value * steps // most)] if value else BLOCKS[0] for value in values)


def frequency(dora: Dora) -> str:
    """Per day where there is one a day, else per week, else per month."""
    if not dora.deployments:
        return NONE
    for days, name in ((1, "day"), (7, "week")):
        if dora.per_day * days >= 1:
            return f"{dora.per_day * days:.1f} a {name}"
    return f"{dora.per_day * 30:.1f} a month"


def span(seconds: float | None) -> str:
    """A time of any length: from seconds to days."""
    if seconds is None:
        return NONE
    return duration(seconds) if seconds < 2 * 86_400 else f"{seconds / 86_400:.1f} days"


def most_in(bars: Sequence[Bar]) -> int:
    """The scale that deployed and failed share; at least 1, so that it can be divided by."""
    return max((max(bar.deployed, bar.failed) for bar in bars), default=1) or 1


def column(dora: Dora) -> str:
    """What one bar stands for: a day or a week."""
    ends = [*(bar.start for bar in dora.bars), dora.until]
    return "day" if (ends[1] - ends[0]).days == 1 else "week"
