"""Run programs: to their end, or in the background under a pid that is never mistaken for another's."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.sandbox.errors import CommandFailed
from deploytool.sandbox.state import Process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 300,
    fix: str = "",
) -> str:
    """Run to the end and return what was printed. ``env`` is added to ours; ``timeout`` is in seconds.

    Raises:
        CommandFailed: not found, not 0, or not done in time.
    """
    words = [str(word) for word in command]
    shown = " ".join(words[:4]) + (" …" if len(words) > 4 else "")
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            timeout=timeout,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
    except FileNotFoundError as error:
        raise CommandFailed(shown, f"{words[0]} is not installed", fix) from error
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(shown, f"not done after {timeout:g} s", fix) from error
    if done.returncode:
        raise CommandFailed(shown, done.stdout + done.stderr, fix)
    return done.stdout


def start(command: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None) -> Process:
    """Start in the background, in a session of its own: it outlives us, and our terminal's Ctrl-C does not reach it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, **(env or {})},
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
        )
    return Process(child.pid, started_at(child.pid) or "")


def started_at(pid: int) -> str | None:
    """When a process was started, as the kernel tells it (field 22 of ``/proc/PID/stat``); None when it is gone."""
    try:
        # The command's name, in brackets, may itself hold spaces and brackets: count from the last one.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    is_zombie = fields[0] == "Z"
    return None if is_zombie else fields[19]


def alive(process: Process | None) -> bool:
    """Whether this very process still runs."""
    return process is not None and bool(process.started) and started_at(process.pid) == process.started


def stop(process: Process | None, *, patience: float = 5.0) -> bool:
    """Ask it to end, and after ``patience`` seconds end it. False when it was gone already."""
    if process is None or not alive(process):
        return False
    for wish, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        try:
            os.kill(process.pid, wish)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not alive(process):
                return True
            time.sleep(0.02)
    return True
