"""What becomes of each file: written (by a preview only shown) where there is none, else kept."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from deploytool.core.init.model import NewFile


class Fate(Enum):
    """Of one file."""

    WRITTEN = "written"
    NEW = "new"
    """It does not exist yet, and a preview does not write it."""
    SAME = "same"
    """It is there, and says what would be written."""
    KEPT = "kept"
    """It is there, and says something else."""


@dataclass(frozen=True)
class Settled:
    """A file and its fate. ``difference`` is a unified diff from what exists to what init writes."""

    file: NewFile
    fate: Fate
    difference: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[int, int]:
        """How many lines are only in the kept file, and only in the one that would have been written."""
        body = self.difference[2:]
        return sum(line.startswith("-") for line in body), sum(line.startswith("+") for line in body)


def settled(files: Sequence[NewFile], there: Mapping[NewFile, str], *, preview: bool = False) -> tuple[Settled, ...]:
    """The fate of each; ``there`` has the text of those that exist. A ``preview`` shows what is new as a difference."""
    return tuple(_settled(file, there.get(file), preview=preview) for file in files)


def _settled(file: NewFile, text: str | None, *, preview: bool) -> Settled:
    if text is None:
        return Settled(file, Fate.NEW, _difference("", file, "/dev/null")) if preview else Settled(file, Fate.WRITTEN)
    if text == file.text:
        return Settled(file, Fate.SAME)
    return Settled(file, Fate.KEPT, _difference(text, file, file.path))


def _difference(text: str, file: NewFile, name: str) -> tuple[str, ...]:
    names = (name, f"{file.path} of deploytool init")
    return tuple(difflib.unified_diff(text.splitlines(), file.text.splitlines(), *names, lineterm="", n=1))
