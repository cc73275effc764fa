"""Medians, ratios, and whether a bound is reached."""

from __future__ import annotations

import json

import pytest

from tests.benchmarks.document import document
from tests.benchmarks.figures import OURS, Bound, Figure, judge


def figure(ours: tuple[float, ...], peers: tuple[float, ...], *bounds: Bound) -> Figure:
    return Figure("exit", "s", {OURS: ours, "peer": peers}, bounds)


@pytest.mark.parametrize(
    ("ours", "bound", "reached"),
    [
        ((1.0,), Bound(1.0), True),
        ((1.01,), Bound(1.0), False),
        ((0.5, 0.6, 99.0), Bound(1.0), True),
        ((0.5, 1.5, 1.6), Bound(1.0), False),
        ((2.0,), Bound(0.5, "peer"), True),
        ((2.01,), Bound(0.5, "peer"), False),
    ],
)
def test_the_median_is_what_a_bound_is_held_against(ours: tuple[float, ...], bound: Bound, reached: bool) -> None:
    assert [each.reached for each in judge(figure(ours, (1.0, 4.0, 5.0), bound))] == [reached]


def test_a_ratio_is_of_our_median_to_the_peers() -> None:
    [judged] = judge(figure((1.0, 2.0, 9.0), (4.0, 4.0, 1.0), Bound(0.5, "peer")))
    assert judged.ratio == 0.5


def test_a_bound_without_a_peer_has_no_ratio() -> None:
    [judged] = judge(figure((1.0,), (4.0,), Bound(2.0)))
    assert judged.ratio is None


def test_no_ratio_is_reached_when_the_peer_ended_before_all_was_done() -> None:
    [judged] = judge(figure((0.1,), (-2.0,), Bound(0.25, "peer")))
    assert (judged.ratio, judged.reached) == (None, False)


def test_the_document_holds_every_sample_and_says_whether_all_bounds_are_reached() -> None:
    good, bad = figure((1.0,), (4.0,), Bound(1.0)), figure((1.0,), (4.0,), Bound(1.0), Bound(0.1, "peer"))
    assert document([good], {"at": "now"}, [])["reached"] is True
    told = json.loads(json.dumps(document([good, bad], {"at": "now"}, [])))
    assert told["reached"] is False
    assert told["taken"] == {"at": "now"}
    assert told["figures"][1]["samples"] == {OURS: [1.0], "peer": [4.0]}
    assert told["figures"][1]["medians"] == {OURS: 1.0, "peer": 4.0}
    assert told["figures"][1]["bounds"] == [
        {"limit": 1.0, "peer": None, "ratio": None, "reached": True},
        {"limit": 0.1, "peer": "peer", "ratio": 0.25, "reached": False},
    ]


def test_what_was_not_measured_is_not_reached() -> None:
    told = document([figure((1.0,), (4.0,), Bound(1.0))], {}, ["crash: nobody saw the breaker trip"])
    assert (told["reached"], told["not_measured"]) == (False, ["crash: nobody saw the breaker trip"])
