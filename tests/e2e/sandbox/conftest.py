"""One sandbox for all of these tests, started and stopped by the installed command in a directory of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deploytool.sandbox.state import SandboxState, load_state

if TYPE_CHECKING:
    from collections.abc import Iterator


COMMAND = Path(sys.executable).parent / "deploytool"
COLD_START = 400  # seconds: without a base image it is built first


def deploytool(directory: Path, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run the installed command, as a user would, in ``directory``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GITHUB_"))}
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def started(directory: Path, *options: str) -> SandboxState:
    """Start a sandbox there, away from the ports that a developer's own would take."""
    done = deploytool(
        directory,
        "sandbox",
        "up",
        "--steady",
        "0s",
        "--aws-port",
        "4660",
        "--github-port",
        "4690",
        *options,
        timeout=COLD_START,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    state = load_state(directory)
    assert state is not None
    return state


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxState]:
    directory = tmp_path_factory.mktemp("sandbox")
    try:
        yield started(directory, "--staging")
    finally:
        deploytool(directory, "sandbox", "down")
