"""One repository: its checkout, its records, the faults in force and the log of requests."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from deploytool.sandbox.github.fault import Fault
from deploytool.sandbox.github.git import Checkout
from deploytool.sandbox.github.http import NOT_FOUND, ApiError
from deploytool.sandbox.github.model import Event, PullRequest
from deploytool.sandbox.github.store import Store

RATE_LIMIT = 5000
WINDOW = 3600
"""Seconds after which the rate limit starts again."""
LOGGED = 2000
"""Requests kept in the log; it is for tests and is not written to disk."""


@dataclass(frozen=True)
class Exchange:
    method: str
    path: str
    query: dict[str, str]
    login: str | None
    body: Any
    status: int | None
    """None where the connection was reset."""
    answer: Any
    answer_type: str
    at: float
    """Seconds since the epoch."""


@dataclass
class World:
    """`repository` is `owner/name`; `default_branch` as git calls it in the checkout."""

    repository: str
    checkout: Checkout
    store: Store
    default_branch: str = "main"
    log: deque[Exchange] = field(default_factory=lambda: deque(maxlen=LOGGED))
    _used: dict[str, int] = field(default_factory=dict)
    _window_start: float = field(default_factory=time.time)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def check(self, path: dict[str, str]) -> None:
        """Raises ApiError (404) for a repository that is not this one; as on GitHub, case does not matter."""
        if f"{path['owner']}/{path['repo']}".lower() != self.repository.lower():
            raise ApiError(*NOT_FOUND)

    def rate(self, key: str) -> dict[str, str]:
        """Count one request of this token; the headers that GitHub puts on every answer."""
        with self._counting:
            if time.time() - self._window_start > WINDOW:
                self._window_start, self._used = time.time(), {}
            used = self._used[key] = self._used.get(key, 0) + 1
            return {
                "x-ratelimit-limit": str(RATE_LIMIT),
                "x-ratelimit-remaining": str(max(0, RATE_LIMIT - used)),
                "x-ratelimit-used": str(used),
                "x-ratelimit-reset": str(int(self._window_start) + WINDOW),
                "x-ratelimit-resource": "core",
            }

    def fault(self, method: str, path: str) -> Fault | None:
        """The first fault that hits this request, counted down."""
        with self.store.lock:
            faults = self.store.records.faults
            for number, fault in list(faults.items()):
                if not fault.matches(method, path):
                    continue
                left = fault.used()
                if left is None:
                    del faults[number]
                else:
                    faults[number] = left
                self.store.save()
                if not fault.skip:
                    return fault
            return None

    def pull(self, number: str) -> PullRequest:
        """Raises ApiError (404)."""
        found = self.store.records.pulls.get(int(number)) if number.isdecimal() else None
        if found is None:
            raise ApiError(*NOT_FOUND)
        return found

    def commits_of(self, pull: PullRequest) -> tuple[str, ...]:
        """Its commits, oldest first. The head alone where git knows no base without it, as after a fast-forward."""
        if pull.merge_commit_sha and pull.merge_commit_sha != pull.head_sha:
            listed = self.checkout.between(f"{pull.merge_commit_sha}^1", pull.head_sha)
        else:
            listed = self.checkout.between(pull.base, pull.head_sha)
        return listed or (pull.head_sha,)

    def record(self, event: str, action: str, payload: dict[str, Any]) -> None:
        number = self.store.next_id()
        self.store.records.events[number] = Event(number, event, action, payload)
