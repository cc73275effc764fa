"""What is printed when nobody reads it, by the installed command: the exit code speaks of the work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploytool.output.console import tolerating_closed_stream

DEPLOYTOOL = Path(sys.executable).with_name("deploytool")


def shell(line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_was_closed_before_the_start_is_no_fault(closed: str) -> None:
    done = shell(f"{DEPLOYTOOL} config schema {closed}")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_is_told_in_a_sentence() -> None:
    done = shell(f"{DEPLOYTOOL} config schema > /dev/full")
    assert done.returncode == 1
    assert "no space left on the disk" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("config", "schema"), ("--help",), ("release", "--help")])
def test_a_reader_that_has_what_it_wanted_is_no_fault(words: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as nobody:
        done = subprocess.run([DEPLOYTOOL, *words], stdout=nobody, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_error_keeps_its_exit_code_when_nobody_reads_it() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as nobody:
        done = subprocess.run([DEPLOYTOOL, "plan", "--config", "/nowhere.yml"], stderr=nobody, check=False)
    assert done.returncode == 2


def test_work_goes_on_when_its_reader_left() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        for _ in range(2):
            with tolerating_closed_stream(stream):
                print("progress", file=stream, flush=True)


def test_work_goes_on_when_the_disk_is_full(capsys: pytest.CaptureFixture[str]) -> None:
    with Path("/dev/full").open("w") as stream, tolerating_closed_stream(stream):
        print("progress", file=stream, flush=True)
    assert capsys.readouterr().err == "warning: not everything could be written: No space left on device\n"
