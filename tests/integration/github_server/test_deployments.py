from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.github_server.conftest import GithubServer, git
from tests.support.github_schema import CheckedApi

Deploy = Callable[..., int]
ALWAYS = {"auto_merge": False, "required_contexts": []}


def states(api: CheckedApi, deployment: int) -> list[str]:
    """Newest first."""
    return [status["state"] for status in api.get(f"deployments/{deployment}/statuses")]


def test_a_deployment_remembers_what_it_was_made_with(github: GithubServer, api: CheckedApi) -> None:
    payload = {"type": "deploytool", "run": 7}
    given = {"ref": "main", "environment": "production", "description": "run 7", "payload": payload, "task": "release"}
    made = api.made("POST", "deployments", 201, given | ALWAYS)
    result = api.get(f"deployments/{made['id']}")
    assert result == made
    assert (result["sha"], result["payload"], result["task"]) == (github.sha("main"), payload, "release")
    assert (result["creator"]["login"], result["production_environment"]) == ("github-actions[bot]", True)


def test_an_environment_is_production_by_default_only_when_called_so(api: CheckedApi, deploy: Deploy) -> None:
    assert api.get(f"deployments/{deploy(environment='staging')}")["production_environment"] is False
    assert (
        api.get(f"deployments/{deploy(environment='eu', production_environment=True)}")["production_environment"]
        is True
    )


def test_deployments_are_listed_newest_first_and_filtered(
    github: GithubServer, api: CheckedApi, deploy: Deploy
) -> None:
    first, second = deploy(environment="staging"), deploy(environment="production", ref="topic", task="migrate")
    assert [d["id"] for d in api.get("deployments")] == [second, first]
    for filters in ({"environment": "staging"}, {"sha": github.sha("main")}, {"ref": "main"}, {"task": "deploy"}):
        assert [d["id"] for d in api.get("deployments", **filters)] == [first]


def test_a_branch_behind_the_default_is_merged_not_deployed_when_auto_merge_is_left_on(api: CheckedApi) -> None:
    answer = api.call("POST", "deployments", {"ref": "topic"})
    assert answer.status_code == 202
    assert "id" not in answer.json()
    assert api.get("deployments") == []


def test_a_commit_with_a_failed_check_conflicts_unless_no_check_is_required(
    github: GithubServer, api: CheckedApi
) -> None:
    github.control.commit_status(github.sha("main"), "ci", "failure")
    assert api.call("POST", "deployments", {"ref": "main"}).status_code == 409
    assert api.call("POST", "deployments", {"ref": "main", "required_contexts": ["lint"]}).status_code == 409
    assert api.call("POST", "deployments", {"ref": "main", "required_contexts": []}).status_code == 201


@pytest.mark.parametrize(
    ("body", "valid"),
    [
        ({}, False),
        ({"ref": "no-such-branch"}, True),
        ({"ref": "main", "auto_merge": "yes"}, False),
        ({"ref": "main", "payload": 7}, False),
        ({"ref": "main", "description": "x" * 141}, True),
    ],
)
def test_a_deployment_is_refused_when_a_field_is_wrong(api: CheckedApi, body: dict[str, Any], valid: bool) -> None:
    assert api.call("POST", "deployments", body, valid=valid).status_code == 422


@pytest.mark.parametrize(
    ("body", "valid"),
    [({}, False), ({"state": "done"}, False), ({"state": "success", "description": "x" * 141}, True)],
)
def test_a_status_is_refused_when_a_field_is_wrong(
    api: CheckedApi, deploy: Deploy, body: dict[str, Any], valid: bool
) -> None:
    assert api.call("POST", f"deployments/{deploy()}/statuses", body, valid=valid).status_code == 422


def test_statuses_are_listed_newest_first_with_their_links(api: CheckedApi, deploy: Deploy) -> None:
    number = deploy("queued", "in_progress")
    body = {"state": "success", "description": "x" * 140, "log_url": "http://l", "environment_url": "http://e"}
    made = api.made("POST", f"deployments/{number}/statuses", 201, body)
    assert states(api, number) == ["success", "in_progress", "queued"]
    assert api.get(f"deployments/{number}/statuses")[0] == made
    assert (made["log_url"], made["target_url"], made["environment_url"]) == ("http://l", "http://l", "http://e")


def test_success_makes_older_successes_of_the_environment_inactive(api: CheckedApi, deploy: Deploy) -> None:
    older, failed, elsewhere = deploy("success"), deploy("failure"), deploy("success", environment="eu")
    deploy("success")
    assert states(api, older) == ["inactive", "success"]
    assert states(api, failed) == ["failure"]
    assert states(api, elsewhere) == ["success"]


@pytest.mark.parametrize("kept", [{"environment": "production"}, {"transient_environment": True}])
def test_production_and_transient_deployments_are_never_made_inactive(
    api: CheckedApi, deploy: Deploy, kept: dict[str, Any]
) -> None:
    older = deploy("success", **kept)
    deploy("success", **kept)
    assert states(api, older) == ["success"]


def test_nothing_becomes_inactive_when_the_newer_one_failed_or_said_not_to(api: CheckedApi, deploy: Deploy) -> None:
    older = deploy("success")
    deploy("failure")
    body = {"state": "success", "auto_inactive": False}
    api.made("POST", f"deployments/{deploy()}/statuses", 201, body)
    assert states(api, older) == ["success"]


def test_unknown_deployments_are_not_found(api: CheckedApi) -> None:
    assert api.call("GET", "deployments/1").status_code == 404
    assert api.call("POST", "deployments/1/statuses", {"state": "success"}, valid=True).json()["message"] == "Not Found"


def test_the_checkout_itself_is_never_changed(github: GithubServer, api: CheckedApi) -> None:
    before = git(github.workdir, "for-each-ref")
    api.call("POST", "deployments", {"ref": "topic"})
    assert git(github.workdir, "for-each-ref") == before
    assert git(github.workdir, "status", "--porcelain") == ""
