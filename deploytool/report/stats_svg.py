"""The four DORA figures as a picture, legible on a light and on a dark page."""

from __future__ import annotations

from html import escape

from deploytool.core.stats import Bar, Dora
from deploytool.report.stats import column, figures, most_in

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
    told = "; ".join(f"{name} {value}" for name, value, _ in figures(dora))
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    label = escape(f"{environment}: {told}")
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


def _bar(bar: Bar, x: float, wide: float, tall: float) -> list[str]:
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
