"""The GitHub server seen from outside: a client of its `/_sandbox` API, its process, and merged pull requests."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import requests

from deploytool.sandbox import checkout
from deploytool.sandbox.errors import SandboxError
from deploytool.sandbox.process import SandboxProcess, start_process, wait_for_url

if TYPE_CHECKING:
    from deploytool.sandbox.state import SandboxState

HEALTH = "/_sandbox/health"


class ControlClient:
    """`url` is where the server listens, as `http://127.0.0.1:4580`. A refusal raises requests.HTTPError."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        # A proxy that the environment names is for other machines.
        self._session.trust_env = False

    def _call(self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> Any:
        response = self._session.request(method, f"{self.url}/_sandbox/{path}", json=body, params=query, timeout=10)
        response.raise_for_status()
        return response.json() if response.content else None

    def wait_ready(self, seconds: float = 10.0) -> None:
        """Raises TimeoutError, with the last error, when it does not answer in time."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self._call("GET", "health")
            except requests.RequestException as error:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the GitHub server at {self.url} does not answer: {error}") from error
                time.sleep(0.05)
            else:
                return

    def create_pull_request(self, title: str, head_sha: str, **fields: Any) -> int:
        """Its number; the commits must be in the checkout. ``fields`` as in ``routes.control.create_pull``."""
        return int(self._call("POST", "pulls", {"title": title, "head_sha": head_sha} | fields)["number"])

    def merge_pull_request(self, number: int, merge_commit_sha: str, merged_by: str = "octo-dev") -> None:
        self._call("POST", f"pulls/{number}/merge", {"merge_commit_sha": merge_commit_sha, "merged_by": merged_by})

    def add_token(self, token: str, login: str, *, permission: str = "write", access: str = "write") -> None:
        """Register a token and its account; `permission` is the account's, `access` the token's own."""
        body = {"token": token, "login": login, "permission": permission, "access": access}
        self._call("POST", "tokens", body)

    def settings(self, **changes: Any) -> None:
        """Change the repository's settings; names are the fields of ``store.Settings``."""
        self._call("PATCH", "settings", changes)

    def commit_status(self, sha: str, context: str, state: str) -> None:
        self._call("POST", "commit-statuses", {"sha": sha, "context": context, "state": state})

    def faults(self, *rules: dict[str, Any]) -> None:
        """Add faults; the keys of a rule are the fields of ``faults.Fault``."""
        self._call("POST", "faults", list(rules))

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    def log(self) -> list[dict[str, Any]]:
        """Every request of the API, oldest first: method, path, query, login, body, status, answer, at."""
        return list(self._call("GET", "log"))

    def clear_log(self) -> None:
        self._call("DELETE", "log")

    def events(self, after: int = 0) -> list[dict[str, Any]]:
        """Events that would trigger workflows, oldest first: id, event, action, payload."""
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


def start_server(state: SandboxState) -> SandboxProcess:
    """Start it on the checkout and return at once; ``wait_for_server`` before use."""
    options = {"port": str(state.ports["github"]), "repository": state.repository, "workdir": str(state.workdir),
               "state": str(state.directory / "github.json")}  # fmt: skip
    command = [sys.executable, "-m", "deploytool.sandbox.github"]
    return start_process(command + [f"--{name}={value}" for name, value in options.items()], log=state.log("github"))


def wait_for_server(state: SandboxState, server: SandboxProcess) -> None:
    url = state.github_web_url + HEALTH
    wait_for_url("the GitHub server", url, seconds=20, process=server, log=state.log("github"))


def create_example_pull_requests(state: SandboxState) -> None:
    for (title, number), ref in (
        (checkout.FIRST_PULL_REQUEST, checkout.MAIN),
        (checkout.SECOND_PULL_REQUEST, checkout.SECOND),
    ):
        create_merged_pull_request(state, title, number, checkout.git(state.workdir, "rev-parse", ref))


def create_merged_pull_request(state: SandboxState, title: str, number: int, commit: str) -> str:
    """Create a pull request that was merged as this commit; the address of its page.

    Raises:
        SandboxError: the server does not answer or refuses.
    """
    try:
        ControlClient(state.github_web_url).create_pull_request(
            title, commit, head_ref=f"change-{number}", number=number, merge_commit_sha=commit
        )
    except requests.RequestException as error:
        cause = f"the GitHub server refused pull request {number}: {error}"
        raise SandboxError(cause, "run `deploytool sandbox up` again") from error
    return page_url(state, number)


def page_url(state: SandboxState, number: int) -> str:
    return f"{state.github_web_url}/{state.repository}/pull/{number}"
