"""What counts as reached."""

from __future__ import annotations

import pytest

from tests.benchmarks.chaos.kills import _step
from tests.benchmarks.chaos.row import counted, document, table, timed


@pytest.mark.parametrize(
    ("attempts", "failures", "measured", "reached"),
    [(3, [], "3 of 3", True), (3, ["number 2: open"], "2 of 3", False), (0, [], "0 of 0", False)],
)
def test_every_attempt_has_to_go_well(attempts: int, failures: list[str], measured: str, reached: bool) -> None:
    row = counted("kills", attempts, failures)
    assert (row.measured, row.reached) == (measured, reached)


@pytest.mark.parametrize(
    ("seconds", "failures", "reached"),
    [([1.0, 5.0], [], True), ([1.0, 5.01], [], False), ([], [], False), ([1.0], ["number 1: exit 7"], False)],
)
def test_the_slowest_has_to_be_in_time(seconds: list[float], failures: list[str], reached: bool) -> None:
    assert timed("cancel", 5.0, seconds, failures).reached is reached


def test_what_failed_is_told_below_the_table() -> None:
    rows = [counted("kills", 2, ["number 1: two versions"], "build 1"), timed("cancel", 5.0, [0.5], [])]
    told = table(rows).splitlines()
    assert told[2].endswith("NOT reached")
    assert told[3].endswith("s, 1 runs  reached")
    assert told[-1] == "kills: number 1: two versions"
    assert document(rows, {})["reached"] is False
    assert document(rows[1:], {})["reached"] is True


@pytest.mark.parametrize(
    ("told", "step"),
    [
        ("", "look"),
        ("12:00:00  releasing x\n12:00:00  build: app\n12:00:01  build done in 1 s\n", "build"),
        ("12:00:00  build: app\n12:00:01  migrate: m\n", "migrate"),
        ("12:00:00  deploy: app\n12:00:03  app: 1 of 1 running\n", "deploy"),
        ("12:00:00  verify: http://x\n12:00:01  released: it is live\n", "close"),
    ],
)
def test_where_it_was_killed_is_read_from_what_it_said(told: str, step: str) -> None:
    assert _step(told) == step
