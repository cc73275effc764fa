"""Real time, and the place where a release notices that it was asked to stop."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from types import FrameType

from deploytool.errors import Exit
from deploytool.run.cancel import Cancelled

FASTEST, SLOWEST = 0.65, 0.85
"""Seconds between polls: 1.33 a second, and with service deployments below 1.5 for ten services."""


class SystemClock:
    """Port ``run.ports.Clock``. SIGINT and SIGTERM end the next wait; a second signal ends the process at once."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._by = ""
        self._told = False
        self._random = random.Random()  # noqa: S311  (jitter, not cryptography)

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

    def pace(self) -> float:
        """Seconds until the next poll."""
        return self._random.uniform(FASTEST, SLOWEST)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if self._asked.is_set():
            os._exit(Exit.CANCELLED)
        self._by = signal.Signals(number).name
        self._asked.set()
