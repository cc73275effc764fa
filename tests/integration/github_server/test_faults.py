"""What goes wrong by script, what is remembered, and how the process ends."""

from __future__ import annotations

import time

import pytest
import requests

from deploytool.sandbox.github.client import ControlClient
from tests.integration.github_server.conftest import GithubServer
from tests.support.github_schema import CheckedApi


@pytest.mark.parametrize("status", [401, 403, 404, 422, 500, 502, 503, 429])
def test_a_fault_answers_as_often_as_told_and_changes_nothing(
    github: GithubServer, api: CheckedApi, status: int
) -> None:
    github.control.faults({"method": "POST", "path": ".*/deployments", "status": status, "times": 2, "retry_after": 3})
    for _ in range(2):
        answer = api.call("POST", "deployments", {"ref": "main"})
        assert (answer.status_code, answer.headers["retry-after"]) == (status, "3")
    assert api.get("deployments") == []
    api.made("POST", "deployments", 201, {"ref": "main"})


def test_a_fault_without_end_lasts_until_cleared_and_knows_api_v3(github: GithubServer) -> None:
    api = github.api(prefix="/api/v3")
    github.control.faults({"path": "/repos/acme/shop", "status": 503, "times": None, "skip": 1})
    assert [api.call("GET", "").status_code for _ in range(4)] == [200, 503, 503, 503]
    github.control.clear_faults()
    assert api.call("GET", "").status_code == 200


def test_a_secondary_rate_limit_says_when_to_come_back(github: GithubServer, api: CheckedApi) -> None:
    github.control.faults({"rate_limit": "secondary", "retry_after": 7})
    answer = api.call("GET", "deployments")
    assert (answer.status_code, answer.headers["retry-after"]) == (403, "7")
    assert "secondary rate limit" in answer.json()["message"]


def test_an_exhausted_rate_limit_names_its_reset(github: GithubServer, api: CheckedApi) -> None:
    github.control.faults({"rate_limit": "primary"})
    answer = api.call("GET", "deployments")
    assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (403, "0")
    assert 0 < int(answer.headers["x-ratelimit-reset"]) - time.time() <= 61


def test_requests_are_counted_per_token(api: CheckedApi) -> None:
    first, second = (api.call("GET", "").headers for _ in range(2))
    assert int(first["x-ratelimit-remaining"]) - int(second["x-ratelimit-remaining"]) == 1
    assert int(second["x-ratelimit-used"]) + int(second["x-ratelimit-remaining"]) == int(second["x-ratelimit-limit"])


def test_an_answer_comes_late_when_delayed(github: GithubServer, api: CheckedApi) -> None:
    github.control.faults({"delay": 0.4})
    before = time.monotonic()
    assert api.call("GET", "deployments").status_code == 200
    assert time.monotonic() - before >= 0.4


def test_a_reset_connection_loses_the_request(github: GithubServer, api: CheckedApi) -> None:
    github.control.faults({"method": "POST", "reset": True})
    with pytest.raises(requests.ConnectionError):
        api.call("POST", "deployments", {"ref": "main"})
    assert api.get("deployments") == []


@pytest.mark.parametrize("fault", [{"reset": True}, {"status": 502}])
def test_only_the_answer_is_lost_when_the_request_was_carried_out(
    github: GithubServer, api: CheckedApi, fault: dict[str, object]
) -> None:
    github.control.faults({"method": "POST", "done": True} | fault)
    if "reset" in fault:
        with pytest.raises(requests.ConnectionError):
            api.call("POST", "deployments", {"ref": "main"})
    else:
        assert api.call("POST", "deployments", {"ref": "main"}).status_code == 502
    assert len(api.get("deployments")) == 1


@pytest.mark.parametrize("rule", [{"path": "("}, {"pathh": ".*"}])
def test_a_fault_that_could_never_hit_is_refused(github: GithubServer, rule: dict[str, str]) -> None:
    with pytest.raises(requests.HTTPError, match="422"):
        github.control.faults(rule)


def test_the_log_tells_every_request_and_no_token(github: GithubServer, api: CheckedApi) -> None:
    api.call("POST", "deployments", {"ref": "main"})
    entry = github.control.log()[-1]
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", "/repos/acme/shop/deployments", 201)
    assert (entry["login"], entry["body"]) == ("github-actions[bot]", {"ref": "main"})
    assert "sandbox-token" not in str(github.control.log())
    github.control.clear_log()
    assert github.control.log() == []


def test_a_restart_keeps_everything(github: GithubServer, api: CheckedApi) -> None:
    number = api.made("POST", "deployments", 201, {"ref": "main"})["id"]
    status = api.made("POST", f"deployments/{number}/statuses", 201, {"state": "success"})["id"]
    comment = api.made("POST", "issues/1/comments", 201, {"body": "hello"})["id"]
    github.control.faults({"path": ".*/pulls", "status": 503})
    assert github.stop() == (0, "")
    github.start()
    again = github.api()
    assert again.get(f"deployments/{number}/statuses")[0]["id"] == status
    assert again.get("issues/1/comments")[0]["id"] == comment
    assert again.call("GET", "pulls").status_code == 503
    assert again.get("pulls/1")["merged"] is True
    assert again.made("POST", "issues/1/comments", 201, {"body": "next"})["id"] > comment


def test_a_name_that_is_not_ours_gets_nothing(github: GithubServer) -> None:
    for path in ("/", "/_sandbox/log", "/repos/acme/shop"):
        answer = requests.get(github.url + path, headers={"host": "evil.example"}, timeout=5)
        assert (answer.status_code, answer.json()["message"]) == (421, "Misdirected Request")


def test_waiting_for_a_server_that_is_not_running_ends(github: GithubServer) -> None:
    with pytest.raises(TimeoutError, match="does not answer"):
        ControlClient("http://127.0.0.1:1").wait_ready(0.1)
