"""What GitHub shows of going back: the box, and the comments of what was taken back."""

from __future__ import annotations

from dataclasses import replace

import requests

from deploytool.github.comment_body import CommentBody, Links
from deploytool.github.reporter import GithubReporter
from deploytool.github.rollback_model import RollbackCheckbox, box_of
from deploytool.release.events import IncludedCommits, RollbackTarget, RolledBackRelease
from deploytool.release.model import Commit
from tests.integration.github.conftest import API, Github
from tests.integration.github.reports import Events
from tests.support.sample_events import at, bad_events, good_events


def report(github: Github, events: Events) -> tuple[str, ...]:
    """A release whose comment has the box."""
    links = Links(github.context.repository_url, github.context.run_url, checkbox=True)
    reporter = GithubReporter(github.context, CommentBody("shop", "production", links, lambda: at(0)))
    reporter.start()
    for _, event in events:
        reporter.on_event(event)
    return reporter.close(20)


def named(github: Github, release: str, sha: str = "") -> Events:
    """A good release of that name."""
    plan = github.plan()
    request = replace(plan.request, release_id=release)
    if sha:
        request = replace(request, commit=Commit(sha, "First"))
    return good_events(replace(plan, request=request))


def first_pull_request(github: Github) -> tuple[Github, str]:
    """The pull request of the commit before, and that commit."""
    number = github.control.create_pull_request("First", "main^", merge_commit_sha="main^")
    headers = {"Authorization": "Bearer developer-token"}
    pull = requests.get(f"{github.context.api_url}{API}/pulls/{number}", headers=headers, timeout=10).json()
    return replace(github, pull_request=number), str(pull["merge_commit_sha"])


def test_the_box_names_the_deployments_of_both_releases(github: Github) -> None:
    first, sha = first_pull_request(github)
    assert report(github, named(github, "r1", sha)) == ()
    offer = (0.0, RollbackTarget("r1", Commit(sha)))
    assert report(github, (offer, *named(github, "r2"))) == ()
    newest, older = (int(str(each["id"])) for each in github.deployments())
    (comment,) = github.comments()
    assert box_of(comment) == RollbackCheckbox(older, newest)
    assert f"Roll back to `{sha[:7]}` (release `r1`)" in comment
    assert box_of(first.comments()[0]) is None


def test_there_is_no_box_when_github_knows_nothing_of_the_release_before(github: Github) -> None:
    offer = (0.0, RollbackTarget("r0", Commit("0" * 40)))
    assert report(github, (offer, *named(github, "r2"))) == ()
    assert box_of(github.comments()[0]) is None


def test_a_rollback_ends_the_claim_of_the_release_that_it_takes_back(github: Github) -> None:
    first, sha = first_pull_request(github)
    release = named(github, "r2")
    assert report(github, release) == ()
    assert "Live in production" in github.comments()[0]
    taken = replace(github.plan().request, release_id="r2")
    assert report(github, ((0.0, RolledBackRelease(taken)), *named(github, "r3", sha))) == ()
    (comment,) = github.comments()
    assert "### ↩️ Rolled back in production\n\nBy release `r3`, to [" in comment
    assert "Live in" not in comment
    assert "### ✅ Live in production" in first.comments()[0]


def test_every_pull_request_of_a_release_has_its_comment_and_loses_its_claim(github: Github) -> None:
    first, sha = first_pull_request(github)
    commits = IncludedCommits((Commit(sha, "First"),))
    assert report(github, ((0.0, commits), *named(github, "r2"))) == ()
    assert first.comments() == github.comments()
    assert "Live in production" in first.comments()[0]


def test_a_failed_rollback_leaves_the_comment_of_what_still_serves(github: Github) -> None:
    _, sha = first_pull_request(github)
    assert report(github, named(github, "r2")) == ()
    plan = github.plan()
    back = replace(plan, request=replace(plan.request, release_id="r3", commit=Commit(sha, "First")))
    assert report(github, ((0.0, RolledBackRelease(plan.request)), *bad_events(back))) == ()
    assert "### ✅ Live in production" in github.comments()[0]
