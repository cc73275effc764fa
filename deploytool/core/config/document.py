"""A configuration as read: plain data, and where each key and value of it stands in the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploytool.core.config.faults import Fault

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
    faults: tuple[Fault, ...] = ()

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
