"""The four DORA figures: for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from deploytool.ledger.dora import Bucket, Dora
from deploytool.output.documents import StatsDocument
from deploytool.output.json import moment, seconds_or_none
from deploytool.output.markup import columns, count, duration

# The four DORA figures: for a terminal and as JSON.

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


def stats_document(environment: str, dora: Dora) -> StatsDocument:
    """``deploytool stats --output json``."""
    return {
        "schema": 1,
        "kind": "stats",
        "exit_code": 0,
        "problems": [],
        "environment": environment,
        "since_at": moment(dora.since),
        "until_at": moment(dora.until),
        "deployments": dora.deployments,
        "deployments_per_day": dora.per_day,
        "lead_time_seconds": seconds_or_none(dora.lead_time),
        "changes": dora.changes,
        "failures": dora.failures,
        "change_failure_rate": dora.failure_rate,
        "time_to_restore_seconds": seconds_or_none(dora.time_to_restore),
        "unrestored": dora.unrestored,
        "buckets": [
            {"started_at": moment(bar.start), "deployed": bar.deployed, "failed": bar.failed} for bar in dora.bars
        ],
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


def most_in(bars: Sequence[Bucket]) -> int:
    """The scale that deployed and failed share; at least 1, so that it can be divided by."""
    return max((max(bar.deployed, bar.failed) for bar in bars), default=1) or 1


def column(dora: Dora) -> str:
    """What one bar stands for: a day or a week."""
    ends = [*(bar.start for bar in dora.bars), dora.until]
    return "day" if (ends[1] - ends[0]).days == 1 else "week"


# The four DORA figures as a picture, legible on a light and on a dark page.

WIDTH, HEIGHT = 720, 250
LEFT, RIGHT, TOP, BASE = 36, 16, 110, 216
"""Edges of the plot; BASE is where its bars stand."""
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}.value{font-size:20px;font-weight:600}.small{font-size:11px}"
    ".small,.name{fill:#57606a}.good{fill:#2da44e}.bad{fill:#cf222e}.axis{stroke:#8c959f}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.small,.name{fill:#9198a1}}"
)


def stats_svg(environment: str, dora: Dora) -> str:
    """One SVG document: figures above, deployments and failures over time below, on one scale."""
    summary = "; ".join(f"{name} {value}" for name, value, _ in figures(dora))
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    label = escape(f"{environment}: {summary}")
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{label}">'
    return "\n".join((head, f"<style>{STYLE}</style>", *_figures(dora), *_plot(dora), "</svg>\n"))


def _figures(dora: Dora) -> list[str]:
    drawn = []
    for index, (name, value, meaning) in enumerate(figures(dora)):
        x = LEFT + index * (WIDTH - LEFT - RIGHT) / 4
        drawn.append(f'<text class="name" x="{x:.0f}" y="24">{escape(name)}</text>')
        drawn.append(f'<text class="value" x="{x:.0f}" y="52">{escape(value)}</text>')
        drawn.append(f'<text class="small" x="{x:.0f}" y="72">{escape(meaning)}</text>')
    return drawn


def _plot(dora: Dora) -> list[str]:
    most = most_in(dora.bars)
    wide = (WIDTH - LEFT - RIGHT) / len(dora.bars)
    legend = f"deployed (green) and failed (red), each {column(dora)}"
    drawn = [
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{BASE}" y2="{BASE}"/>',
        f'<text class="small" x="{LEFT - 6}" y="{TOP + 4}" text-anchor="end">{most}</text>',
        f'<text class="small" x="{LEFT - 6}" y="{BASE}" text-anchor="end">0</text>',
        f'<text class="small" x="{LEFT}" y="{BASE + 18}">{dora.bars[0].start:%Y-%m-%d}</text>',
        f'<text class="small" x="{WIDTH - RIGHT}" y="{BASE + 18}" text-anchor="end">{dora.until:%Y-%m-%d}</text>',
        f'<text class="small" x="{WIDTH / 2:.0f}" y="{BASE + 18}" text-anchor="middle">{legend}</text>',
    ]
    for index, bar in enumerate(dora.bars):
        drawn += _bar(bar, LEFT + index * wide, wide, (BASE - TOP) / most)
    return drawn


def _bar(bar: Bucket, x: float, wide: float, tall: float) -> list[str]:
    half = wide * 0.4
    return [
        f'<rect class="{name}" x="{left:.1f}" y="{BASE - number * tall:.1f}" width="{half:.1f}"'
        f' height="{number * tall:.1f}"><title>{bar.start:%Y-%m-%d}: {number} {what}</title></rect>'
        for name, what, number, left in (
            ("good", "deployed", bar.deployed, x + wide * 0.1),
            ("bad", "failed", bar.failed, x + wide * 0.5),
        )
        if number
    ]
