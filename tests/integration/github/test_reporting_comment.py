"""The comment of a release: one per pull request and environment, ours, and updated in place."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from deploytool.github.client import GithubClient
from deploytool.github.reporter import GithubReporter
from deploytool.release.model import Plan
from tests.integration.github.conftest import Github
from tests.integration.github.reports import again, page, report, until
from tests.support.sample_events import bad_events, good_events


def subjected(plan: Plan, subject: str) -> Plan:
    return replace(plan, request=replace(plan.request, commit=replace(plan.request.commit, subject=subject)))


def test_the_comment_is_updated_in_place_by_the_next_release(github: Github) -> None:
    report(github, bad_events(again(github.plan(), "r1")))
    report(github, good_events(again(github.plan(), "r2")))
    (comment,) = github.comments()
    assert "Live in production" in comment


def test_each_environment_has_its_own_comment(github: Github) -> None:
    report(github, good_events(github.plan()))
    reporter = GithubReporter(github.context, page(github, "staging"))
    reporter.start()
    for _, event in good_events(github.plan(environment="staging")):
        reporter.on_event(event)
    reporter.close()
    assert len(github.comments()) == 2


def test_a_strangers_comment_with_our_marker_is_left_alone(github: Github) -> None:
    stranger = GithubClient(github.context.api_url, "stranger-token", github.context.repository)
    forged = "<!-- deploytool:shop:production -->\nforged"
    stranger.call("issues.create_comment", "test", issue_number=github.pull_request, body=forged)
    report(github, good_events(github.plan()))
    assert len(github.comments()) == 2
    assert github.comments()[0] == forged


def test_our_comment_is_found_behind_the_first_page(github: Github) -> None:
    stranger = GithubClient(github.context.api_url, "stranger-token", github.context.repository)
    for number in range(101):
        stranger.call("issues.create_comment", "test", issue_number=github.pull_request, body=f"me too {number}")
    report(github, good_events(again(github.plan(), "r1")))
    report(github, good_events(again(github.plan(), "r2")))
    client = GithubClient(github.context.api_url, "sandbox-token", github.context.repository)
    listed = list(client.pages("issues.list_comments", "test", issue_number=github.pull_request))
    assert len(listed) == 102


def test_a_deleted_comment_is_written_anew(github: Github) -> None:
    reporter = GithubReporter(github.context, page(github))
    reporter.start()
    events = good_events(github.plan())
    reporter.on_event(events[0][1])
    until(github.comments)
    client = GithubClient(github.context.api_url, "sandbox-token", github.context.repository)
    (listed,) = client.pages("issues.list_comments", "test", issue_number=github.pull_request)
    client.call("issues.delete_comment", "test", comment_id=listed["id"])
    reporter.on_event(events[-1][1])
    assert reporter.close() == ()
    (comment,) = github.comments()
    assert "Live in production" in comment


def test_the_comment_changes_at_most_every_five_seconds_while_the_release_goes_on(github: Github) -> None:
    reporter = GithubReporter(github.context, page(github))
    reporter.start()
    events = good_events(github.plan())
    reporter.on_event(events[0][1])
    until(github.comments)
    for _, event in events[1:-1]:
        reporter.on_event(event)
        time.sleep(0.03)
    assert len(github.requests("PATCH", "")) == 0
    reporter.on_event(events[-1][1])
    reporter.close()
    assert len(github.requests("PATCH", "")) == 1


@pytest.mark.parametrize("subject", ["Add the cart (#{})", "Fix (#9999)", "No number"])
def test_the_pull_request_is_found_by_subject_or_by_commit(github: Github, subject: str) -> None:
    report(github, good_events(subjected(github.plan(), subject.format(github.pull_request))))
    assert len(github.comments()) == 1


def test_a_number_in_the_subject_that_is_another_pull_request_is_not_believed(github: Github) -> None:
    other = github.control.create_pull_request("Open still", github.sha, head_ref="other")
    report(github, good_events(subjected(github.plan(), f"Like (#{other})")))
    assert len(github.comments()) == 1
