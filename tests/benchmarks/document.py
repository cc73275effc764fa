"""Figures as JSON: every sample, and where and when they were taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.benchmarks.figures import Figure, Judged, judge

SCHEMA = 1


def document(figures: Sequence[Figure], taken: Mapping[str, str], failures: Sequence[str]) -> dict[str, Any]:
    """The whole report. ``taken`` says when, of which commit, on which machine; ``failures`` what was not measured."""
    return {
        "schema": SCHEMA,
        "taken": dict(taken),
        "figures": [_figure(figure) for figure in figures],
        "not_measured": list(failures),
        "reached": not failures and all(judged.reached for figure in figures for judged in judge(figure)),
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "name": figure.name,
        "unit": figure.unit,
        "samples": {name: list(samples) for name, samples in figure.samples.items()},
        "medians": {name: figure.median(name) for name in figure.samples},
        "bounds": [_bound(judged) for judged in judge(figure)],
    }


def _bound(judged: Judged) -> dict[str, Any]:
    bound = judged.bound
    return {"limit": bound.limit, "peer": bound.peer or None, "ratio": judged.ratio, "reached": judged.reached}
