"""Run a program and keep what a figure needs: when it began, spoke and ended, how, and how much memory it took."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.failure import MeasurementFailed

MEMORY_SECONDS = 0.02


@dataclass(frozen=True)
class Line:
    """One line of output (standard error too). ``at`` is in seconds of the monotonic clock, as in all of this."""

    at: float
    text: str


@dataclass(frozen=True)
class Timed:
    """One run of a program."""

    began: float
    ended: float
    exit_code: int
    lines: tuple[Line, ...]
    peak_bytes: int
    """Most resident memory of the process itself; what it started is not in it."""

    @property
    def seconds(self) -> float:
        """From start to exit."""
        return self.ended - self.began

    @property
    def output(self) -> str:
        """All lines."""
        return "\n".join(line.text for line in self.lines)


def run(
    command: Sequence[str | Path], env: Mapping[str, str], cwd: Path, *, exit_code: int = 0, timeout: float = 300
) -> Timed:
    """Run it to its end. Raises MeasurementFailed where that is another than ``exit_code`` or takes too long."""
    began = time.monotonic()
    process = subprocess.Popen(
        [str(word) for word in command],
        env=dict(env),
        cwd=cwd,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    lines: list[Line] = []
    peaks = [0]
    ended = threading.Event()
    threads = (
        threading.Thread(target=_listen, args=(process, lines), daemon=True),
        threading.Thread(target=_weigh, args=(process.pid, peaks, ended), daemon=True),
    )
    for thread in threads:
        thread.start()
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired as late:
        raise MeasurementFailed(f"{command[0]} did not end within {timeout:g} s") from late
    finally:
        at = time.monotonic()
        ended.set()
        if process.returncode is None:
            process.kill()
            process.wait()
        for thread in threads:
            thread.join()
    timed = Timed(began, at, code, tuple(lines), max(peaks))
    if code != exit_code:
        shown = " ".join(str(word) for word in command)
        raise MeasurementFailed(f"{shown} ended with {code}, not {exit_code}:\n{timed.output}")
    return timed


def _listen(process: subprocess.Popen[str], lines: list[Line]) -> None:
    assert process.stdout is not None
    for text in process.stdout:
        lines.append(Line(time.monotonic(), text.rstrip("\n")))


def _weigh(pid: int, peaks: list[int], ended: threading.Event) -> None:
    """Read the kernel's own high-water mark: only what is taken in the last look's 20 ms can be missed.

    getrusage would not do: what it tells of a child begins with the memory of the parent it was forked from.
    """
    while not ended.wait(MEMORY_SECONDS):
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return
        peaks.extend(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
