"""Standard output and error that their reader may leave, or that cannot hold more."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO


def open_all() -> None:
    """Both streams can be written to, also where the program was started without one (`>&-`)."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115  (for as long as the program runs)
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115  (the same)


@contextmanager
def heard_or_not(stream: TextIO) -> Iterator[None]:
    """Tell what is done. Where that cannot be read (`| head`, a full disk) it is done all the same: the work goes on,
    and the exit code speaks of the work.
    """
    try:
        yield
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            with suppress(OSError):
                sys.stderr.write(f"warning: not everything could be written: {error.strerror}\n")
        discard(stream)


def discard(stream: TextIO) -> None:
    """Whatever is still to be written goes nowhere: what Python has kept would fail again at the exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
