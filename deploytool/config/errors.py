"""The configuration as read, with the position of each key and value, and what is wrong with it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from deploytool.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


Path = tuple[str | int, ...]


class Position(NamedTuple):
    """Line and column in the file, both counted from 1."""

    line: int
    column: int


HALF, HALF_FIX = "text has half of a surrogate pair (\\ud800 to \\udfff)", "write the character itself"


def has_surrogate(text: str) -> bool:
    """The escapes of JSON and YAML can name what no file and no request can hold."""
    return any("\ud800" <= character <= "\udfff" for character in text)


@dataclass(frozen=True)
class Document:
    """The data of the file, with the issues that did not stop reading, such as a duplicate key."""

    file: str
    data: object
    keys: Mapping[Path, Position] = field(default_factory=dict)
    values: Mapping[Path, Position] = field(default_factory=dict)
    issues: tuple[ConfigIssue, ...] = ()

    def position_of_key(self, path: Path) -> Position | None:
        """Of the key, or of the item of a list."""
        return self.keys.get(path) or self.values.get(path)

    def position_of_value(self, path: Path) -> Position | None:
        return self.values.get(path)


def dotted(path: Path) -> str:
    """The path as people write it: `services.app.after[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


@dataclass(frozen=True)
class ConfigIssue:
    """One mistake. `path` is like `services.app.image`; line and column count from 1, None for the whole file."""

    file: str
    path: str
    line: int | None
    column: int | None
    problem: str
    fix: str = ""

    @property
    def place(self) -> str:
        """``deploytool.yml:3:5``."""
        return self.file if self.line is None else f"{self.file}:{self.line}:{self.column}"

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}" + (f"; {self.fix}" if self.fix else "")


class ConfigErrors(ConfigurationError):
    """The configuration is invalid; `issues` has every reason, in the order of the file."""

    what = "the configuration has"
    check = "then run `deploytool config check`"

    def __init__(self, issues: Iterable[ConfigIssue]) -> None:
        # A mistake that several environments or aliases repeat is one mistake, at one place.
        unique = {
            (issue.file, issue.line, issue.column, issue.problem, issue.line or issue.path): issue for issue in issues
        }
        self.issues = tuple(sorted(unique.values(), key=lambda issue: (issue.file, issue.line or 0, issue.column or 0)))
        if len(self.issues) == 1:
            only = self.issues[0]
            super().__init__(f"{only.place}: {only.problem}", only.fix or f"correct it, {self.check}")
        else:
            lines = "\n".join(f"  {issue}" for issue in self.issues)
            super().__init__(f"{self.what} {len(self.issues)} errors:\n{lines}", f"correct them, {self.check}")


class IssueCollector:
    """Collects the issues of one document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.collected: list[ConfigIssue] = []

    def at_key(self, path: Path, problem: str, fix: str = "") -> None:
        self._add(path, self._document.position_of_key(path), problem, fix)

    def at_value(self, path: Path, problem: str, fix: str = "") -> None:
        self._add(path, self._document.position_of_value(path), problem, fix)

    def missing(self, path: Path, key: str, fix: str) -> None:
        """A required key is missing: shown where an override removed it, else at its parent."""
        place = self._document.position_of_value((*path, key)) or self._document.position_of_key(path)
        self._add(path, place, f'{dotted(path) or "the file"} lacks "{key}"', fix)

    def _add(self, path: Path, place: Position | None, problem: str, fix: str) -> None:
        line, column = place or (None, None)
        self.collected.append(ConfigIssue(self._document.file, dotted(path), line, column, problem, fix))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A fix for an unknown name: the closest one, else all."""
    choices = list(known)
    close = difflib.get_close_matches(name, choices, n=1) or [
        known for known in choices if name and known.startswith(name)
    ]
    if close:
        return f'did you mean "{close[0]}"?'
    if not choices:
        return "none is defined"
    return f'use "{choices[0]}"' if len(choices) == 1 else f"use one of: {', '.join(choices)}"
