"""Repository, commits, pull requests, tokens, dispatch: and every operation that GitHub describes, once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.github_server.conftest import GithubServer, git
from tests.support.github_schema import CheckedApi, described_operations

REPO = "/repos/{owner}/{repo}"


@pytest.mark.parametrize("prefix", ["", "/api/v3"])
def test_every_described_operation_answers_as_described(github: GithubServer, prefix: str) -> None:
    api, developer = github.api(prefix=prefix), github.api("developer-token", prefix)
    passed: set[tuple[str, str]] = set()

    def ok(template: str, method: str, path: str, status: int = 200, body: Any = None, client: CheckedApi = api) -> Any:
        answer = client.made(method, path, status, body)
        passed.add((method.lower(), template))
        return answer

    ok("/user", "GET", "/user", client=developer)
    ok(REPO, "GET", "")
    ok(f"{REPO}/commits/{{ref}}", "GET", "commits/main")
    ok(f"{REPO}/commits/{{commit_sha}}/pulls", "GET", f"commits/{github.sha('main')}/pulls")
    ok(f"{REPO}/pulls", "GET", "pulls?state=all")
    ok(f"{REPO}/pulls/{{pull_number}}", "GET", "pulls/1")
    deployment = ok(f"{REPO}/deployments", "POST", "deployments", 201, {"ref": "main", "payload": "{}"})["id"]
    ok(f"{REPO}/deployments", "GET", "deployments")
    ok(f"{REPO}/deployments/{{deployment_id}}", "GET", f"deployments/{deployment}")
    statuses = f"{REPO}/deployments/{{deployment_id}}/statuses"
    ok(statuses, "POST", f"deployments/{deployment}/statuses", 201, {"state": "success"})
    ok(statuses, "GET", f"deployments/{deployment}/statuses")
    comments = f"{REPO}/issues/{{issue_number}}/comments"
    comment = ok(comments, "POST", "issues/1/comments", 201, {"body": "hello"})["id"]
    ok(comments, "GET", "issues/1/comments")
    one = f"{REPO}/issues/comments/{{comment_id}}"
    ok(one, "GET", f"issues/comments/{comment}")
    ok(one, "PATCH", f"issues/comments/{comment}", body={"body": "better"})
    ok(one, "DELETE", f"issues/comments/{comment}", 204)
    ok(f"{REPO}/collaborators/{{username}}/permission", "GET", "collaborators/octo-dev/permission")
    github.control.settings(environments=["production"])
    ok(f"{REPO}/environments", "GET", "environments")
    ok(f"{REPO}/actions/oidc/customization/sub", "GET", "actions/oidc/customization/sub")
    ok(f"{REPO}/contents/{{path}}", "GET", "contents/shop.py")
    assert passed == described_operations()


def test_a_commit_is_told_from_the_checkout_by_branch_tag_or_sha(github: GithubServer, api: CheckedApi) -> None:
    sha = github.sha("main")
    for ref in ("main", "heads%2Fmain", sha, sha[:8]):
        result = api.get(f"commits/{ref}")
        assert result["sha"] == sha
        assert result["commit"]["message"] == "Merge pull request #1 from acme/topic"
        assert [p["sha"] for p in result["parents"]] == [github.sha("main^1"), github.sha("main^2")]


@pytest.mark.parametrize("ref", ["nowhere", "f" * 40, "--all"])
def test_an_unknown_commit_is_unprocessable(api: CheckedApi, ref: str) -> None:
    assert api.call("GET", f"commits/{ref}").status_code == 422
    assert api.call("GET", f"commits/{ref}/pulls").status_code == 422


def test_a_commit_leads_to_the_pull_request_that_merged_it(github: GithubServer, api: CheckedApi) -> None:
    for ref in ("main", "topic"):
        (pull,) = api.get(f"commits/{github.sha(ref)}/pulls")
        assert (pull["number"], pull["merge_commit_sha"]) == (1, github.sha("main"))
    assert api.get(f"commits/{github.sha('main~1')}/pulls") == []


def test_an_open_pull_request_is_merged_from_outside(github: GithubServer, api: CheckedApi) -> None:
    number = github.control.create_pull_request("Another", "topic", head_ref="other")
    assert [p["number"] for p in api.get("pulls")] == [number]
    assert api.get(f"pulls/{number}")["merged"] is False
    github.control.merge_pull_request(number, "main")
    pull = api.get(f"pulls/{number}")
    assert (pull["merged"], pull["state"], pull["merged_by"]["login"]) == (True, "closed", "octo-dev")
    assert [p["number"] for p in api.get("pulls", state="closed")] == [number, 1]
    assert [p["number"] for p in api.get("pulls", state="all", head="acme:other")] == [number]


def test_a_pull_request_is_still_unknown_for_its_commit_while_the_index_lags(
    github: GithubServer, api: CheckedApi
) -> None:
    github.control.faults({"path": ".*/commits/.*/pulls", "status": 200, "body": [], "times": 2})
    path = f"commits/{github.sha('main')}/pulls"
    assert [len(api.get(path)) for _ in range(3)] == [0, 0, 1]


@pytest.mark.parametrize("repository", ["acme/other", "else/shop"])
def test_another_repository_is_not_found(github: GithubServer, repository: str) -> None:
    assert CheckedApi(github.url, repository, "sandbox-token").call("GET", "").status_code == 404


@pytest.mark.parametrize("token", ["wrong", "sandbox-token2"])
def test_a_bad_token_is_refused(github: GithubServer, token: str) -> None:
    answer = github.api(token).call("GET", "")
    assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


def test_nobody_may_change_or_list_deployments_without_a_token(github: GithubServer) -> None:
    anonymous = github.api(None)
    assert anonymous.call("GET", "deployments").status_code == 401
    assert anonymous.call("POST", "issues/1/comments", {"body": "hello"}).status_code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("deployments", {"ref": "main"}),
        ("issues/1/comments", {"body": "hello"}),
    ],
)
def test_a_token_without_permission_changes_nothing(github: GithubServer, path: str, body: dict[str, Any]) -> None:
    answer = github.api("read-only-token").call("POST", path, body)
    assert (answer.status_code, answer.json()["message"]) == (403, "Resource not accessible by integration")


def test_a_workflows_token_cannot_ask_whose_it_is(github: GithubServer, api: CheckedApi) -> None:
    assert api.call("GET", "/user").status_code == 403
    assert github.api("developer-token").get("/user")["login"] == "octo-dev"


@pytest.mark.parametrize(("login", "permission"), [("octo-dev", "write"), ("stranger", "read"), ("boss", "admin")])
def test_a_collaborators_permission_is_told(github: GithubServer, api: CheckedApi, login: str, permission: str) -> None:
    github.control.add_token("boss-token", "boss", permission="admin")
    assert api.get(f"collaborators/{login}/permission")["permission"] == permission
    assert api.call("GET", "collaborators/nobody/permission").status_code == 404


def test_a_run_has_the_status_that_its_runner_sets(github: GithubServer) -> None:
    number = github.control.start_run("rollback.yml", "octo-dev", github.sha("main"))
    github.control.move_run(number, "completed", "success")
    (run,) = github.control.runs()
    assert (run["id"], run["workflow"], run["status"], run["conclusion"]) == (
        number, "rollback.yml", "completed", "success"
    )  # fmt: skip


def test_the_checkout_may_get_new_commits_while_it_is_served(github: GithubServer, api: CheckedApi) -> None:
    git(github.workdir, "branch", "--force", "fresh", "main")
    assert api.get("commits/fresh")["sha"] == github.sha("main")
