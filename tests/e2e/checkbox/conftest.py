"""A sandbox with two releases in it: the second one's comment has the box."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from deploytool.sandbox import checkout
from deploytool.sandbox.github.client import ControlClient
from deploytool.sandbox.state import SandboxState, load_state
from tests.support.at_rest import await_rest

COMMAND = Path(sys.executable).parent / "deploytool"
TRIES = 3
FIRST, SECOND = 1, 2
"""Pull requests of the first version and of the second."""


@dataclass(frozen=True)
class Site:
    """The sandbox, as a developer sees it."""

    state: SandboxState
    first: str
    second: str
    """The commits of the two versions."""

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """The installed command, in the checkout."""
        return deploytool(self.state.workdir, *words, **variables)

    def serves(self) -> str:
        """The commit that answers."""
        await_rest(self.state)
        return str(requests.get(f"{self.state.app_url}/api/health", timeout=10).json()["version"])

    def page(self, pull_request: int) -> str:
        """Where the pull request is seen."""
        return f"{self.state.github_web_url}/{self.state.repository}/pull/{pull_request}"

    def comment(self, pull_request: int) -> dict[str, Any]:
        """The release's comment."""
        (result,) = self.get(f"issues/{pull_request}/comments")
        return dict(result)

    def get(self, path: str) -> Any:
        """What the API answers a developer."""
        url = f"{self.state.github_api_url}/repos/{self.state.repository}/{path}"
        answer = requests.get(url, headers={"Authorization": "Bearer developer-token"}, timeout=10)
        answer.raise_for_status()
        return answer.json()

    @property
    def control(self) -> ControlClient:
        """The GitHub server's own doors."""
        return ControlClient(self.state.github_web_url)


def deploytool(directory: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The installed command, as a user would run it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GITHUB_"))}
    return subprocess.run(
        [COMMAND, *words],
        cwd=directory,
        env=clean | variables,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def succeeded(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


def released(state: SandboxState) -> None:
    """On a machine with much else to do the new version may miss the check's 20 s; the release goes back, and again."""
    done = deploytool(state.workdir, "release")
    for _ in range(TRIES - 1):
        if done.returncode == 6:
            done = deploytool(state.workdir, "release")
    succeeded(done)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("checkbox")
    try:
        succeeded(
            deploytool(directory, "sandbox", "up", "--steady", "0s", "--aws-port", "4880", "--github-port", "4900")
        )
        state = load_state(directory)
        assert state is not None
        first = checkout.head(state.workdir)
        released(state)
        second = checkout.advance(state)
        released(state)
        yield Site(state, first, second)
    finally:
        deploytool(directory, "sandbox", "down")
