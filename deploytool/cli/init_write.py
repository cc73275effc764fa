"""Writes files that are not there yet: all of them, or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from deploytool.errors import Refused


class CannotWrite(Refused):
    """A file cannot be read or written; none was written."""


def read_there(places: Iterable[Path]) -> Mapping[Path, str]:
    """The text of those that exist. Raises CannotWrite where one of them is no file, or may not be read."""
    found = {}
    for place in places:
        if os.path.lexists(place):
            try:
                found[place] = place.read_text(encoding="utf-8", errors="replace")
            except OSError as error:
                fix = "move it away, or make it readable, then run this again"
                raise CannotWrite(f"{place} is in the way: {error.strerror}", fix) from error
    return found


def write_all(texts: Mapping[Path, str]) -> None:
    """Write each file beside its place first; they are moved there once all are written.

    Raises:
        CannotWrite: one of them could not be written, or appeared meanwhile. None of the others is left then.
    """
    place = Path()
    with ExitStack() as undo, ExitStack() as beside:
        try:
            staged = {}
            for place, text in texts.items():
                _make_directories(place.parent, undo)
                staged[place] = _stage(place, text, beside)
            for place, written in staged.items():
                _move(written, place)
                undo.callback(place.unlink)
        except OSError as error:
            raise CannotWrite(
                f"{place} cannot be written: {error.strerror}; nothing was written", "correct that, then run this again"
            ) from error
        undo.pop_all()


def _make_directories(directory: Path, undo: ExitStack) -> None:
    missing = [each for each in (directory, *directory.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir()
        undo.callback(each.rmdir)


def _stage(place: Path, text: str, beside: ExitStack) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    staged = Path(name)
    beside.callback(staged.unlink, missing_ok=True)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    # mkstemp makes files for its owner alone; these are as any editor would make them.
    umask = os.umask(0)
    os.umask(umask)
    staged.chmod(0o666 & ~umask)
    return staged


def _move(staged: Path, place: Path) -> None:
    """A hard link fails where the name is taken, so that what appeared meanwhile is not overwritten; a rename would."""
    try:
        os.link(staged, place)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links.
        if os.path.lexists(place):
            raise
        staged.rename(place)
