"""Processes turned in one thread."""

from __future__ import annotations

import pytest

from deploytool.infra.scheduler import FASTEST, Process, StacksOutOfTime, run_concurrently
from deploytool.release.ports import Cancelled


class Clock:
    """Time that only passes by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self.cancel_at = 1e9

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        if self.now >= self.cancel_at:
            raise Cancelled("SIGINT")

    def pace(self) -> float:
        return 1.0


def counting(log: list[str], name: str, turns: int, *, news: bool = False) -> Process[int]:
    try:
        for number in range(turns):
            log.append(f"{name}{number}")
            yield news
    finally:
        log.append(f"{name} over")
    return turns


def test_each_process_gets_its_turn_and_its_result_is_kept_in_order() -> None:
    log: list[str] = []
    found = run_concurrently({"a": counting(log, "a", 2), "b": counting(log, "b", 1)}, Clock(), 100)
    assert log == ["a0", "b0", "a1", "b over", "a over"]
    assert found == {"a": 2, "b": 1}
    assert list(found) == ["a", "b"]


def test_nothing_is_waited_for_when_no_process_waits() -> None:
    clock = Clock()
    assert run_concurrently({"a": counting([], "a", 0)}, clock, 100) == {"a": 0}
    assert run_concurrently({}, clock, 100) == {}
    assert clock.slept == []


def test_pauses_grow_while_nothing_happens_and_shrink_with_news() -> None:
    quiet, busy = Clock(), Clock()
    run_concurrently({"a": counting([], "a", 4)}, quiet, 100)
    run_concurrently({"a": counting([], "a", 4, news=True)}, busy, 100)
    assert quiet.slept == sorted(quiet.slept)
    assert quiet.slept[-1] > quiet.slept[0]
    assert busy.slept == [FASTEST] * 4


@pytest.mark.parametrize(("seconds", "cancel_at", "raised"), [(5.0, 1e9, StacksOutOfTime), (100.0, 5.0, Cancelled)])
def test_every_process_can_tidy_up_when_all_must_end(seconds: float, cancel_at: float, raised: type[Exception]) -> None:
    log: list[str] = []
    clock = Clock()
    clock.cancel_at = cancel_at
    with pytest.raises(raised):
        run_concurrently({"a": counting(log, "a", 1000), "b": counting(log, "b", 1000)}, clock, seconds)
    assert log[-2:] == ["a over", "b over"]


def test_what_one_process_raises_ends_all() -> None:
    def broken() -> Process[int]:
        yield True
        raise ValueError("broken")

    log: list[str] = []
    with pytest.raises(ValueError, match="broken"):
        run_concurrently({"a": counting(log, "a", 1000), "b": broken()}, Clock(), 100)
    assert log[-1] == "a over"
