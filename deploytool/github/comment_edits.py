"""The part of a comment that leads back: the box, the links and commands, and what became of a tick.

It stands between two hidden lines, so that it can be found and replaced in a comment that was written before.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from deploytool.github.rollback_model import RollbackCheckbox
from deploytool.output.markup import code, fenced, link, prose
from deploytool.release.events import RollbackTarget

# The part of a comment that leads back: the box, the links and commands, and what became of a tick.
#
# It stands between two hidden lines, so that it can be found and replaced in a comment that was written before.

_OPEN = "<!-- deploytool:way-back -->"
_CLOSE = "<!-- /deploytool:way-back -->"
_BLOCK = re.compile(rf"^{re.escape(_OPEN)}\n(.*?)^{re.escape(_CLOSE)}$", re.MULTILINE | re.DOTALL)
_HEAD = "**Roll back**"
_TICKED = re.compile(r"^- \[[xX]\] (?=.*<!-- deploytool:rollback:)", re.MULTILINE)


def block(page: str, commands: list[str], box: str = "") -> str:
    """How to go back: whatever of it exists."""
    if not page and not commands and not box:
        return ""
    head = f"{_HEAD}: {link('start the rollback workflow', page)}" if page else _HEAD
    return _framed("\n\n".join([head, *([box] if box else []), *([fenced(commands)] if commands else [])]))


def checkbox_line(goal: RollbackTarget, deployments: tuple[int, int]) -> str:
    """The box that rolls back, carrying the ids of the deployments to go back to and of the one that is live."""
    ids = RollbackCheckbox(*deployments)
    return ids.line(f"Roll back to {code(goal.commit.short)} (release {code(goal.release_id)})")


def checkbox_block_of(body: str) -> str:
    """The way back in a comment, its box not ticked; empty where there is none."""
    block = _BLOCK.search(_lines(body))
    start = block[1].find(_HEAD) if block else -1
    return _TICKED.sub("- [ ] ", block[1][start:]).rstrip() if block and start >= 0 else ""


def answered(body: str, answer: str, offer: str = "") -> str:
    """The comment with ``answer`` (Markdown) in place of the way back, and below it what is offered again."""
    body = _lines(body)
    block = _BLOCK.search(body)
    text = _framed(f"{answer}\n\n{offer}".rstrip())
    return f"{body[: block.start()]}{text}{body[block.end() :]}" if block else f"{body.rstrip()}\n\n{text}\n"


def requested(by: str, run_url: str) -> str:
    """The first answer to a tick."""
    return f"⏳ **Rollback requested** by {code(by)}{_run(run_url)}"


def done(by: str, sentence: str, run_url: str, *, succeeded: bool) -> str:
    """The last answer to a tick."""
    head = "↩️ **Rolled back**" if succeeded else "❌ **The rollback failed**"
    return f"{head}, requested by {code(by)}{_run(run_url)}: {prose(sentence, 2000)}"


def refused(by: str, reason: str, run_url: str) -> str:
    """The answer to a tick that is not followed."""
    return f"⛔ **Rollback refused**, requested by {code(by)}{_run(run_url)}: {prose(reason, 2000)}"


def without_offer(body: str) -> str:
    """The comment without its way back, which leads back from what is not live any more; an answer to a tick stays."""
    body = _lines(body)
    block = _BLOCK.search(body)
    return f"{body[: block.start()].rstrip()}{body[block.end() :]}" if block and _HEAD in block[1] else body


def _lines(text: str) -> str:
    """With one kind of line end: GitHub's editor changes them."""
    return text.replace("\r\n", "\n")


def _framed(text: str) -> str:
    return f"{_OPEN}\n{text}\n{_CLOSE}"


def _run(url: str) -> str:
    return f" – {link('run', url)}" if url else ""


# The comment of an earlier release, changed by a later one that knows how it went on.

GOING_ON = "### 🚀 "
"""How the heading of a release begins that has not ended."""
LIVE = "### ✅ Live "
"""And that of one that is live."""
THEN = "What follows is how it ended then:"
"""The sentence and the table below say `live`, and were true when they were written."""
_HEADING = re.compile(r"^### .*$", re.MULTILINE)


def mark_rolled_back(body: str, environment: str, by: str) -> str:
    """The comment of a release that a rollback took back; ``by`` (Markdown) says which. It no longer claims to be live.

    An answer to a tick stays; the way back goes.
    """
    return _headed(body, f"### ↩️ Rolled back in {prose(environment, 100)}\n\nBy {by}")


def mark_replaced(body: str, environment: str, by: str, at: datetime) -> str:
    """The comment of a release that a newer one took the place of. Unchanged where it does not claim to be live."""
    heading = _HEADING.search(body)
    if heading is None or not heading[0].startswith(LIVE):
        return body
    until = f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return _headed(body, f"### ⏹️ Was live in {prose(environment, 100)} until {until}\n\nReplaced by {by}")


def mark_recovered(body: str, environment: str, sentence: str, *, succeeded: bool) -> str:
    """The comment of a release that was killed: how it was found to have ended, and of what it said only what it is
    about. The picture of its last moment is true no more. Unchanged where it does not say that the release goes on.
    """
    parts = body.replace("\r\n", "\n").split("\n\n")  # GitHub's editor changes line ends
    first, newline, heading = parts[0].rpartition("\n")
    if not heading.startswith(GOING_ON):
        return body
    heading = f"### {'✅ Live' if succeeded else '🛑 Killed'} in {prose(environment, 100)}"
    return "\n\n".join([f"{first}{newline}{heading}", *parts[1:2], prose(sentence, 2000)]) + "\n"


def _headed(body: str, heading: str) -> str:
    return _HEADING.sub(lambda _: f"{heading}\n\n{THEN}", without_offer(body), count=1)
