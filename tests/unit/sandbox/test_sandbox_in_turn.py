"""Sandboxes of one machine start one after the other."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from deploytool.sandbox.state import one_at_a_time


def test_the_second_says_that_it_waits_and_goes_on_when_the_first_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    output: list[str] = []
    waits, began = threading.Event(), threading.Event()

    def told(line: str) -> None:
        output.append(line)
        waits.set()

    def second() -> None:
        with one_at_a_time(told):
            began.set()

    with one_at_a_time(output.append):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(10)
        assert not began.is_set()
    thread.join(10)
    assert began.is_set()
    assert output == ["waiting for another sandbox to start"]
