"""ghapi's exceptions become ours. Pure: status, headers and message in, one of our errors out."""

from __future__ import annotations

from collections.abc import Mapping

from deploytool.github.errors import (
    Forbidden,
    GithubError,
    Missing,
    RateLimited,
    Unauthorized,
    Unprocessable,
    Unreachable,
)

UNSAID = 60.0
"""Seconds to wait where GitHub limits without saying for how long (its documentation: at least a minute)."""


def translated(
    status: int | None, headers: Mapping[str, str], message: str, what: str, permission: str, now: float
) -> GithubError:
    """Our error for an answer of GitHub, or for no answer (``status`` is ``None``).

    ``what`` completes "the token may not …". ``permission`` is what the call needs where GitHub does not say it.
    ``now`` is seconds since the epoch.
    """
    words = " ".join(message.split())[:300]
    if status is None or status >= 500:
        return Unreachable(what, f"{status} {words}" if status else words)
    if status == 401:
        return Unauthorized()
    if status == 429 or (status == 403 and _limited(headers, words)):
        return RateLimited(_retry_after(headers, now))
    if status == 403:
        return Forbidden(what, _permission(headers) or permission, words)
    if status == 404:
        return Missing(what)
    return Unprocessable(what, words, status)


def _limited(headers: Mapping[str, str], message: str) -> bool:
    spent = headers.get("x-ratelimit-remaining") == "0"
    return spent or "retry-after" in headers or "rate limit" in message.lower()


def _retry_after(headers: Mapping[str, str], now: float) -> float:
    if (told := headers.get("retry-after", "")).isdecimal():
        return float(told)
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(1.0, float(reset) - now)
    return UNSAID


def _permission(headers: Mapping[str, str]) -> str:
    """``deployments=write; contents=read`` becomes the first of them, as a workflow spells it."""
    first = headers.get("x-accepted-github-permissions", "").partition(";")[0].partition(",")[0].strip()
    name, equals, level = first.partition("=")
    return f"{name.replace('_', '-')}: {level}" if equals else ""
