"""A configuration as read: plain data, and where each key and value of it stands in the file."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from deploytool.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


# SEG core.config.document
# A configuration as read: plain data, and where each key and value of it stands in the file.

Path = tuple[str | int, ...]


class Position(NamedTuple):
    """Line and column in the file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Document:
    """What a reader made of the file, with the faults it met that did not stop it (such as a key given twice)."""

    file: str
    data: object
    keys: Mapping[Path, Position] = field(default_factory=dict)
    values: Mapping[Path, Position] = field(default_factory=dict)
    faults: tuple[ConfigIssue, ...] = ()

    def position_of_key(self, path: Path) -> Position | None:
        """Where the key is written; of an item of a list, where the item is."""
        return self.keys.get(path) or self.values.get(path)

    def position_of_value(self, path: Path) -> Position | None:
        return self.values.get(path)


def dotted(path: Path) -> str:
    """The path as people write it: `services.app.after[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


# SEG core.config.faults
# What is wrong with a configuration: all of it at once, each with its place and its fix.


@dataclass(frozen=True)
class ConfigIssue:
    """One mistake. `path` is like `services.app.image`; line and column count from 1, None where there is no place."""

    file: str
    path: str
    line: int | None
    column: int | None
    problem: str
    fix: str = ""

    @property
    def place(self) -> str:
        """``deploytool.yml:3:5``; without a line where the whole file is meant."""
        return self.file if self.line is None else f"{self.file}:{self.line}:{self.column}"

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}" + (f"; {self.fix}" if self.fix else "")


class ConfigErrors(ConfigurationError):
    """The configuration cannot be used; `faults` has every reason, in the order of the file."""

    def __init__(self, faults: Iterable[ConfigIssue]) -> None:
        # One mistake that several environments or aliases repeat is still one mistake: told by its place.
        unique = {(fault.line, fault.column, fault.problem, fault.line or fault.path): fault for fault in faults}
        self.faults = tuple(sorted(unique.values(), key=lambda fault: (fault.line or 0, fault.column or 0)))
        if len(self.faults) == 1:
            only = self.faults[0]
            check = "correct it; `deploytool config check` says whether it is right"
            super().__init__(f"{only.place}: {only.problem}", only.fix or check)
        else:
            lines = "\n".join(f"  {fault}" for fault in self.faults)
            super().__init__(
                f"the configuration has {len(self.faults)} faults:\n{lines}",
                "correct them; `deploytool config check` says whether they are gone",
            )


class IssueCollector:
    """Collects the faults of one document while it is looked through."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.faults: list[ConfigIssue] = []

    def at_key(self, path: Path, problem: str, fix: str = "") -> None:
        self._add(path, self._document.position_of_key(path), problem, fix)

    def at_value(self, path: Path, problem: str, fix: str = "") -> None:
        self._add(path, self._document.position_of_value(path), problem, fix)

    def missing(self, path: Path, key: str, fix: str) -> None:
        """A key that must be there is not: shown where an override took it away, else at what lacks it."""
        place = self._document.position_of_value((*path, key)) or self._document.position_of_key(path)
        self._add(path, place, f'{dotted(path) or "the file"} lacks "{key}"', fix)

    def _add(self, path: Path, place: Position | None, problem: str, fix: str) -> None:
        line, column = place or (None, None)
        self.faults.append(ConfigIssue(self._document.file, dotted(path), line, column, problem, fix))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A fix for a name that is not known: the one it resembles, else all there are."""
    choices = list(known)
    close = difflib.get_close_matches(name, choices, n=1) or [
        known for known in choices if name and known.startswith(name)
    ]
    if close:
        return f'did you mean "{close[0]}"?'
    if not choices:
        return "there is none"
    return f'use "{choices[0]}"' if len(choices) == 1 else f"use one of: {', '.join(choices)}"
