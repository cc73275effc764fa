"""Virtual time: waiting costs nothing, and what is due happens in order."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from deploytool.release.ports import Cancelled

FOREVER = 24 * 3600.0
"""Seconds after which a test that still waits is called hung."""


class VirtualClock:
    """Port ``Clock`` of a release. As the real one it raises Cancelled once, in a wait that reaches ``cancel_at``."""

    def __init__(self, pace: float = 1.0) -> None:
        self.now = 0.0
        self.cancel_at: float | None = None
        self.paced = 0
        self._pace = pace
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def monotonic(self) -> float:
        """Seconds since the world began."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let everything happen that is due within ``seconds``."""
        until = self.now + seconds
        if self.cancel_at is not None and self.cancel_at <= until:
            moment, self.cancel_at = max(self.now, self.cancel_at), None
            self._run(moment)
            raise Cancelled("SIGTERM")
        self._run(until)

    def pace(self) -> float:
        """Always the same: schedules stay reproducible."""
        self.paced += 1
        return self._pace

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """``action`` happens at ``moment``."""
        heapq.heappush(self._due, (moment, next(self._order), action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """``action`` happens ``seconds`` from now."""
        self.at(self.now + seconds, action)

    def _run(self, until: float) -> None:
        while self._due and self._due[0][0] <= until:
            moment, _, action = heapq.heappop(self._due)
            self.now = max(self.now, moment)
            action()
        self.now = until
        if self.now > FOREVER:
            raise AssertionError(f"still waiting after {FOREVER:.0f} s of virtual time")
