"""A process that the sandbox started is ended; one that merely got the same pid is not."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploytool.sandbox import process
from deploytool.sandbox.errors import CommandFailed, StartTimedOut
from deploytool.sandbox.process import SandboxProcess, wait_until

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)


def test_a_process_is_ended_when_it_is_the_one_that_was_started(tmp_path: Path) -> None:
    started = process.start_process(["sleep", "60"], log=tmp_path / "log")
    assert process.alive(started)
    assert process.stop_process(started)
    assert not process.alive(started)


def test_a_process_lives_on_when_it_only_has_the_same_pid(tmp_path: Path) -> None:
    other = subprocess.Popen(["sleep", "60"])
    try:
        remembered = SandboxProcess(other.pid, started="1")
        assert not process.alive(remembered)
        assert not process.stop_process(remembered)
        assert other.poll() is None
    finally:
        other.send_signal(signal.SIGKILL)
        other.wait()


def test_a_process_is_ended_when_it_does_not_listen_to_sigterm(tmp_path: Path) -> None:
    log = tmp_path / "log"
    started = process.start_process([sys.executable, "-c", STUBBORN], log=log)
    wait_until("it", lambda: "ready" in log.read_text(), seconds=10)
    began = time.monotonic()
    assert process.stop_process(started, patience=0.3)
    assert time.monotonic() - began < 5
    assert not process.alive(started)


def test_waiting_ends_early_when_the_process_has_ended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    started = process.start_process(["sh", "-c", "echo no such port; exit 1"], log=log)
    with pytest.raises(StartTimedOut, match="ended while starting: no such port"):
        wait_until("it", lambda: False, seconds=30, process=started, log=log)


def test_a_failing_command_is_told_with_its_last_line() -> None:
    with pytest.raises(CommandFailed, match="`sh -c echo first; echo last >&2; exit 3` failed: last"):
        process.run(["sh", "-c", "echo first; echo last >&2; exit 3"])


def test_a_command_that_is_not_there_is_told() -> None:
    with pytest.raises(CommandFailed, match="no-such-program is not installed"):
        process.run(["no-such-program"])
