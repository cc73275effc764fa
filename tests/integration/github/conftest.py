"""A GitHub server as a process of its own, with a repository of one squash-merged commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from deploytool.github.runner import GithubContext
from deploytool.release.model import Commit, Plan
from deploytool.sandbox.github.client import ControlClient
from tests.integration.github_server.conftest import REPOSITORY, GithubServer, git
from tests.support.sample_events import plan

API = f"/repos/{REPOSITORY}"


@dataclass(frozen=True)
class Github:
    """The GitHub server, and what is in its repository."""

    control: ControlClient
    sha: str
    pull_request: int
    context: GithubContext

    def plan(self, **changes: object) -> Plan:
        """A plan that releases the repository's commit."""
        told = plan(**changes)  # type: ignore[arg-type]  # passed on as given
        commit = Commit(self.sha, told.request.commit.subject)
        origin = replace(told.request.triggered_by, pull_request=None)
        return replace(told, request=replace(told.request, commit=commit, triggered_by=origin))

    def requests(self, method: str, ending: str) -> list[dict[str, object]]:
        """The bodies of the requests whose path ends so, oldest first."""
        return [
            each["body"]
            for each in self.control.log()
            if each["method"] == method and str(each["path"]).endswith(ending)
        ]

    def comments(self) -> list[str]:
        """What the pull request's comments say."""
        return [str(each["body"]) for each in self._get(f"issues/{self.pull_request}/comments")]

    def deployments(self) -> list[dict[str, object]]:
        """Deployments, newest first."""
        return self._get("deployments")

    def states(self, deployment: object) -> list[str]:
        """A deployment's states, oldest first."""
        return [str(each["state"]) for each in self._get(f"deployments/{deployment}/statuses")][::-1]

    def _get(self, path: str) -> list[dict[str, object]]:
        import requests

        headers = {"Authorization": "Bearer developer-token"}
        answer = requests.get(f"{self.context.api_url}{API}/{path}?per_page=100", headers=headers, timeout=10)
        answer.raise_for_status()
        return list(answer.json())


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GithubServer]:
    place = tmp_path_factory.mktemp("github")
    checkout = place / "checkout"
    checkout.mkdir()
    git(checkout, "init", "-q", "-b", "main")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "First")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "Add the cart")
    started = GithubServer(checkout, place / "state.json")
    yield started
    started.stop()


@pytest.fixture
def github(server: GithubServer) -> Github:
    control, sha, url = server.control, server.sha("HEAD"), server.url
    control.reset()
    control.clear_faults()
    control.clear_log()
    number = control.create_pull_request("Add the cart", sha, merge_commit_sha=sha)
    context = GithubContext(
        repository=REPOSITORY, token="sandbox-token", api_url=url, web_url=url, actions=True, run_id="7", sha=sha
    )
    return Github(control, sha, number, context)
