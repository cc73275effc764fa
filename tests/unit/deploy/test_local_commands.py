"""Commands of the user's: where they run, with what, and how they end."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from deploytool.deploy.session import LocalCommands


def run(root: Path, *command: str, timeout: float = 20.0) -> tuple[int | None, list[str]]:
    lines: list[str] = []
    code = LocalCommands(root).run(command, {"DEPLOYTOOL_URL": "https://shop"}, timeout, lines.append, time.sleep)
    return code, lines


def test_it_runs_beside_the_configuration_with_the_environment_of_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM_THE_JOB", "yes")
    script = "import os; print(os.getcwd(), os.environ['DEPLOYTOOL_URL'], os.environ['FROM_THE_JOB'])"
    assert run(tmp_path, sys.executable, "-c", script) == (0, [f"{tmp_path.resolve()} https://shop yes"])


def test_its_exit_code_is_the_answer(tmp_path: Path) -> None:
    assert run(tmp_path, sys.executable, "-c", "raise SystemExit(3)") == (3, [])


def test_it_is_stopped_when_it_takes_too_long(tmp_path: Path) -> None:
    assert run(tmp_path, sys.executable, "-c", "import time; time.sleep(60)", timeout=0.2) == (None, [])


def test_it_is_said_as_shells_say_it_when_the_program_cannot_be_run(tmp_path: Path) -> None:
    (tmp_path / "check").write_text("#!/bin/sh")
    assert run(tmp_path, "no-such-program")[0] == 127
    code, lines = run(tmp_path, "./check")
    assert (code, lines) == (126, ["Permission denied"])
