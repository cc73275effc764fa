"""The GitHub stand-in, seen from outside: its process, and the pull requests it is told of."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import requests

from deploytool.sandbox import checkout, process
from deploytool.sandbox.errors import SandboxError
from deploytool.sandbox.github.client import ControlClient
from deploytool.sandbox.wait import answers, until

if TYPE_CHECKING:
    from pathlib import Path

    from deploytool.sandbox.state import Process, SandboxState

HEALTH = "/_sandbox/health"


def start(state: SandboxState) -> Process:
    """Start it on the checkout and return at once; ``wait`` for it before use."""
    return process.start(
        [
            sys.executable, "-m", "deploytool.sandbox.github",
            "--port", str(state.ports["github"]),
            "--repository", state.repository,
            "--workdir", state.workdir,
            "--state", state.directory / "github.json",
        ],
        log=_log(state),
    )  # fmt: skip


def wait(state: SandboxState, server: Process) -> None:
    """Return once it answers.

    Raises:
        StartTimedOut: it ended, or does not answer within 20 seconds.
    """
    url = state.github_web_url + HEALTH
    until("the GitHub stand-in", lambda: answers(url), seconds=20, process=server, log=_log(state))


def tell_history(state: SandboxState) -> None:
    """Make the pull requests that the checkout's commits came from."""
    for (title, number), ref in (
        (checkout.FIRST_PULL_REQUEST, checkout.MAIN),
        (checkout.SECOND_PULL_REQUEST, checkout.SECOND),
    ):
        merge(state, title, number, checkout.git(state.workdir, "rev-parse", ref))


def merge(state: SandboxState, title: str, number: int, commit: str) -> str:
    """Make a pull request that was merged as this commit; the address of its page.

    Raises:
        SandboxError: the stand-in does not answer or refuses.
    """
    try:
        ControlClient(state.github_web_url).create_pull_request(
            title, commit, head_ref=f"change-{number}", number=number, merge_commit_sha=commit
        )
    except requests.RequestException as error:
        cause = f"the GitHub stand-in refused pull request {number}: {error}"
        raise SandboxError(cause, "run `deploytool sandbox up` again") from error
    return page(state, number)


def page(state: SandboxState, number: int) -> str:
    """Where a pull request is seen in a browser."""
    return f"{state.github_web_url}/{state.repository}/pull/{number}"


def _log(state: SandboxState) -> Path:
    return state.directory / "logs" / "github.log"
