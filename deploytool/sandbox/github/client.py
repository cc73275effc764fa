"""Steering the stand-in from a sandbox or a test."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import requests

from deploytool.sandbox import checkout, process
from deploytool.sandbox.errors import SandboxError
from deploytool.sandbox.process import answers, until

if TYPE_CHECKING:
    from pathlib import Path

    from deploytool.sandbox.process import SandboxProcess
    from deploytool.sandbox.state import SandboxState


# SEG sandbox.github.client
# Steering the stand-in from a sandbox or a test.


class ControlClient:
    """`url` is where the stand-in listens, as `http://127.0.0.1:4580`. A refusal raises requests.HTTPError."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        # What the environment says about proxies is about the world outside this machine.
        self._session.trust_env = False

    def _call(self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> Any:
        answer = self._session.request(method, f"{self.url}/_sandbox/{path}", json=body, params=query, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def wait_ready(self, seconds: float = 10.0) -> None:
        """Raises TimeoutError, naming the last refusal, when it does not answer in time."""
        until = time.monotonic() + seconds
        while True:
            try:
                self._call("GET", "health")
            except requests.RequestException as wrong:
                if time.monotonic() > until:
                    raise TimeoutError(f"the GitHub stand-in at {self.url} does not answer: {wrong}") from wrong
                time.sleep(0.05)
            else:
                return

    def create_pull_request(
        self,
        title: str,
        head_sha: str,
        *,
        head_ref: str = "topic",
        base: str = "main",
        body: str = "",
        author: str = "octo-dev",
        number: int | None = None,
        merge_commit_sha: str | None = None,
    ) -> int:
        """Its number. With merge_commit_sha it is merged already. The commits must be in the checkout."""
        made = {
            "title": title, "head_sha": head_sha, "head_ref": head_ref, "base": base, "body": body, "author": author,
            "number": number, "merge_commit_sha": merge_commit_sha,
        }  # fmt: skip
        return int(self._call("POST", "pulls", made)["number"])

    def merge_pull_request(self, number: int, merge_commit_sha: str, merged_by: str = "octo-dev") -> None:
        self._call("POST", f"pulls/{number}/merge", {"merge_commit_sha": merge_commit_sha, "merged_by": merged_by})

    def add_token(self, token: str, login: str, *, permission: str = "write", access: str = "write") -> None:
        """Register a token and its account; `permission` is the account's, `access` the token's own."""
        body = {"token": token, "login": login, "permission": permission, "access": access}
        self._call("POST", "tokens", body)

    def settings(self, **changes: Any) -> None:
        """Change the repository's settings; names are the fields of deploytool.sandbox.github.model.Settings."""
        self._call("PATCH", "settings", changes)

    def commit_status(self, sha: str, context: str, state: str) -> None:
        self._call("POST", "commit-statuses", {"sha": sha, "context": context, "state": state})

    def faults(self, *rules: dict[str, Any]) -> None:
        """Add faults; the keys of a rule are the fields of deploytool.sandbox.github.fault.Fault."""
        self._call("POST", "faults", list(rules))

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    def log(self) -> list[dict[str, Any]]:
        """Every request of the API, oldest first: method, path, query, login, body, status, answer, at."""
        return list(self._call("GET", "log"))

    def clear_log(self) -> None:
        self._call("DELETE", "log")

    def events(self, after: int = 0) -> list[dict[str, Any]]:
        """What workflows would have been started for, oldest first: id, event, action, payload."""
        return list(self._call("GET", "events", query={"after": str(after)}))

    def runs(self) -> list[dict[str, Any]]:
        return list(self._call("GET", "runs"))

    def start_run(self, workflow: str, actor: str, sha: str) -> int:
        """Its number; for workflows that an event starts."""
        return int(self._call("POST", "runs", {"workflow": workflow, "actor": actor, "sha": sha})["id"])

    def move_run(self, number: int, status: str, conclusion: str | None = None) -> None:
        """As a runner would: `in_progress`, then `completed` with `success` or `failure`."""
        self._call("PATCH", f"runs/{number}", {"status": status, "conclusion": conclusion})

    def reset(self) -> None:
        self._call("POST", "reset")


# SEG sandbox.standin
# The GitHub stand-in, seen from outside: its process, and the pull requests it is told of.

HEALTH = "/_sandbox/health"


def start_server(state: SandboxState) -> SandboxProcess:
    """Start it on the checkout and return at once; ``wait`` for it before use."""
    return process.start_process(
        [
            sys.executable, "-m", "deploytool.sandbox.github",
            "--port", str(state.ports["github"]),
            "--repository", state.repository,
            "--workdir", state.workdir,
            "--state", state.directory / "github.json",
        ],
        log=_log(state),
    )  # fmt: skip


def wait_for_server(state: SandboxState, server: SandboxProcess) -> None:
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
        merge_pull_request(state, title, number, checkout.git(state.workdir, "rev-parse", ref))


def merge_pull_request(state: SandboxState, title: str, number: int, commit: str) -> str:
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
    return page_url(state, number)


def page_url(state: SandboxState, number: int) -> str:
    """Where a pull request is seen in a browser."""
    return f"{state.github_web_url}/{state.repository}/pull/{number}"


def _log(state: SandboxState) -> Path:
    return state.directory / "logs" / "github.log"
