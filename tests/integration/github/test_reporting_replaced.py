"""A newer release takes the place of the one before: its comments no longer claim to be live."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytool.github.client import GithubClient
from deploytool.github.comment_body import CommentBody, Links
from deploytool.github.reporter import GithubReporter
from deploytool.github.rollback_model import box_of
from deploytool.release.events import IncludedCommits, ReplacedRelease
from deploytool.release.model import Commit, GithubRecord
from tests.integration.github.conftest import Github
from tests.integration.github.reports import Events
from tests.integration.github.test_reporting_way_back import first_pull_request, named
from tests.support.sample_events import at, bad_events, good_events

WAS_LIVE = "### ⏹️ Was live in production until 2026-11-23 12:03 UTC\n\nReplaced by release `r2`, [`"


def made(github: Github, events: Events) -> GithubRecord:
    """Tell everything at once, and close; what the ledger knows then."""
    links = Links(github.context.repository_url, github.context.run_url, rollback_command="deploytool rollback")
    reporter = GithubReporter(github.context, CommentBody("shop", "production", links, lambda: at(0)))
    reporter.start()
    for _, event in events:
        reporter.on_event(event)
    assert reporter.close(20) == ()
    return reporter.made


def over(older: GithubRecord) -> tuple[float, ReplacedRelease]:
    return (0.0, ReplacedRelease("r1", older.comments))


def test_the_comment_says_until_when_it_was_live_and_by_what_it_was_replaced(github: Github) -> None:
    first, sha = first_pull_request(github)
    older = made(github, named(github, "r1", sha))
    assert "### ✅ Live in production" in first.comments()[0]

    made(github, (over(older), *named(github, "r2")))

    (comment,) = first.comments()
    assert WAS_LIVE in comment
    assert "Live in" not in comment
    assert "Roll back" not in comment
    assert box_of(comment) is None
    assert "### ✅ Live in production" in github.comments()[0]


def test_those_in_its_other_pull_requests_say_so_too(github: Github) -> None:
    first, sha = first_pull_request(github)
    older = made(github, ((0.0, IncludedCommits((Commit(sha, "First"),))), *named(github, "r1")))
    assert len(older.comments) == 2
    third = github.control.create_pull_request("Third", github.sha, head_ref="third")
    plan = github.plan()
    request = replace(
        plan.request, release_id="r2", triggered_by=replace(plan.request.triggered_by, pull_request=third)
    )
    made(github, (over(older), *good_events(replace(plan, request=request))))
    assert WAS_LIVE in first.comments()[0]
    assert WAS_LIVE in github.comments()[0]


def test_a_comment_that_the_new_release_wrote_over_is_live(github: Github) -> None:
    older = made(github, named(github, "r1"))
    made(github, (over(older), *named(github, "r2")))
    (comment,) = github.comments()
    assert "### ✅ Live in production" in comment


def test_it_stays_live_when_the_new_release_fails(github: Github) -> None:
    first, sha = first_pull_request(github)
    older = made(github, named(github, "r1", sha))
    before = first.comments()
    made(github, (over(older), *bad_events(github.plan())))
    assert first.comments() == before


@pytest.mark.parametrize("says", ["### ↩️ Failed in production and was rolled back", "### ✏️ By hand"])
def test_a_comment_that_says_something_else_by_now_is_left_alone(github: Github, says: str) -> None:
    first, sha = first_pull_request(github)
    older = made(github, named(github, "r1", sha))
    body = f"<!-- deploytool:shop:production -->\n{says}"
    client = GithubClient(github.context.api_url, "sandbox-token", github.context.repository)
    client.call("issues.update_comment", "test", comment_id=older.comment_id, body=body)
    made(github, (over(older), *named(github, "r2")))
    assert first.comments() == [body]


def test_it_is_changed_once_and_only_at_the_end(github: Github) -> None:
    _, sha = first_pull_request(github)
    older = made(github, named(github, "r1", sha))
    github.control.clear_log()
    made(github, (over(older), *named(github, "r2")))
    changes = [each for each in github.control.log() if each["method"] == "PATCH"]
    assert [str(each["path"]).endswith(f"/{older.comment_id}") for each in changes].count(True) == 1
    assert str(changes[-1]["path"]).endswith(f"/{older.comment_id}")
