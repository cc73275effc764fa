"""How small things are written, the same everywhere: durations, revisions, versions, log lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.verdict_model import Fate, Verdict

_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
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


def blamed(diagnosis: Diagnosis) -> str:
    """What the diagnosis is about; empty where its cause says so itself."""
    # `container worker` stands nowhere by chance; a service's name alone might, in an address.
    names_it = diagnosis.cause.startswith if " " not in diagnosis.subject else diagnosis.cause.__contains__
    return "" if names_it(diagnosis.subject) else clean(diagnosis.subject)


def count(number: int, noun: str) -> str:
    """``1 service``, ``2 services``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def news(verdict: Verdict, running: int, desired: int, going_back: bool = False) -> str:
    """Where a service's rollout stands, in one line; task counts are told once, and not when all is said."""
    counts = f"{running} of {desired} running"
    detail = clean(verdict.detail)
    if verdict.fate is Fate.WAITING and counts in detail:
        detail = detail.removeprefix("waiting for ")
    told = detail or verdict.fate.value
    # While ECS goes back by itself, the counts are of the version that goes: beside the old one's they would confuse.
    if not verdict.settled and counts not in told and verdict.fate is not Fate.ROLLING_BACK:
        told = counts if not detail and verdict.fate is Fate.WAITING else f"{counts}; {told}"
    if going_back:
        return f"{'back' if verdict.fate in (Fate.LIVE, Fate.ROLLED_BACK) else 'going back'}: {told}"
    return told
