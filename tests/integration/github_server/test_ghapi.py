"""The library deploytool uses, against the GitHub server: a whole release as GitHub would see it."""

from __future__ import annotations

from typing import Any

import pytest
from fasttransport.errors import APIError
from ghapi.core import GhApi

from tests.integration.github_server.conftest import GithubServer


def client(github: GithubServer, token: str, prefix: str) -> Any:
    return GhApi(owner="acme", repo="shop", token=token, sync=True, gh_host=github.url + prefix)


@pytest.mark.parametrize("prefix", ["", "/api/v3"])
def test_ghapi_reports_a_whole_release(github: GithubServer, prefix: str) -> None:
    api = client(github, "sandbox-token", prefix)
    (pull,) = api.repos.list_pull_requests_associated_with_commit(commit_sha=github.sha("main"))
    made = api.repos.create_deployment(
        ref=github.sha("main"), environment="production", auto_merge=False, required_contexts=[], payload={"run": 7}
    )
    for state in ("in_progress", "success"):
        api.repos.create_deployment_status(deployment_id=made.id, state=state, description=state)
    comment = api.issues.create_comment(issue_number=pull.number, body="<!-- ours -->releasing")
    api.issues.update_comment(comment_id=comment.id, body="<!-- ours -->live")
    assert [s.state for s in api.repos.list_deployment_statuses(deployment_id=made.id)] == ["success", "in_progress"]
    assert [c.body for c in api.issues.list_comments(issue_number=1, per_page=100)] == ["<!-- ours -->live"]
    (result,) = api.repos.list_deployments(environment="production")
    assert dict(result.payload) == {"run": 7}
    assert api.repos.get_collaborator_permission_level(username="octo-dev").permission == "write"


def test_ghapi_raises_its_own_error_when_refused(github: GithubServer) -> None:
    with pytest.raises(APIError) as refused:
        client(github, "wrong", "").repos.get()
    assert refused.value.status_code == 401
