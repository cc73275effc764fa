from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploytool.sandbox.github.client import ControlClient
from tests.support import browser as browsers
from tests.support.github_schema import CheckedApi

REPOSITORY = "acme/shop"


def git(directory: Path, *words: str) -> str:
    who = ["-c", "user.name=Octo Dev", "-c", "user.email=octo-dev@example.com"]
    done = subprocess.run(["git", *who, *words], cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


class GithubServer:
    """The GitHub server as a process of its own, over a repository with `main`, and `topic` merged into it."""

    def __init__(self, workdir: Path, state: Path) -> None:
        self.workdir = workdir
        self._state = state
        self.start()

    def start(self) -> None:
        options = ["--port=0", f"--repository={REPOSITORY}", f"--workdir={self.workdir}", f"--state={self._state}"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploytool.sandbox.github", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip()
        self.control = ControlClient(self.url)
        self.control.wait_ready()

    def stop(self) -> tuple[int, str]:
        """SIGTERM; the exit code and what it said on stderr."""
        self.process.terminate()
        _, output = self.process.communicate(timeout=10)
        return self.process.returncode, output

    def api(self, token: str | None = "sandbox-token", prefix: str = "") -> CheckedApi:
        return CheckedApi(self.url + prefix, REPOSITORY, token)

    def sha(self, ref: str) -> str:
        return git(self.workdir, "rev-parse", ref)


@pytest.fixture(scope="session")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("checkout")
    git(directory, "init", "--quiet", "--initial-branch=main")
    (directory / ".github/workflows").mkdir(parents=True)
    (directory / ".github/workflows/rollback.yml").write_text("on: workflow_dispatch\n")
    git(directory, "add", ".")
    git(directory, "commit", "--quiet", "--message=Start")
    git(directory, "checkout", "--quiet", "-b", "topic")
    (directory / "shop.py").write_text("print('open')\n")
    git(directory, "add", ".")
    git(directory, "commit", "--quiet", "--message=Open the shop")
    git(directory, "checkout", "--quiet", "main")
    git(directory, "merge", "--quiet", "--no-ff", "topic", "--message=Merge pull request #1 from acme/topic")
    return directory


@pytest.fixture(scope="module")
def process(workdir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GithubServer]:
    started = GithubServer(workdir, tmp_path_factory.mktemp("state") / "github.json")
    yield started
    if started.process.poll() is None:
        assert started.stop() == (0, "")


@pytest.fixture
def github(process: GithubServer) -> GithubServer:
    """The GitHub server with nothing in it but merged pull request 1."""
    process.control.reset()
    process.control.create_pull_request("Open the shop", "topic", merge_commit_sha="main")
    return process


@pytest.fixture
def api(github: GithubServer) -> CheckedApi:
    return github.api()


@pytest.fixture
def deploy(api: CheckedApi) -> Callable[..., int]:
    """Make a deployment that then goes through the given states; its id."""

    def deployed(*states: str, environment: str = "staging", **fields: object) -> int:
        body = {"ref": "main", "auto_merge": False, "required_contexts": [], "environment": environment} | fields
        number = int(api.made("POST", "deployments", 201, body)["id"])
        for state in states:
            api.made("POST", f"deployments/{number}/statuses", 201, {"state": state})
        return number

    return deployed


@pytest.fixture(scope="session")
def browser() -> Iterator[browsers.Browser]:
    with browsers.started() as started:
        yield started
