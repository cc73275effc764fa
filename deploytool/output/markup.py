"""Text in columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from urllib.parse import quote

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import DeploymentState, DeploymentStatus

# Text in columns.


def columns(rows: Sequence[Sequence[str]], indent: str = "  ") -> tuple[str, ...]:
    """Rows with every column as wide as its widest cell, two spaces between."""
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    return tuple(
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))).rstrip()
        for row in rows
    )


# How small things are written, the same everywhere: durations, revisions, versions, log lines.

_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that a terminal or a browser acts on instead of showing: controls, direction changes, halves."""
DIGEST_DIGITS = 12


def duration(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``1 min 05 s``, ``15 min``, ``2 h 03 min``."""
    if seconds < 9.95:
        return f"{max(seconds, 0.0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def clean(line: str) -> str:
    """One line as a terminal may show it: no escape sequences, control characters or changes of writing direction."""
    if not line.isprintable():
        line = _ESCAPE_SEQUENCE.sub("", " ".join(line.splitlines()).expandtabs(4))
        line = "".join(character for character in line if unicodedata.category(character) not in _UNSEEN)
    return line.rstrip()


def without_control(text: str) -> str:
    """Lines and colors as they are; nothing else that a terminal would act on."""
    if text.isprintable():
        return text
    return "".join(
        part if _COLOR.fullmatch(part) else "".join(filter(_is_shown, _ESCAPE_SEQUENCE.sub("", part)))
        for part in re.split(f"({_COLOR.pattern})", text)
    )


def _is_shown(character: str) -> bool:
    return character in "\n\t" or unicodedata.category(character) not in _UNSEEN


def cleaned(lines: Iterable[str]) -> tuple[str, ...]:
    """Every line as :func:`clean` leaves it; what holds several lines becomes several."""
    return tuple(clean(part) for line in lines for part in (line.splitlines() or [""]))


def short_digest(digest: str) -> str:
    """The first twelve hex digits, as ``docker images --digests`` users know them."""
    return digest.removeprefix("sha256:")[:DIGEST_DIGITS]


def image_version(reference: str) -> str:
    """What tells one image of a repository from another: the short digest, else the tag."""
    _, at, digest = reference.partition("@")
    if at:
        return short_digest(digest)
    tail = reference.rpartition("/")[2]
    return tail.partition(":")[2] or "latest"


def container_prefix(diagnosis: Diagnosis) -> str:
    """What the diagnosis is about; empty where its cause says so itself."""
    # `container worker` stands nowhere by chance; a service's name alone might, in an address.
    names_it = diagnosis.cause.startswith if " " not in diagnosis.subject else diagnosis.cause.__contains__
    return "" if names_it(diagnosis.subject) else clean(diagnosis.subject)


def words(status: str) -> str:
    """A status as people read it: ``rolled_back`` → ``rolled back``."""
    return status.replace("_", " ")


def count(number: int, noun: str) -> str:
    """``1 service``, ``2 services``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def progress_text(verdict: DeploymentStatus, running: int, desired: int, reverting: bool = False) -> str:
    """Where a service's rollout stands, in one line; task counts are told once, and not when all is said."""
    counts = f"{running} of {desired} running"
    detail = clean(verdict.detail)
    if verdict.state is DeploymentState.IN_PROGRESS and counts in detail:
        detail = detail.removeprefix("waiting for ")
    text = detail or ("live" if verdict.state is DeploymentState.SUCCEEDED else words(verdict.state))
    # While ECS goes back by itself, the counts are of the version that goes: beside the old one's they would confuse.
    if not verdict.settled and counts not in text and verdict.state is not DeploymentState.ROLLING_BACK:
        text = counts if not detail and verdict.state is DeploymentState.IN_PROGRESS else f"{counts}; {text}"
    if reverting:
        back = verdict.state in (DeploymentState.SUCCEEDED, DeploymentState.ROLLED_BACK)
        return f"{'back' if back else 'going back'}: {text}"
    return text


# Other people's text, made inert in GitHub's Markdown.
#
# Branch names, commit subjects, AWS's messages and log lines reach a comment that speaks with our bot's voice. None of
# them may format, link, mention somebody, refer to an issue, hide text or end the block it stands in.

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
    text = _open(_shortened(clean(text), longest).strip())
    if not text:
        return "–"
    ticks = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    escaped = text.replace("|", "\\|")
    return f"{ticks}{pad}{escaped}{pad}{ticks}"


def fenced(lines: Iterable[str], longest: int = 2000) -> str:
    """Lines as a code block that none of them can end; each cut to ``longest`` characters."""
    text = _open("\n".join(_shortened(line, longest) for line in cleaned(lines)))
    fencing_token = "`" * max(3, _longest_run(text) + 1)
    return f"{fencing_token}text\n{text}\n{fencing_token}"


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


def _open(text: str) -> str:
    """Without the marks of an HTML comment, by which workflows and we know our own lines again."""
    return text.replace("<!--", f"<{ZERO_WIDTH_SPACE}!--").replace("-->", f"--{ZERO_WIDTH_SPACE}>")


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
