"""The comment of an earlier release, changed by a later one that knows how it went on."""

from __future__ import annotations

from deploytool.report.escaping import prose

GOING_ON = "### 🚀 "
"""How the heading of a release begins that has not ended."""


def settled(body: str, environment: str, sentence: str, *, good: bool) -> str:
    """The comment of a release that was killed: how it was found to have ended, and of what it said only what it is
    about. The picture of its last moment is true no more. Unchanged where it does not say that the release goes on.
    """
    parts = _lines(body).split("\n\n")
    first, newline, heading = parts[0].rpartition("\n")
    if not heading.startswith(GOING_ON):
        return body
    told = f"### {'✅ Live' if good else '🛑 Killed'} in {prose(environment, 100)}"
    return "\n\n".join([f"{first}{newline}{told}", *parts[1:2], prose(sentence, 2000)]) + "\n"


def _lines(text: str) -> str:
    """With one kind of line end: GitHub's editor changes them."""
    return text.replace("\r\n", "\n")
