"""A command's lines arrive as it prints them, and nothing runs on after us."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from deploytool.images.buildx import Command, stream
from deploytool.images.errors import BuildTimedOut

# A parent and a child of it, both sleeping: docker and its buildx plugin.
SLEEPERS = "sleep 60 & echo $!; sleep 60"


def alive(pid: int) -> bool:
    """Whether a process still runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ended(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


def test_both_streams_and_the_exit_code_are_passed_on() -> None:
    lines: list[str] = []
    command = Command("build", ("sh", "-c", 'echo out; echo "$EXTRA" >&2; exit 3'), {"EXTRA": "err"})
    assert stream(command, dict(os.environ), lines.append, 10) == 3
    assert lines == ["out", "err"]


def test_bytes_that_are_not_text_do_not_stop_a_build() -> None:
    lines: list[str] = []
    code = "import sys; sys.stdout.buffer.write(b'a\\xff\\n')"
    assert stream(Command("build", (sys.executable, "-c", code)), dict(os.environ), lines.append, 10) == 0
    assert lines == ["a\N{REPLACEMENT CHARACTER}"]


def test_the_command_and_its_children_end_when_it_takes_too_long() -> None:
    lines: list[str] = []
    with pytest.raises(BuildTimedOut, match="docker push was stopped after 1 s"):
        stream(Command("push", ("sh", "-c", SLEEPERS)), dict(os.environ), lines.append, 1)
    assert ended(int(lines[0]))


def test_the_command_and_its_children_end_when_we_are_interrupted() -> None:
    pids: list[int] = []

    def interrupt(line: str) -> None:
        pids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stream(Command("build", ("sh", "-c", SLEEPERS)), dict(os.environ), interrupt, 30)
    assert ended(pids[0])


def test_a_silent_command_and_its_children_end_when_we_are_to_stop() -> None:
    pids: list[int] = []
    silence: list[float] = []

    def pause(seconds: float) -> None:
        if pids:
            raise KeyboardInterrupt
        silence.append(seconds)
        time.sleep(seconds)

    with pytest.raises(KeyboardInterrupt):
        stream(
            Command("build", ("sh", "-c", SLEEPERS)), dict(os.environ), lambda line: pids.append(int(line)), 30, pause
        )
    assert ended(pids[0])


def test_no_line_is_lost_when_the_command_ends_faster_than_it_is_read() -> None:
    lines: list[str] = []
    assert stream(Command("build", ("seq", "20000")), dict(os.environ), lines.append, 30) == 0
    assert lines == [str(number) for number in range(1, 20001)]
