"""Looks at the services every 50 ms, past whoever is measured."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from tests.benchmarks.failure import MeasurementFailed
from tests.benchmarks.watching import Look, service

SECONDS = 0.05
PATIENCE = 180.0


class Observer:
    """A thread that looks for as long as the ``with`` block lasts; its first look is over when the block begins."""

    def __init__(self, ecs: Any, cluster: str, services: Sequence[str]) -> None:
        self._ecs = ecs
        self._cluster = cluster
        self._services = list(services)
        self._looks: list[Look] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Observer:
        self._looks.append(self.look())
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def looks(self) -> tuple[Look, ...]:
        """All of them, oldest first."""
        return tuple(self._looks)

    def look(self) -> Look:
        """One DescribeServices, which holds ten services at most."""
        at = time.monotonic()
        answer = self._ecs.describe_services(cluster=self._cluster, services=self._services)
        return Look(at, tuple(service(raw) for raw in answer["services"]))

    def until_settled(self) -> None:
        """Return once every service is; whoever was measured may have left before. Raises MeasurementFailed."""
        deadline = time.monotonic() + PATIENCE
        while not self.look().settled:
            if time.monotonic() > deadline:
                raise MeasurementFailed(f"services of {self._cluster} did not settle within {PATIENCE:g} s")
            time.sleep(SECONDS)
        # One look more of the thread's, so that what was just seen is among its own.
        time.sleep(4 * SECONDS)

    def _watch(self) -> None:
        while not self._stop.wait(max(0.0, self._looks[-1].at + SECONDS - time.monotonic())):
            self._looks.append(self.look())
