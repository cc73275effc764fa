"""A release's report on GitHub, sent by the real client to the GitHub server."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from deploytool.github.client import GithubClient
from deploytool.github.reporter import GithubReporter
from deploytool.release.events import Ended, Planned
from deploytool.release.model import Outcome, Result
from tests.integration.github.conftest import API, Github
from tests.integration.github.reports import Events, again, page, report, until
from tests.support.sample_events import bad_events, change, good_events


def test_a_good_release_is_a_successful_deployment_and_one_comment(github: Github) -> None:
    assert report(github, good_events(github.plan())) == ()
    (deployment,) = github.deployments()
    assert github.states(deployment["id"])[-1] == "success"
    assert deployment["sha"] == github.sha
    assert deployment["payload"] == {
        "type": "archdeck-deploy",
        "schema": 1,
        "release": "r-20261123-120307-4f2a9c1",
        "app": "shop",
        "commit": github.sha,
        "run_id": "7",
        "images": {
            "app": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:4f2a9c1d8e7b",
            "migrate": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:4f2a9c1d8e7b-migrate",
        },
        "before": {
            "app": "arn:aws:ecs:us-east-1:123456789012:task-definition/shop-app:41",
            "worker": "arn:aws:ecs:us-east-1:123456789012:task-definition/shop-worker:17",
        },
    }
    (comment,) = github.comments()
    assert comment.startswith("<!-- deploytool:shop:production -->\n### ✅ Live in production")


def test_a_failed_release_closes_its_deployment_as_failure(github: Github) -> None:
    assert report(github, bad_events(github.plan())) == ()
    (deployment,) = github.deployments()
    assert github.states(deployment["id"])[-1] == "failure"
    (comment,) = github.comments()
    assert "### ↩️ Failed in production and was rolled back" in comment
    assert "Cannot find module" in comment


def test_each_phase_is_a_status_and_the_page_is_linked_only_when_it_is_live(github: Github) -> None:
    reporter = GithubReporter(github.context, page(github))
    reporter.start()
    for _, event in good_events(github.plan()):
        reporter.on_event(event)
        if not isinstance(event, Planned | Ended):
            until(lambda: github.requests("POST", "/statuses"))
            time.sleep(0.05)
    assert reporter.close() == ()
    told = github.requests("POST", "/statuses")
    described = [(body["state"], body["description"]) for body in told]
    assert described[-4:] == [
        ("in_progress", "migrating"),
        ("in_progress", "deploying"),
        ("in_progress", "verifying"),
        ("success", "4f2a9c1 is live in production."),
    ]
    assert ["environment_url" in body for body in told[-2:]] == [False, True]
    assert all(body["auto_inactive"] is False for body in told)
    assert all(body["log_url"] == github.context.run_url for body in told)


def test_older_deployments_become_inactive_after_a_success_only(github: Github) -> None:
    first, second, third = (again(github.plan(), name) for name in ("r1", "r2", "r3"))
    report(github, good_events(first))
    report(github, bad_events(second))
    states = [github.states(each["id"])[-1] for each in github.deployments()]
    assert states == ["failure", "success"], "the failed release left the live deployment active"
    report(github, good_events(third))
    states = [github.states(each["id"])[-1] for each in github.deployments()]
    assert states == ["success", "failure", "inactive"]


def test_deployments_of_others_are_never_touched(github: Github) -> None:
    client = GithubClient(github.context.api_url, "sandbox-token", github.context.repository)
    for payload in ({"type": "other"}, {"type": "archdeck-deploy", "app": "another"}, "{not json"):
        made = client.call(
            "repos.create_deployment", "test", ref=github.sha, environment="production", required_contexts=[],
            auto_merge=False, payload=payload,
        )  # fmt: skip
        client.call("repos.create_deployment_status", "test", deployment_id=made["id"], state="success")
    report(github, good_events(github.plan()))
    states = [github.states(each["id"])[-1] for each in github.deployments()]
    assert states == ["success", "success", "success", "success"]


def test_older_deployments_are_found_behind_the_first_page_and_retired_oldest_first(github: Github) -> None:
    report(github, good_events(again(github.plan(), "r1")))
    client = GithubClient(github.context.api_url, "sandbox-token", github.context.repository)
    encoded = '"{\\"type\\": \\"archdeck-deploy\\", \\"app\\": \\"shop\\"}"'
    for number in range(105):
        made = client.call(
            "repos.create_deployment", "test", ref=github.sha, environment="production", required_contexts=[],
            auto_merge=False, payload={"type": "other"} if number else encoded,
        )  # fmt: skip
        client.call("repos.create_deployment_status", "test", deployment_id=made["id"], state="success")
    assert report(github, good_events(again(github.plan(), "r2"))) == ()
    states = [github.states(each["id"])[-1] for each in client.pages("repos.list_deployments", "test")]
    assert [states[0], *states[-2:]] == ["success", "inactive", "inactive"]
    assert set(states[1:-2]) == {"success"}
    retired = [str(each["path"]) for each in github.control.log() if (each["body"] or {}).get("state") == "inactive"]
    assert retired == sorted(retired), "oldest first: whoever is interrupted leaves no active one behind an inactive"


def test_a_commit_that_was_never_pushed_is_said_and_does_no_harm(github: Github) -> None:
    plan = github.plan()
    lost = replace(plan, request=replace(plan.request, commit=replace(plan.request.commit, sha="f" * 40)))
    (told,) = report(github, good_events(lost))
    assert told.startswith("not reported to GitHub: the deployment: GitHub would not create a deployment: No ref found")


def nothing(github: Github) -> Events:
    plan = github.plan(nothing=True)
    outcome = Outcome(plan, Result.NOTHING_TO_DO, "already live")
    return ((0.0, Planned(plan)), (1.0, Ended(outcome)))


def test_a_release_that_moves_no_service_is_a_deployment_and_a_comment_when_every_service_ran_it(
    github: Github,
) -> None:
    plan = replace(github.plan(nothing=True), already_running=(change("app", 41),))
    outcome = Outcome(plan, Result.RELEASED, "it is live: every service already runs it")
    assert report(github, ((0.0, Planned(plan)), (1.0, Ended(outcome)))) == ()
    (deployment,) = github.deployments()
    assert github.states(deployment["id"])[-1] == "success"
    (comment,) = github.comments()
    assert "### ✅ Live in production" in comment
    assert "every service already runs it" in comment
    assert "| `app` |" in comment


def test_nothing_to_do_adds_nothing_where_github_shows_the_commit_as_live(github: Github) -> None:
    report(github, good_events(github.plan()))
    before = github.comments()
    assert report(github, nothing(github)) == ()
    assert len(github.deployments()) == 1
    assert github.comments() == before


def test_nothing_to_do_corrects_github_where_it_does_not_show_the_commit_as_live(github: Github) -> None:
    report(github, bad_events(again(github.plan(), "r1")))
    assert report(github, nothing(github)) == ()
    newest, oldest = github.deployments()
    assert [github.states(each["id"])[-1] for each in (newest, oldest)] == ["success", "failure"]


def test_the_last_word_is_sent_within_two_hundred_milliseconds(github: Github) -> None:
    """The quickest of some: what the machine does besides is nothing of ours."""

    def seconds() -> float:
        reporter = GithubReporter(github.context, page(github))
        reporter.start()
        events = good_events(github.plan())
        reporter.on_event(events[0][1])
        until(github.comments)
        began = time.monotonic()
        reporter.on_event(events[-1][1])
        assert reporter.close() == ()
        return time.monotonic() - began

    assert any(seconds() < 0.2 for _ in range(5))


def test_a_release_that_was_refused_before_its_plan_is_not_waited_for(github: Github) -> None:
    reporter = GithubReporter(github.context, page(github))
    reporter.start()
    began = time.monotonic()
    assert reporter.close() == ()
    assert time.monotonic() - began < 1, "close waits ten seconds for what was begun"
    assert github.deployments() == []


def test_the_api_is_never_asked_about_another_repository(github: Github) -> None:
    report(github, good_events(github.plan()))
    assert {str(each["path"]).startswith((API, "/user")) for each in github.control.log()} == {True}


@pytest.mark.parametrize(("production", "shown"), [(True, True), (False, False), (None, False)])
def test_the_deployment_is_to_the_environment_as_github_calls_it(
    github: Github, production: bool | None, shown: bool
) -> None:
    plan = github.plan()
    request = replace(plan.request, github_environment="live", production=production)
    older = replace(plan, request=replace(request, release_id="r0"))
    assert report(github, good_events(older)) == ()
    assert report(github, good_events(replace(plan, request=request))) == ()
    newest, before = github.deployments()
    assert (newest["environment"], newest["production_environment"]) == ("live", shown)
    assert github.states(before["id"])[-1] == "inactive", "the older one was found there"
    assert "Live in production" in github.comments()[0], "people know it by the name in deploytool.yml"
