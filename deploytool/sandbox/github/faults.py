"""Injected API faults: which requests fail, how, and how often."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace
from typing import Any

from deploytool.sandbox.github.http import DOCUMENTATION, ApiError, Response

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

    The first `skip` matches go through; the next `times` (all, where None) fail: after `delay` seconds the response is
    `status`, or the connection is `reset`, or, with neither, the true response comes late. With `done`, the request is
    executed first and only its response is lost, which separates an idempotent client from a lucky one.
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

    def remaining(self) -> Fault | None:
        """The rule after one more match; None when it is spent."""
        if self.skip:
            return replace(self, skip=self.skip - 1)
        if self.times is None:
            return self
        return replace(self, times=self.times - 1) if self.times > 1 else None

    def response(self) -> Response | None:
        """The faulty response; None where the fault is only a delay or a reset."""
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["retry-after"] = str(self.retry_after)
        if self.rate_limit == "primary":
            reset = int(time.time()) + (self.retry_after or 60)
            headers |= {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
        if self.rate_limit:
            message = PRIMARY if self.rate_limit == "primary" else SECONDARY
            return Response(self.status or 403, {"message": message, "documentation_url": DOCUMENTATION}, headers)
        if self.status is None:
            return None
        body = ApiError(self.status, MESSAGES.get(self.status, "Error")).response().body
        return Response(self.status, body if self.body is None else self.body, headers)


def parse_fault(rule: Any) -> Fault:
    """Raises ApiError (422) for an unknown key or an invalid expression."""
    known = set(Fault.__dataclass_fields__)
    if not isinstance(rule, dict) or not rule.keys() <= known:
        raise ApiError(422, f"a fault is an object with keys of {sorted(known)}")
    fault = Fault(**rule)
    try:
        re.compile(fault.method)
        re.compile(fault.path)
    except re.error as error:
        raise ApiError(422, f"not a regular expression: {error}") from error
    return fault
