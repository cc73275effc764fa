"""Wait until something answers, and pick ports on which something can."""

from __future__ import annotations

import socket
import time
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import requests

from deploytool.sandbox.errors import PortTaken, StartTimedOut
from deploytool.sandbox.process import alive

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploytool.sandbox.state import Process

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
    what: str, ready: Callable[[], bool], *, seconds: float, process: Process | None = None, log: Path | None = None
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
