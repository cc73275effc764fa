"""The state while it grows: several threads add what they made, and what is made is on disk at once."""

from __future__ import annotations

import fcntl
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from deploytool.sandbox.cache import cache
from deploytool.sandbox.errors import SandboxError
from deploytool.sandbox.state import DIRECTORY, save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from deploytool.sandbox.state import Process, SandboxState


class Record:
    """Holds the newest state."""

    def __init__(self, state: SandboxState) -> None:
        self._lock = threading.Lock()
        self.state = state
        save(state)

    def change(self, **values: Any) -> None:
        """Replace fields of the state and write it."""
        with self._lock:
            self.state = replace(self.state, **values)
            save(self.state)

    def add_process(self, name: str, process: Process) -> None:
        """Remember a process that was just started."""
        with self._lock:
            self.state = replace(self.state, processes={**self.state.processes, name: process})
            save(self.state)


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Hold the directory's sandbox for one command; the kernel lets go of it when we end, however we end.

    Raises:
        SandboxError: another command holds it.
    """
    directory = root / DIRECTORY
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            busy = "another `deploytool sandbox` command is at work in this directory"
            raise SandboxError(busy, "wait until it is done") from error
        yield


@contextmanager
def in_turn(say: Callable[[str], None]) -> Iterator[None]:
    """Sandboxes of one machine start one after the other: each takes ports that are free until somebody listens, and
    the first one makes the images that all of them use.
    """
    with (cache() / "up.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another sandbox to start")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
