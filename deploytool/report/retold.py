"""The comment of an earlier release, changed by a later one that knows how it went on."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from deploytool.report.escaping import prose
from deploytool.report.way_back import without_offer

GOING_ON = "### 🚀 "
"""How the heading of a release begins that has not ended."""
LIVE = "### ✅ Live "
"""And that of one that is live."""
THEN = "What follows is how it ended then:"
"""The sentence and the table below say `live`, and were true when they were written."""
_HEADING = re.compile(r"^### .*$", re.MULTILINE)


def taken_back(body: str, environment: str, by: str) -> str:
    """The comment of a release that a rollback took back; ``by`` (Markdown) says which. It no longer claims to be live.

    An answer to a tick stays; the way back goes.
    """
    return _headed(body, f"### ↩️ Rolled back in {prose(environment, 100)}\n\nBy {by}")


def replaced(body: str, environment: str, by: str, at: datetime) -> str:
    """The comment of a release that a newer one took the place of. Unchanged where it does not claim to be live."""
    found = _HEADING.search(body)
    if found is None or not found[0].startswith(LIVE):
        return body
    until = f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return _headed(body, f"### ⏹️ Was live in {prose(environment, 100)} until {until}\n\nReplaced by {by}")


def settled(body: str, environment: str, sentence: str, *, good: bool) -> str:
    """The comment of a release that was killed: how it was found to have ended, and of what it said only what it is
    about. The picture of its last moment is true no more. Unchanged where it does not say that the release goes on.
    """
    parts = body.replace("\r\n", "\n").split("\n\n")  # GitHub's editor changes line ends
    first, newline, heading = parts[0].rpartition("\n")
    if not heading.startswith(GOING_ON):
        return body
    told = f"### {'✅ Live' if good else '🛑 Killed'} in {prose(environment, 100)}"
    return "\n\n".join([f"{first}{newline}{told}", *parts[1:2], prose(sentence, 2000)]) + "\n"


def _headed(body: str, heading: str) -> str:
    return _HEADING.sub(lambda _: f"{heading}\n\n{THEN}", without_offer(body), count=1)
