"""What becomes of each file: written where there is none, kept where there is one."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from deploytool.core.init.model import NewFile


class Fate(Enum):
    """Of one file."""

    WRITTEN = "written"
    SAME = "same"
    """It is there, and says what would be written."""
    KEPT = "kept"
    """It is there, and says something else."""


@dataclass(frozen=True)
class Settled:
    """A file and its fate. ``difference`` is a unified diff from what is kept to what would have been written."""

    file: NewFile
    fate: Fate
    difference: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[int, int]:
        """How many lines are only in the kept file, and only in the one that would have been written."""
        body = self.difference[2:]
        return sum(line.startswith("-") for line in body), sum(line.startswith("+") for line in body)


def settled(files: Sequence[NewFile], there: Mapping[NewFile, str]) -> tuple[Settled, ...]:
    """The fate of each; ``there`` has the text of those that exist."""
    return tuple(_settled(file, there.get(file)) for file in files)


def _settled(file: NewFile, text: str | None) -> Settled:
    if text is None:
        return Settled(file, Fate.WRITTEN)
    if text == file.text:
        return Settled(file, Fate.SAME)
    names = (file.path, f"{file.path} of deploytool init")
    found = difflib.unified_diff(text.splitlines(), file.text.splitlines(), *names, lineterm="", n=1)
    return Settled(file, Fate.KEPT, tuple(found))
