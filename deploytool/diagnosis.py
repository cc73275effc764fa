"""What a diagnosis says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# SEG core.diagnosis_model
# What a diagnosis says.


@dataclass(frozen=True)
class Diagnosis:
    """Why something failed, in plain words.

    ``code`` is stable and kebab-case, for outputs and tests. ``fatal`` says that trying again cannot help: the engine
    reports it at the first task instead of waiting for the circuit breaker. ``log`` holds the last lines of the
    container's output, oldest first.
    """

    code: str
    cause: str
    fix: str
    fatal: bool = False
    retriable: bool = False
    subject: str = ""
    """The service, task or container it is about."""
    quote: str = ""
    """Words of ``quoted``, unshortened but for the request id."""
    quoted: str = "AWS"
    """Whose words the quote are."""
    log: tuple[str, ...] = ()

    @property
    def more(self) -> str:
        """The quote, where the cause does not hold it already."""
        return "" if self.quote in self.cause else self.quote


# SEG core.diagnosis.rule
# Rules as data: a pattern in AWS's words, and the plain words for it.

_REQUEST_ID = re.compile(r"[,;]?\s*\brequest[ _-]?id:?\s*[\"']?[0-9A-Za-z][0-9A-Za-z-]{7,}[\"']?", re.IGNORECASE)


@dataclass(frozen=True)
class Rule:
    """``cause`` and ``fix`` may hold ``{names}``: named groups of ``pattern``, else facts about what failed.

    A group's trailing digits do not count: ``key`` and ``key2`` are two places where the same thing may be named.
    """

    code: str
    pattern: str
    """A regular expression, searched in any case; an empty one always fits."""
    cause: str
    fix: str
    fatal: bool = False
    retriable: bool = False


@dataclass(frozen=True)
class RuleGroup:
    """Rules that only apply to texts in which ``gate`` is found; the first that fits wins."""

    gate: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class RuleMatch:
    """A rule that fits, with the words its pattern caught."""

    rule: Rule
    caught: Mapping[str, str] = field(default_factory=dict)

    def say(
        self, quote: str, facts: Mapping[str, str], subject: str = "", log: tuple[str, ...] = (), said: str = ""
    ) -> Diagnosis:
        """The diagnosis; ``said`` is a telling line of the log, added to the cause."""
        words = {**facts, **self.caught}
        cause = self.rule.cause.format_map(words)
        return Diagnosis(
            code=self.rule.code,
            cause=f"{cause}; its log says: {said}" if said else cause,
            fix=self.rule.fix.format_map(words),
            fatal=self.rule.fatal,
            retriable=self.rule.retriable,
            subject=subject,
            quote=quoted(quote),
            log=log,
        )


def find(rules: Sequence[Rule], text: str) -> RuleMatch | None:
    """The first of ``rules`` whose pattern is in ``text``."""
    for rule in rules:
        if hit := _search(rule.pattern, text):
            caught = {name.rstrip("0123456789"): value for name, value in hit.groupdict().items() if value}
            return RuleMatch(rule, caught)
    return None


def rules_for(kinds: Sequence[RuleGroup], text: str) -> tuple[Rule, ...]:
    """The rules of the first kind whose gate is in ``text``."""
    return next((kind.rules for kind in kinds if _search(kind.gate, text)), ())


def quoted(text: str) -> str:
    """AWS's words on one line, without the request id."""
    return " ".join(_REQUEST_ID.sub("", text).split())


def _search(pattern: str, text: str) -> re.Match[str] | None:
    return re.search(pattern, text, re.IGNORECASE | re.DOTALL)
