"""GitHub down, slow, refusing or losing answers: the release goes on, and what was not reported is said."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from deploytool.github.client import PATIENCE, GithubClient, GithubError, RateLimited, Unreachable
from deploytool.github.comment_body import CommentBody, Links
from deploytool.github.reporter import GithubReporter
from deploytool.github.runner import GithubContext
from tests.integration.github.conftest import Github
from tests.integration.github.reports import until
from tests.support.sample_events import at, good_events
from tests.support.slow import pairs


def report(github: Github, context: GithubContext, timeout: float = 10.0) -> tuple[str, ...]:
    """A good release, told at once; never takes longer than ``timeout`` and a moment."""
    page = CommentBody("shop", "production", Links(run=context.run_url), lambda: at(0))
    reporter = GithubReporter(context, page)
    reporter.start()
    for _, event in good_events(github.plan()):
        began = time.monotonic()
        reporter.on_event(event)
        # A GitHub that is slow here takes three seconds; a machine that is busy, some tenths of one.
        assert time.monotonic() - began < 1, "telling must not wait for GitHub"
    began = time.monotonic()
    told = reporter.close(timeout)
    assert time.monotonic() - began < timeout + 1
    return told


def test_a_token_that_is_not_accepted_is_said(github: Github) -> None:
    told = report(github, replace(github.context, token="wrong"))
    assert "not reported to GitHub: the deployment: GitHub does not accept the token" in told[0]
    assert not any("wrong" in line for line in told), "the token is a secret"


def test_a_token_without_permission_is_said_with_the_line_that_is_missing(github: Github) -> None:
    told = report(github, replace(github.context, token="read-only-token"))
    assert any("the deployment: " in line and "add `deployments: write` to the job's" in line for line in told)
    assert any("the comment: " in line and "add `pull-requests: write` to the job's" in line for line in told)


def test_what_is_forbidden_is_asked_once(github: Github) -> None:
    report(github, replace(github.context, token="read-only-token"))
    assert len(github.requests("POST", "/deployments")) == 1


def test_the_comment_is_written_although_deployments_are_forbidden(github: Github) -> None:
    github.control.faults({"method": "POST", "path": ".*/deployments", "status": 403, "times": None})
    told = report(github, github.context)
    assert len(told) == 1
    assert "Live in production" in github.comments()[0]


def test_a_refused_comment_is_said_and_the_deployment_closed(github: Github) -> None:
    github.control.faults({"method": "POST", "path": ".*/comments", "status": 422, "times": None})
    (told,) = report(github, github.context)
    assert told.startswith("not reported to GitHub: the comment: GitHub would not comment on the pull request")
    (deployment,) = github.deployments()
    assert github.states(deployment["id"])[-1] == "success"


# `done` is the hard one: GitHub did it, and its answer is lost.
@pytest.mark.parametrize(
    ("path", "fault"),
    pairs(
        [".*/deployments", ".*/statuses", ".*/comments"],
        [{"status": 502}, {"reset": True}, {"status": 500, "done": True}],
        always=lambda path, fault: "done" in fault or "deployments" in path,
    ),
)
def test_nothing_is_there_twice_or_missing_when_an_answer_is_lost(
    github: Github, fault: dict[str, object], path: str
) -> None:
    github.control.faults({"method": "POST", "path": path, **fault})
    assert report(github, github.context) == ()
    (deployment,) = github.deployments()
    states = github.states(deployment["id"])
    assert states[-1] == "success"
    assert states.count("success") == 1
    assert len(github.comments()) == 1


def test_a_lost_answer_after_the_work_was_done_leaves_one_deployment_and_one_comment(github: Github) -> None:
    github.control.faults(
        {"method": "POST", "path": ".*/deployments", "reset": True, "done": True},
        {"method": "POST", "path": ".*/comments", "reset": True, "done": True},
    )
    assert report(github, github.context) == ()
    assert (len(github.deployments()), len(github.comments())) == (1, 1)


def test_a_lost_update_of_the_comment_is_repeated(github: Github) -> None:
    github.control.faults({"method": "PATCH", "path": ".*/comments/.*", "reset": True, "times": 2})
    report(github, github.context)
    assert "Live in production" in github.comments()[0]


def test_a_rate_limit_is_waited_for_as_long_as_github_says(github: Github) -> None:
    github.control.faults({"method": "POST", "path": ".*/deployments", "rate_limit": "secondary", "retry_after": 1})
    waited: list[float] = []
    client = GithubClient(github.context.api_url, "sandbox-token", github.context.repository, sleep=waited.append)
    client.call(
        "repos.create_deployment", "test", ref=github.sha, auto_merge=False, required_contexts=[], environment="x"
    )
    assert waited == [1.0]


def test_a_rate_limit_longer_than_our_patience_is_not_waited_for(github: Github) -> None:
    github.control.faults({"path": ".*/pulls", "rate_limit": "primary", "retry_after": 600})
    waited: list[float] = []
    client = GithubClient(github.context.api_url, "sandbox-token", github.context.repository, sleep=waited.append)
    with pytest.raises(RateLimited) as limited:
        client.call("pulls.list", "test")
    assert 590 < limited.value.retry_after <= 601
    assert waited == []


def test_waiting_ends_when_our_patience_is_spent(github: Github) -> None:
    github.control.faults({"path": ".*/pulls", "status": 503, "times": None})
    waited: list[float] = []
    client = GithubClient(github.context.api_url, "sandbox-token", github.context.repository, sleep=waited.append)
    with pytest.raises(Unreachable):
        client.call("pulls.list", "test")
    assert 3 <= len(waited) <= 6
    assert sum(waited) <= PATIENCE
    assert waited == sorted(waited[:-1]) + waited[-1:]


@pytest.mark.parametrize("status", [401, 403, 404, 409, 422])
def test_what_cannot_get_better_is_not_tried_again(github: Github, status: int) -> None:
    github.control.faults({"path": ".*/pulls", "status": status, "times": None})
    waited: list[float] = []
    client = GithubClient(github.context.api_url, "sandbox-token", github.context.repository, sleep=waited.append)
    with pytest.raises(GithubError):
        client.call("pulls.list", "test")
    assert waited == []
    assert len(github.control.log()) == 1


def test_a_github_that_is_slow_delays_nobody_longer_than_asked(github: Github) -> None:
    before = set(threading.enumerate())
    github.control.faults({"path": ".*", "delay": 3.0, "times": 1})
    told = report(github, github.context, timeout=1.0)
    assert told == ("GitHub did not answer within 1 s: it may not show how this release ended",)
    # Its thread goes on, which in a process of its own would have ended: nothing of it may reach the next test.
    until(lambda: not [thread for thread in set(threading.enumerate()) - before if thread.name == "github"])


def test_a_github_that_is_down_is_said(github: Github) -> None:
    began = time.monotonic()
    told = report(github, replace(github.context, api_url="http://127.0.0.1:9"))
    assert time.monotonic() - began < 4
    assert [line.partition(": [")[0] for line in told] == [
        "not reported to GitHub: the deployment: GitHub could not be reached to create a deployment",
        "not reported to GitHub: the comment: GitHub could not be reached to read pull request 12",
    ]


def test_an_enterprise_server_is_asked_below_its_own_path(github: Github) -> None:
    assert report(github, replace(github.context, api_url=f"{github.context.api_url}/api/v3")) == ()
    assert len(github.comments()) == 1


def test_a_token_of_somebody_elses_environment_is_not_used(github: Github, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_JWT_TOKEN", "wrong")
    monkeypatch.setenv("GH_HOST", "http://127.0.0.1:9")
    assert report(github, github.context) == ()
