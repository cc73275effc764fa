"""Runs one docker command and passes on what it prints, line by line."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

from deploytool.docker.errors import BuildTimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deploytool.docker.command import Command

_STOP_SECONDS = 10


def stream(command: Command, environ: Mapping[str, str], on_line: Callable[[str], None], timeout_seconds: float) -> int:
    """Run ``command``, give each line of its output to ``on_line``, return its exit code.

    The command is ended with us: nothing builds on after a timeout, Ctrl-C or any exception from ``on_line``.

    Raises:
        BuildTimedOut: it was still running after ``timeout_seconds``, and was stopped.
    """
    child = subprocess.Popen(
        command.argv,
        env={**environ, **command.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # Its own group, so that docker's plugins end with it.
        start_new_session=True,
    )
    late = threading.Event()

    def give_up() -> None:
        late.set()
        _signal(child, signal.SIGTERM)

    alarm = threading.Timer(timeout_seconds, give_up)
    alarm.start()
    try:
        for line in child.stdout or ():
            on_line(line.rstrip("\r\n"))
        code = child.wait()
    finally:
        alarm.cancel()
        _stop(child)
    if late.is_set():
        raise BuildTimedOut(
            f"docker {command.stage} was stopped after {timeout_seconds:.0f} s",
            "look at the last lines above for what it waited for, or allow it more time",
        )
    return code


def _stop(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        _signal(child, signal.SIGTERM)
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _signal(child, signal.SIGKILL)
            child.wait()
    if child.stdout:
        child.stdout.close()


def _signal(child: subprocess.Popen[str], number: signal.Signals) -> None:
    if child.poll() is None:
        os.killpg(child.pid, number)
