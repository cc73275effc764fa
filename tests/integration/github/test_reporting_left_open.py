"""What a release that was killed, or ended without a word, leaves on GitHub."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytool.github.client import GithubClient
from deploytool.github.reporter import GithubReporter
from deploytool.release.events import Planned, Recovered
from deploytool.release.model import GithubRecord
from tests.integration.github.conftest import Github
from tests.integration.github.reports import Events, again, page, report, until
from tests.support.sample_events import bad_events, good_events


def killed(github: Github) -> GithubRecord:
    """A release opened its deployment and its comment, and said no more; what the ledger knows of it."""
    known: list[GithubRecord] = []
    reporter = GithubReporter(github.context, page(github), made=known.append)
    reporter.start()
    reporter.on_event(Planned(again(github.plan(), "r0")))
    until(lambda: known and known[-1].comment_id)
    assert [github.states(each["id"]) for each in github.deployments()] == [["in_progress"]]
    return known[-1]


def settled(github: Github, known: GithubRecord, *, succeeded: bool = False) -> Events:
    sentence = "r0 was killed; every service is back"
    return ((0.0, Recovered(again(github.plan(), "r0").request, succeeded=succeeded, summary=sentence, github=known)),)


def test_a_deployment_that_a_killed_release_left_open_is_inactive_after_the_next_success(github: Github) -> None:
    killed(github)
    assert report(github, good_events(github.plan())) == ()
    newest, oldest = github.deployments()
    assert [github.states(each["id"])[-1] for each in (newest, oldest)] == ["success", "inactive"]


@pytest.mark.parametrize("noted", [True, False], ids=["by the ids of the ledger", "by searching"])
def test_what_a_killed_release_left_is_closed_when_nothing_else_is_done(github: Github, noted: bool) -> None:
    known = killed(github)
    assert "Releasing to production" in github.comments()[0]

    assert report(github, settled(github, known if noted else GithubRecord())) == ()

    (deployment,) = github.deployments()
    assert github.states(deployment["id"])[-1] == "failure"
    (comment,) = github.comments()
    assert comment.startswith("<!-- deploytool:shop:production -->\n### 🛑 Killed in production\n\n")
    assert comment.rstrip().endswith("r0 was killed; every service is back")
    assert "Now: " not in comment


def test_a_release_that_was_killed_when_all_was_done_is_called_live(github: Github) -> None:
    assert report(github, settled(github, killed(github), succeeded=True)) == ()
    assert "### ✅ Live in production" in github.comments()[0]


@pytest.mark.parametrize("noted", [True, False], ids=["by the ids of the ledger", "by searching"])
def test_a_comment_that_tells_of_a_later_release_is_left_alone(github: Github, noted: bool) -> None:
    known = killed(github)
    report(github, bad_events(github.plan()))
    before = github.comments()
    assert report(github, settled(github, known if noted else GithubRecord())) == ()
    assert github.comments() == before


def test_a_comment_that_is_not_ours_is_left_alone_whatever_the_ledger_says(github: Github) -> None:
    stranger = GithubClient(github.context.api_url, "stranger-token", github.context.repository)
    theirs = stranger.call("issues.create_comment", "test", issue_number=github.pull_request, body="### 🚀 Mine")
    known = replace(killed(github), comment_id=int(theirs["id"]))
    assert report(github, settled(github, known)) == ()
    assert github.comments()[0] == "### 🚀 Mine"


def test_nothing_is_said_of_a_comment_that_somebody_deleted(github: Github) -> None:
    assert report(github, settled(github, replace(killed(github), comment_id=10**9))) == ()


def test_it_is_told_what_was_made_before_the_release_ends_and_when_there_is_more(github: Github) -> None:
    known: list[GithubRecord] = []
    reporter = GithubReporter(github.context, page(github), made=known.append)
    reporter.start()
    for _, event in good_events(github.plan()):
        reporter.on_event(event)
    reporter.close()
    (deployment,) = github.deployments()
    assert known[-1] == reporter.made
    assert (known[-1].deployment_id, known[-1].pull_request) == (deployment["id"], github.pull_request)
    assert known[-1].comment_url.endswith(f"#issuecomment-{known[-1].comment_id}")
    assert len(known) == len(set(known))


def test_a_release_that_ends_without_an_outcome_does_not_look_as_if_it_went_on(github: Github) -> None:
    report(github, good_events(github.plan())[:5])
    (deployment,) = github.deployments()
    assert github.states(deployment["id"])[-1] == "error"
