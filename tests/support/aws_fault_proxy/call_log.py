"""Every AWS call that came through: what tests assert on and the benchmark counts."""

import threading
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """One AWS call. `at` is seconds since the epoch when it arrived, `seconds` how long the caller waited; `status` is
    what the caller got, 0 when its connection was reset; `fault` the kinds of the effects that hit it."""

    service: str
    action: str
    at: float
    seconds: float
    status: int
    params: dict[str, Any] = field(default_factory=dict)
    fault: str = ""


class CallLog:
    """The calls since the start or the last clear, oldest first."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        """Remember a call."""
        with self._lock:
            self._calls.append(call)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._calls.clear()

    def to_json(self) -> list[dict[str, Any]]:
        """All calls, ready for the control answer."""
        with self._lock:
            return [asdict(call) for call in self._calls]
