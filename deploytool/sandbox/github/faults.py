"""Faults by script: which requests go wrong, how, and how often."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace
from typing import Any

from deploytool.sandbox.github.http import Answer, ApiError

SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
PRIMARY = "API rate limit exceeded for installation ID 4580."
MESSAGES = {
    400: "Problems parsing JSON",
    401: "Bad credentials",
    403: "Resource not accessible by integration",
    404: "Not Found",
    422: "Validation Failed",
    429: SECONDARY,
    500: "Server Error",
    502: "Server Error",
    503: "Service Unavailable",
}


@dataclass(frozen=True)
class Fault:
    """One rule. `method` and `path` are regular expressions matched against the whole, without `/api/v3`.

    The first `skip` matches go through; the next `times` (all, where None) fail: after `delay` seconds the answer is
    `status`, or the connection is `reset`, or, with neither, the true answer comes late. With `done`, the request is
    carried out first and only its answer is lost, which is what tells an idempotent client from a lucky one.
    `rate_limit` is `primary` or `secondary`.
    """

    method: str = ".*"
    path: str = ".*"
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    reset: bool = False
    done: bool = False
    rate_limit: str | None = None
    retry_after: int | None = None
    skip: int = 0
    times: int | None = 1

    def matches(self, method: str, path: str) -> bool:
        return bool(re.fullmatch(self.method, method) and re.fullmatch(self.path, path))

    def used(self) -> Fault | None:
        """What is left of the rule after one more match; None when it is spent."""
        if self.skip:
            return replace(self, skip=self.skip - 1)
        if self.times is None:
            return self
        return replace(self, times=self.times - 1) if self.times > 1 else None

    def answer(self) -> Answer | None:
        """The wrong answer; None where the fault is only a delay or a reset."""
        extra = dict(self.headers)
        if self.retry_after is not None:
            extra["retry-after"] = str(self.retry_after)
        if self.rate_limit == "primary":
            extra |= {
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": str(int(time.time()) + (self.retry_after or 60)),
            }
            return Answer(self.status or 403, {"message": PRIMARY, "documentation_url": _DOCS}, extra)
        if self.rate_limit == "secondary":
            return Answer(self.status or 403, {"message": SECONDARY, "documentation_url": _DOCS}, extra)
        if self.status is None:
            return None
        message = {
            "message": MESSAGES.get(self.status, "Error"),
            "documentation_url": _DOCS,
            "status": str(self.status),
        }
        return Answer(self.status, message if self.body is None else self.body, extra)


_DOCS = "https://docs.github.com/rest"


def parse(given: Any) -> Fault:
    """Raises ApiError (422) for a key that no fault has or an expression that is none."""
    known = set(Fault.__dataclass_fields__)
    if not isinstance(given, dict) or not given.keys() <= known:
        raise ApiError(422, f"a fault is an object with keys of {sorted(known)}")
    fault = Fault(**given)
    try:
        re.compile(fault.method)
        re.compile(fault.path)
    except re.error as wrong:
        raise ApiError(422, f"not a regular expression: {wrong}") from wrong
    return fault
