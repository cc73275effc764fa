"""Other people's text, made inert in GitHub's Markdown.

Branch names, commit subjects, AWS's messages and log lines reach a comment that speaks with our bot's voice. None of
them may format, link, mention somebody, refer to an issue, hide text or end the block it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from deploytool.report.wording import clean, cleaned

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+\-!|~$])")
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_NAMES = re.compile(r"(@|(?<![0-9A-Za-z])GH\\-(?=[0-9])|\\#(?=[0-9]))", re.IGNORECASE)
_ADDRESS = re.compile(r"(https?:|ftp:)(?=//)|(www)(?=\.)|(mailto:|xmpp:)", re.IGNORECASE)
_BACKTICKS = re.compile(r"`+")
ZERO_WIDTH_SPACE = "\u200b"
"""GitHub looks for names and addresses in the rendered text, where escapes are gone; this survives and is not seen."""


def prose(text: str, longest: int = 1000) -> str:
    """One line of running text, also within a table cell; cut to ``longest`` characters before it is escaped."""
    text = _PUNCTUATION.sub(r"\\\1", _shortened(clean(text), longest)).translate(_HTML)
    text = _NAMES.sub(rf"\1{ZERO_WIDTH_SPACE}", text)
    return _ADDRESS.sub(rf"\g<0>{ZERO_WIDTH_SPACE}", text)


def code(text: str, longest: int = 200) -> str:
    """One line as a code span, also within a table cell; ``–`` where there is nothing to show."""
    text = _shortened(clean(text), longest).strip()
    if not text:
        return "–"
    ticks = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    escaped = text.replace("|", "\\|")
    return f"{ticks}{pad}{escaped}{pad}{ticks}"


def fenced(lines: Iterable[str], longest: int = 2000) -> str:
    """Lines as a code block that none of them can end; each cut to ``longest`` characters."""
    text = "\n".join(_shortened(line, longest) for line in cleaned(lines))
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}text\n{text}\n{fence}"


def link(label: str, url: str) -> str:
    """A link; ``label`` is Markdown already. Only the label where ``url`` is not an address of the web."""
    if not url.startswith(("https://", "http://")):
        return label
    return f"[{label}]({quote(url, safe=_URL_SAFE)})"


def marker(app: str, environment: str) -> str:
    """The hidden first line by which our comment is found again."""
    names = ":".join(quote(name, safe="").replace("--", "-%2D") for name in (app, environment))
    return f"<!-- deploytool:{names} -->"


_URL_SAFE = "/:?#@!$&*+,;=%-._~"


def _longest_run(text: str) -> int:
    return max(map(len, _BACKTICKS.findall(text)), default=0)


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
