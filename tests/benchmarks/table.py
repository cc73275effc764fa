"""Figures as a table for people: medians with the range they come from, bounds, and whether each is reached."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.figures import OURS, Bound, Figure, Judged, judge

NOTHING = "–"


def table(figures: Sequence[Figure]) -> str:
    """Aligned columns, one row per bound; what a figure's second row would repeat is left out."""
    if not figures:
        return "(no figures)"
    peers = list(dict.fromkeys(name for figure in figures for name in figure.samples if name != OURS))
    rows = [("what", OURS, *peers, "bound", "ratio", "")]
    for figure in figures:
        for number, judged in enumerate(judge(figure)):
            told = (figure.name, *(_samples(figure, name) for name in (OURS, *peers)))
            rows.append((*(told if number == 0 else [""] * len(told)), *_bound(judged)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def _samples(figure: Figure, tool: str) -> str:
    samples = figure.samples.get(tool)
    if not samples:
        return NOTHING
    spread = f" ({min(samples):.2f}…{max(samples):.2f})" if len(samples) > 1 else ""
    return f"{figure.median(tool):.2f} {figure.unit}{spread}"


def _bound(judged: Judged) -> tuple[str, str, str]:
    ratio = NOTHING if judged.ratio is None else f"{judged.ratio:.2f}"
    return bound_text(judged.figure, judged.bound), ratio, "reached" if judged.reached else "NOT reached"


def bound_text(figure: Figure, bound: Bound) -> str:
    """``≤ 1.5 s`` or ``≤ 0.25 × AWS CLI``."""
    return f"≤ {bound.limit:g} × {bound.peer}" if bound.peer else f"≤ {bound.limit:g} {figure.unit}"
