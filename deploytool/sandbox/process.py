"""Where what is slow to make is kept between sandboxes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from deploytool.sandbox.errors import CommandFailed, PortTaken, StartTimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


# SEG sandbox.cache
# Where what is slow to make is kept between sandboxes.


def cache() -> Path:
    """The directory, which is there from now on. scripts/setup keeps things in it too."""
    home = os.environ.get("XDG_CACHE_HOME")
    directory = (Path(home) if home else Path.home() / ".cache") / "deploytool"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


# SEG sandbox.process
# Run programs: to their end, or in the background under a pid that is never mistaken for another's.


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


def start_process(command: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None) -> SandboxProcess:
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
    return SandboxProcess(child.pid, started_at(child.pid) or "")


def started_at(pid: int) -> str | None:
    """When a process was started, as the kernel tells it (field 22 of ``/proc/PID/stat``); None when it is gone."""
    try:
        # The command's name, in brackets, may itself hold spaces and brackets: count from the last one.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    is_zombie = fields[0] == "Z"
    return None if is_zombie else fields[19]


def alive(process: SandboxProcess | None) -> bool:
    """Whether this very process still runs."""
    return process is not None and bool(process.started) and started_at(process.pid) == process.started


def stop_process(process: SandboxProcess | None, *, patience: float = 5.0) -> bool:
    """Ask it to end, and after ``patience`` seconds end it. False when it was gone already."""
    if process is None or not alive(process):
        return False
    for options, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        try:
            os.kill(process.pid, options)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not alive(process):
                return True
            time.sleep(0.02)
    return True


# SEG sandbox.wait
# Wait until something answers, and pick ports on which something can.

HOST = "127.0.0.1"
LAST_PORT = 65_535


def free_port(wanted: int, taken: set[int]) -> int:
    """The first port from ``wanted`` on that nobody listens on.

    Raises:
        PortTaken: twenty in a row are taken.
    """
    last = min(wanted + 19, LAST_PORT)
    for port in range(wanted, last + 1):
        if port in taken:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        return port
    raise PortTaken(f"ports {wanted} to {last} are taken", "free one, or use --aws-port or --github-port")


def answers(url: str, timeout: float = 1.0) -> bool:
    """Whether a GET of this URL is answered with 200 within ``timeout`` seconds."""
    try:
        # No proxy: everything of ours is on this machine, and a proxy would not find it.
        status = requests.get(url, timeout=timeout, proxies={"http": "", "https": ""}).status_code
    except requests.RequestException:
        return False
    return status == HTTPStatus.OK


def until(
    what: str,
    ready: Callable[[], bool],
    *,
    seconds: float,
    process: SandboxProcess | None = None,
    log: Path | None = None,
) -> None:
    """Return once ``ready()``; look ten to twenty times a second.

    Raises:
        StartTimedOut: not ready after ``seconds``, or ``process`` ended before; says where its log is.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        ended = process is not None and not alive(process)
        if ended or time.monotonic() > deadline:
            why = "ended while starting" if ended else f"did not answer within {seconds:g} s"
            tail = _tail(log)
            raise StartTimedOut(
                f"{what} {why}{': ' + tail if tail else ''}",
                f"read {log} and run `deploytool sandbox up` again" if log else "run `deploytool sandbox up` again",
            )
        time.sleep(0.05)


def _tail(log: Path | None) -> str:
    if log is None or not log.exists():
        return ""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


@dataclass(frozen=True)
class SandboxProcess:
    """A process of ours. ``started`` (kernel clock ticks since boot) tells it from a later one with the same pid."""

    pid: int
    started: str
