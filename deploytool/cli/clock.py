"""Real time, and the place where a release notices that it was asked to stop."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from deploytool.errors import Exit
from deploytool.run.cancel import Cancelled

EVEN, EAGER = 1.0, 0.35
"""Seconds between polls: as a rule, and when the end is near."""
JITTER = 0.15
RATE, SAVED = 1.4, 2.5
"""Requests to AWS a second that waiting may cost, all in all, and how many of them may be saved for the end."""


class SystemClock:
    """Port ``run.ports.Clock``. SIGINT and SIGTERM end the next wait; a second signal ends the process at once."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._by = ""
        self._told = False
        self._random = random.Random()  # noqa: S311  (jitter, not cryptography)
        self._requests: Callable[[], int] = lambda: 0
        self._budget = 0.0
        self._counted, self._at = 0, time.monotonic()

    def listen(self) -> None:
        """Take over SIGINT and SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait, or raise Cancelled, once, when a signal asked for it."""
        if self._told:
            time.sleep(seconds)
        elif self._asked.wait(seconds):
            self._told = True
            raise Cancelled(self._by)

    def count(self, requests: Callable[[], int]) -> None:
        """From now on ``requests`` (sent so far) bound how often AWS is asked."""
        self._requests = requests

    def wait_begins(self) -> None:
        """What was sent before a wait is not charged to it."""
        self._budget, self._counted, self._at = 0.0, self._requests(), self.monotonic()

    def pace(self, *, eager: bool = False) -> float:
        """Seconds until the next poll; shorter where ``eager`` and enough is saved, longer where too much is spent."""
        now, sent = self.monotonic(), self._requests()
        self._budget = min(self._budget + (now - self._at) * RATE, SAVED) - (sent - self._counted)
        self._at, self._counted = now, sent
        owed = max(0.0, -self._budget) / RATE
        wish = EAGER if eager else EVEN
        return max(wish, owed) * self._random.uniform(1 - JITTER, 1 + JITTER)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if self._asked.is_set():
            os._exit(Exit.CANCELLED)
        self._by = signal.Signals(number).name
        self._asked.set()
