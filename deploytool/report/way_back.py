"""The part of a comment that leads back: the box, the links and commands, and what became of a tick.

It stands between two hidden lines, so that it can be found and replaced in a comment that was written before.
"""

from __future__ import annotations

import re

from deploytool.core.events import WayBack
from deploytool.core.rollback_request_model import Box
from deploytool.report.escaping import code, fenced, link, prose

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


def box(goal: WayBack, deployments: tuple[int, int]) -> str:
    """The box that rolls back, carrying the ids of the deployments to go back to and of the one that is live."""
    ids = Box(*deployments)
    return ids.line(f"Roll back to {code(goal.commit.short)} (release {code(goal.release_id)})")


def offer_of(body: str) -> str:
    """The way back in a comment, its box not ticked; empty where there is none."""
    found = _BLOCK.search(_lines(body))
    start = found[1].find(_HEAD) if found else -1
    return _TICKED.sub("- [ ] ", found[1][start:]).rstrip() if found and start >= 0 else ""


def answered(body: str, answer: str, offer: str = "") -> str:
    """The comment with ``answer`` (Markdown) in place of the way back, and below it what is offered again."""
    body = _lines(body)
    found = _BLOCK.search(body)
    text = _framed(f"{answer}\n\n{offer}".rstrip())
    return f"{body[: found.start()]}{text}{body[found.end() :]}" if found else f"{body.rstrip()}\n\n{text}\n"


def requested(by: str, run_url: str) -> str:
    """The first answer to a tick."""
    return f"⏳ **Rollback requested** by {code(by)}{_run(run_url)}"


def done(by: str, sentence: str, run_url: str, *, good: bool) -> str:
    """The last answer to a tick."""
    head = "↩️ **Rolled back**" if good else "❌ **The rollback failed**"
    return f"{head}, requested by {code(by)}{_run(run_url)}: {prose(sentence, 2000)}"


def refused(by: str, reason: str, run_url: str) -> str:
    """The answer to a tick that is not followed."""
    return f"⛔ **Rollback refused**, requested by {code(by)}{_run(run_url)}: {prose(reason, 2000)}"


def without_offer(body: str) -> str:
    """The comment without its way back, which leads back from what is not live any more; an answer to a tick stays."""
    body = _lines(body)
    found = _BLOCK.search(body)
    return f"{body[: found.start()].rstrip()}{body[found.end() :]}" if found and _HEAD in found[1] else body


def _lines(text: str) -> str:
    """With one kind of line end: GitHub's editor changes them."""
    return text.replace("\r\n", "\n")


def _framed(text: str) -> str:
    return f"{_OPEN}\n{text}\n{_CLOSE}"


def _run(url: str) -> str:
    return f" – {link('run', url)}" if url else ""
