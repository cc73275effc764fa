"""What came back when the new version was asked over HTTP."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, whatever its status."""

    status: int
    body: str


@dataclass(frozen=True)
class NoAnswer:
    """No HTTP answer at all."""

    reason: str
    """``timeout``, ``connection``, ``tls``, ``redirects`` or ``url``."""
    detail: str = ""
