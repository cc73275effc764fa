"""Clocks for one who waits for a lock: real, but quick."""

from __future__ import annotations

import time
from collections.abc import Callable


class QuickClock:
    """Real time, polling every few milliseconds; `meanwhile` runs before the first wait."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self._meanwhile: list[Callable[[], object]] = [meanwhile]

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if self._meanwhile:
            self._meanwhile.pop()()
        time.sleep(seconds)

    def pace(self) -> float:
        return 0.01
