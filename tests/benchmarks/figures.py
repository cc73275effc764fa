"""A figure, what bounds it, and whether it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

OURS = "deploytool"


@dataclass(frozen=True)
class Bound:
    """The most that our median may be: ``limit`` in the figure's unit, or that many times the median of ``peer``."""

    limit: float
    peer: str = ""


@dataclass(frozen=True)
class Figure:
    """What was measured, in ``unit``, by tool, in the order of the runs."""

    name: str
    unit: str
    samples: Mapping[str, tuple[float, ...]]
    bounds: tuple[Bound, ...]

    def median(self, tool: str) -> float:
        """The middle one of its samples, which nothing that happens once can move."""
        return median(self.samples[tool])


@dataclass(frozen=True)
class Judged:
    """One bound of one figure. ``ratio`` to the peer is None for a bound without one, and for a peer at or below zero:
    it said that all was done before it was.
    """

    figure: Figure
    bound: Bound
    ratio: float | None
    reached: bool


def judge(figure: Figure) -> tuple[Judged, ...]:
    """Every bound of a figure, in order."""
    return tuple(_judge(figure, bound) for bound in figure.bounds)


def _judge(figure: Figure, bound: Bound) -> Judged:
    ours = figure.median(OURS)
    if not bound.peer:
        return Judged(figure, bound, None, ours <= bound.limit)
    peers = figure.median(bound.peer)
    return Judged(figure, bound, ours / peers if peers > 0 else None, ours <= bound.limit * peers)
