"""An environment's overrides merged into the rest of the file, every part still knowing where it was written.

The rule is that of JSON Merge Patch (RFC 7396): mappings merge key by key, anything else replaces what it meets, null
takes a key away. Taking away what is not there is a fault, since it is a misspelling more often than not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploytool.core.config.document import Document, dotted
from deploytool.core.config.faults import Found, did_you_mean

if TYPE_CHECKING:
    from deploytool.core.config.document import Path, Position


def overridden(document: Document, base: dict[str, object], patch: dict[str, object], at: Path) -> Document:
    """`base`, the top of the document, with `patch`, found in it at path `at`, merged in."""
    merge = _Merge(document, dict(document.keys), dict(document.values), Found(document))
    data = merge.mappings(base, patch, (), at)
    return Document(document.file, data, merge.keys, merge.values, tuple(merge.found.faults))


@dataclass(frozen=True)
class _Merge:
    document: Document
    keys: dict[Path, Position]
    values: dict[Path, Position]
    found: Found

    def mappings(
        self, base: dict[str, object], patch: dict[str, object], path: Path, patch_path: Path
    ) -> dict[str, object]:
        merged = dict(base)
        for name, change in patch.items():
            here, there = (*path, name), (*patch_path, name)
            if change is None:
                self._take_away(merged, name, here, there)
                continue
            old = merged.get(name)
            if isinstance(old, dict) and isinstance(change, dict):
                merged[name] = self.mappings(old, change, here, there)
            else:
                merged[name] = self._adopt(change, here, there)
        return merged

    def _take_away(self, merged: dict[str, object], name: str, here: Path, there: Path) -> None:
        if name in merged:
            del merged[name]
            self._move(here, there)
        else:
            problem = f"there is no {dotted(here)} to take away"
            self.found.at_key(there, problem, did_you_mean(name, [str(known) for known in merged]))

    def _adopt(self, value: object, here: Path, there: Path) -> object:
        """A part of the patch that meets nothing it could merge with, with its places."""
        self._move(here, there)
        if isinstance(value, dict):
            return self.mappings({}, value, here, there)
        if isinstance(value, list):
            return [self._adopt(item, (*here, index), (*there, index)) for index, item in enumerate(value)]
        return value

    def _move(self, here: Path, there: Path) -> None:
        for places, origin in ((self.keys, self.document.keys), (self.values, self.document.values)):
            if there in origin:
                places[here] = origin[there]
