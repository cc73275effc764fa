"""Runs one docker command and passes on what it prints, line by line."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from deploytool.docker.errors import BuildTimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from deploytool.docker.command import Command

_STOP_SECONDS = 10
_PAUSE_SECONDS = 0.05


def stream(
    command: Command,
    environ: Mapping[str, str],
    on_line: Callable[[str], None],
    timeout_seconds: float,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Run ``command``, give each line of its output to ``on_line``, return its exit code.

    ``pause`` waits some seconds while there is no output. The command is ended with us: nothing builds on after a
    timeout, or an exception from ``on_line`` or ``pause``.

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
        for line in _lines(child, pause):
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


def _lines(child: subprocess.Popen[str], pause: Callable[[float], None]) -> Iterator[str]:
    """What ``child`` prints, read beside us: a silent command would keep us from noticing that we are to stop."""
    said: SimpleQueue[str] = SimpleQueue()

    def read() -> None:
        if child.stdout:
            with child.stdout as output:
                for line in output:
                    said.put(line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    while reader.is_alive() or not said.empty():
        try:
            yield said.get_nowait()
        except Empty:
            pause(_PAUSE_SECONDS)


def _stop(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        _signal(child, signal.SIGTERM)
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _signal(child, signal.SIGKILL)
            child.wait()


def _signal(child: subprocess.Popen[str], number: signal.Signals) -> None:
    if child.poll() is None:
        os.killpg(child.pid, number)
