"""One ``run`` step, run as GitHub's runner runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.github_runner.files import Command, commands, entries

SHELL = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail")
FILES = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
LIMIT = 240.0
"""Seconds for a step."""


@dataclass(frozen=True)
class Interruption:
    """What happens to a step as soon as its log says ``when``: cancelled, or killed with all that it started."""

    when: str
    signal: signal.Signals = signal.SIGINT


@dataclass
class StepResult:
    """What became of a step."""

    name: str
    outcome: str = "skipped"
    """``success``, ``failure``, ``cancelled`` or ``skipped``."""
    code: int | None = None
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    summary: str = ""
    conclusion: str = "skipped"
    inner: list[StepResult] = field(default_factory=list)
    """The steps of a composite action."""

    @property
    def commands(self) -> list[Command]:
        """The workflow commands in its log."""
        return commands(self.log)


def run_script(
    name: str, script: str, environ: Mapping[str, str], directory: Path, interruption: Interruption | None = None
) -> StepResult:
    """Write the script to a file and run it; the files it was given are read afterwards."""
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        (place / "script.sh").write_text(script)
        for item in FILES:
            (place / item).touch()
        process = subprocess.Popen(
            [*SHELL, str(place / "script.sh")],
            cwd=directory, env={**environ, **{entry: str(place / entry) for entry in FILES}},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        log, interrupted = _followed(process, interruption)
        read = {entry: (place / entry).read_text(encoding="utf-8") for entry in FILES}
    outcome = "cancelled" if interrupted else "success" if process.returncode == 0 else "failure"
    return StepResult(
        name, outcome, process.returncode, log,
        entries(read["GITHUB_OUTPUT"]), entries(read["GITHUB_ENV"]), read["GITHUB_PATH"].splitlines(),
        read["GITHUB_STEP_SUMMARY"], outcome,
    )  # fmt: skip


def _followed(process: subprocess.Popen[str], interruption: Interruption | None) -> tuple[str, bool]:
    assert process.stdout
    lines: list[str] = []
    interrupted = False
    overtime = threading.Timer(LIMIT, lambda: os.killpg(process.pid, signal.SIGKILL))
    overtime.start()
    for line in process.stdout:
        lines.append(line)
        if interruption and not interrupted and interruption.when in line:
            interrupted = True
            _interrupt(process, interruption.signal)
    process.wait()
    overtime.cancel()
    return "".join(lines), interrupted


def _interrupt(process: subprocess.Popen[str], kind: signal.Signals) -> None:
    """The runner signals the process it started, not those that this one started; a lost machine kills them all."""
    if kind is signal.SIGKILL:
        os.killpg(process.pid, kind)
        return
    process.send_signal(kind)
    for later, seconds in ((signal.SIGTERM, 7.5), (signal.SIGKILL, 10.0)):
        _after(seconds, process, later)


def _after(seconds: float, process: subprocess.Popen[str], kind: signal.Signals) -> None:
    def send() -> None:
        if process.poll() is None:
            process.send_signal(kind)

    timer = threading.Timer(seconds, send)
    timer.daemon = True
    timer.start()


StandIn = Callable[[Mapping[str, str], Mapping[str, str]], StepResult]
"""Takes a step's inputs and environment, and does what the action of somebody else would do."""
