"""Run programs: to their end, or in the background under a pid that is never mistaken for another's; wait for them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import requests

from deploytool.sandbox.errors import CommandFailed, PortTaken, StartTimedOut

WriteLine = Callable[[str], None]
"""Reports progress to the user."""
HOST = "127.0.0.1"
LAST_PORT = 65_535


@dataclass(frozen=True)
class SandboxProcess:
    """A process of ours. ``started`` (kernel clock ticks since boot) tells it from a later one with the same pid."""

    pid: int
    started: str


def cache() -> Path:
    """The directory for what is slow to make, shared by all sandboxes. scripts/setup keeps things in it too."""
    home = os.environ.get("XDG_CACHE_HOME")
    directory = (Path(home) if home else Path.home() / ".cache") / "deploytool"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 300,
    fix: str = "",
) -> str:
    """Run to the end and return the output. ``env`` is added to ours; ``timeout`` is in seconds.

    Raises:
        CommandFailed: not found, a non-zero exit code, or not done in time.
    """
    words = [str(word) for word in command]
    title = " ".join(words[:4]) + (" …" if len(words) > 4 else "")
    try:
        result = subprocess.run(
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
        raise CommandFailed(title, f"{words[0]} is not installed", fix) from error
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(title, f"not done after {timeout:g} s", fix) from error
    if result.returncode:
        raise CommandFailed(title, result.stdout + result.stderr, fix)
    return result.stdout


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
    """When a process was started, from the kernel (field 22 of ``/proc/PID/stat``); None when it is gone."""
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
    """Terminate it, and kill it after ``patience`` seconds. False when it was gone already."""
    if process is None or not alive(process):
        return False
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not alive(process):
                return True
            time.sleep(0.02)
    return True


def free_port(first: int, taken: set[int]) -> int:
    """The first port from ``first`` on that nobody listens on.

    Raises:
        PortTaken: twenty in a row are taken.
    """
    last = min(first + 19, LAST_PORT)
    for port in range(first, last + 1):
        if port in taken:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        return port
    raise PortTaken(f"ports {first} to {last} are taken", "free one, or use --aws-port or --github-port")


def answers(url: str) -> bool:
    """Whether a GET of this URL is answered with 200 within a second."""
    try:
        # No proxy: everything of ours is on this machine, and a proxy would not find it.
        status = requests.get(url, timeout=1, proxies={"http": "", "https": ""}).status_code
    except requests.RequestException:
        return False
    return status == HTTPStatus.OK


def wait_until(
    what: str,
    ready: Callable[[], bool],
    *,
    seconds: float,
    process: SandboxProcess | None = None,
    log: Path | None = None,
) -> None:
    """Return once ``ready()``.

    Raises:
        StartTimedOut: not ready after ``seconds``, or ``process`` ended before; names its log.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        ended = process is not None and not alive(process)
        if ended or time.monotonic() > deadline:
            why = "ended while starting" if ended else f"did not answer within {seconds:g} s"
            last = _last_line(log)
            fix = f"read {log} and run `deploytool sandbox up` again" if log else "run `deploytool sandbox up` again"
            raise StartTimedOut(f"{what} {why}{': ' + last if last else ''}", fix)
        time.sleep(0.05)


def wait_for_url(what: str, url: str, *, seconds: float, process: SandboxProcess, log: Path) -> None:
    wait_until(what, lambda: answers(url), seconds=seconds, process=process, log=log)


def _last_line(log: Path | None) -> str:
    if log is None or not log.exists():
        return ""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
