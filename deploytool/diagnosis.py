"""Why something failed, as cause and fix; and rules that find it by a pattern in AWS's words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from deploytool.redaction import mask_credentials, mask_lines


@dataclass(frozen=True)
class Diagnosis:
    """``code`` is stable and kebab-case, for outputs and tests."""

    code: str
    cause: str
    fix: str
    fatal: bool = False
    """Trying again cannot help: the engine reverts at the first task, without waiting for the circuit breaker."""
    retriable: bool = False
    subject: str = ""
    """The service, task or container it is about."""
    quote: str = ""
    """In full, without the request id."""
    quoted: str = "AWS"
    """Who is quoted."""
    log: tuple[str, ...] = ()
    """The last lines of the container's output, oldest first."""

    def __post_init__(self) -> None:
        # From here it goes to comments, job summaries, JSON and the ledger.
        for name in ("cause", "quote"):
            object.__setattr__(self, name, mask_credentials(getattr(self, name)))
        object.__setattr__(self, "log", mask_lines(self.log))

    @property
    def container(self) -> str:
        """The name of the container it is about; empty where it is about another thing."""
        kind, _, name = self.subject.partition(" ")
        return name if kind == "container" else ""

    @property
    def more(self) -> str:
        """The quote, where the cause does not contain it."""
        return "" if self.quote in self.cause else self.quote


_REQUEST_ID = re.compile(r"[,;]?\s*\brequest[ _-]?id:?\s*[\"']?[0-9A-Za-z][0-9A-Za-z-]{7,}[\"']?", re.IGNORECASE)


@dataclass(frozen=True)
class Rule:
    """``cause`` and ``fix`` may contain ``{names}``: named groups of ``pattern``, else facts about what failed.

    A group's trailing digits do not count: ``key`` and ``key2`` are two places where the same thing may be named.
    """

    code: str
    pattern: str
    """A regular expression, searched ignoring case; an empty one always matches."""
    cause: str
    fix: str
    fatal: bool = False
    retriable: bool = False


@dataclass(frozen=True)
class RuleGroup:
    """Rules that only apply to texts that match ``gate``; the first rule that matches wins."""

    gate: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class RuleMatch:
    """A rule that matches, and the named groups of its pattern."""

    rule: Rule
    groups: Mapping[str, str] = field(default_factory=dict)

    def to_diagnosis(
        self, quote: str, facts: Mapping[str, str], subject: str = "", log: tuple[str, ...] = (), error_line: str = ""
    ) -> Diagnosis:
        """The diagnosis; ``error_line``, the log's last error, is added to its cause."""
        words = {**facts, **self.groups}
        cause = self.rule.cause.format_map(words)
        return Diagnosis(
            code=self.rule.code,
            cause=f"{cause}; its log says: {error_line}" if error_line else cause,
            fix=self.rule.fix.format_map(words),
            fatal=self.rule.fatal,
            retriable=self.rule.retriable,
            subject=subject,
            quote=quoted(quote),
            log=log,
        )


def find(rules: Sequence[Rule], text: str) -> RuleMatch | None:
    """The first of ``rules`` that matches ``text``."""
    for rule in rules:
        if match := _search(rule.pattern, text):
            groups = {name.rstrip("0123456789"): value for name, value in match.groupdict().items() if value}
            return RuleMatch(rule, groups)
    return None


def groups_for(groups: Sequence[RuleGroup], text: str) -> Iterator[tuple[Rule, ...]]:
    """The rules of each group whose gate matches ``text``."""
    return (group.rules for group in groups if _search(group.gate, text))


def quoted(text: str) -> str:
    """AWS's words on one line, without the request id."""
    return " ".join(_REQUEST_ID.sub("", text).split())


def _search(pattern: str, text: str) -> re.Match[str] | None:
    return re.search(pattern, text, re.IGNORECASE | re.DOTALL)
