"""The DORA figures as a terminal and as an SVG show them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from deploytool.ledger.dora import Bucket, Dora
from deploytool.output.stats import blocks, stats_svg, stats_text
from tests.unit.ledger.records import NOW

DAY = timedelta(days=1)
QUIET = Dora(NOW - 2 * DAY, NOW, 0, 0.0, None, 0, 0, None, 0, (Bucket(NOW - 2 * DAY, 0, 0), Bucket(NOW - DAY, 0, 0)))
BUSY = replace(
    QUIET,
    deployments=5,
    per_day=2.5,
    lead_time=420.0,
    changes=6,
    failures=2,
    time_to_restore=3 * 86_400.0,
    unrestored=1,
    bars=(Bucket(NOW - 2 * DAY, 4, 1), Bucket(NOW - DAY, 1, 0)),
)


def test_figures_are_dashes_when_nothing_was_deployed() -> None:
    shown = stats_text("production", QUIET).splitlines()
    assert shown[0] == "production, 2 days:"
    assert [line.split("  ")[-2].strip() for line in shown[1:5]] == ["-", "-", "-", "-"]
    assert shown[6].split("│")[1] == "  "


def test_figures_and_plot_share_one_scale() -> None:
    assert stats_text("production", BUSY).splitlines() == [
        "production, 2 days:",
        "  deployment frequency   2.5 a day  5 deployments",
        "  lead time for changes  7 min      from commit to live, median",
        "  change failure rate    33%        2 of 6 changes",
        "  time to restore        3.0 days   median; 1 not restored yet",
        "",
        "  deployed  │█▂│  at most 4 a day",
        "  failed    │▂ │",
        "  2026-11-21 to 2026-11-23, a column is a day",
    ]


@pytest.mark.parametrize(("per_day", "shown"), [(1.0, "1.0 a day"), (0.5, "3.5 a week"), (0.1, "3.0 a month")])
def test_frequency_is_told_in_the_unit_that_is_at_least_one(per_day: float, shown: str) -> None:
    assert shown in stats_text("production", replace(BUSY, per_day=per_day))


def test_a_column_is_a_week_when_bars_are_weeks() -> None:
    weeks = replace(BUSY, since=NOW - 7 * DAY, bars=(Bucket(NOW - 7 * DAY, 4, 1),))
    assert stats_text("production", weeks).endswith("a column is a week")


def test_anything_at_all_is_seen_in_the_plot() -> None:
    assert blocks([0, 1, 1000], 1000) == " ▁█"


def test_the_picture_draws_a_bar_for_what_happened_and_none_for_what_did_not() -> None:
    drawn = ElementTree.fromstring(stats_svg("a & b", BUSY))
    assert drawn.attrib["aria-label"].startswith("a & b: deployment frequency 2.5 a day; ")
    bars = [each for each in drawn.iter() if each.tag.endswith("rect")]
    assert [(bar.attrib["class"], bar.attrib["height"]) for bar in bars] == [
        ("good", "106.0"),
        ("bad", "26.5"),
        ("good", "26.5"),
    ]
    assert [bar[0].text for bar in bars][1] == "2026-11-21: 1 failed"
