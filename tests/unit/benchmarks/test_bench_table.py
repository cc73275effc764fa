"""The table that people read."""

from __future__ import annotations

from tests.benchmarks.figures import OURS, Bound, Figure
from tests.benchmarks.table import table

FIGURES = [
    Figure("exit", "s", {OURS: (0.5, 0.7, 0.6), "AWS CLI": (8.0, 9.0, 7.0)}, (Bound(1.0), Bound(0.01, "AWS CLI"))),
    Figure("--help", "s", {OURS: (0.1,), "ecs-deploy": (0.5,)}, (Bound(0.4, "ecs-deploy"),)),
]


def test_each_bound_has_a_row_with_medians_range_ratio_and_result() -> None:
    assert table(FIGURES).splitlines() == [
        "what    deploytool          AWS CLI             ecs-deploy  bound               ratio",
        "-" * 98,
        "exit    0.60 s (0.50…0.70)  8.00 s (7.00…9.00)  –           ≤ 1 s               –      reached",
        "                                                            ≤ 0.01 × AWS CLI    0.07   NOT reached",
        "--help  0.10 s              –                   0.50 s      ≤ 0.4 × ecs-deploy  0.20   reached",
    ]


def test_a_table_without_figures_says_so() -> None:
    assert table([]) == "(no figures)"
