"""What a release that was killed, or ended without a word, leaves on GitHub."""

from __future__ import annotations

from deploytool.core.events import Planned, Settled
from deploytool.github.reporter import GithubReporter
from tests.peers.reporting.conftest import Github
from tests.peers.reporting.reports import again, page, report, until
from tests.unit.report.telling import good_events


def killed(github: Github) -> None:
    """A release opened its deployment, and said no more."""
    reporter = GithubReporter(github.context, page(github))
    reporter.start()
    reporter.tell(Planned(again(github.plan(), "r0")))
    until(lambda: [github.states(each["id"]) for each in github.deployments()] == [["in_progress"]])


def test_a_deployment_that_a_killed_release_left_open_is_inactive_after_the_next_success(github: Github) -> None:
    killed(github)
    assert report(github, good_events(github.plan())) == ()
    newest, oldest = github.deployments()
    assert [github.states(each["id"])[-1] for each in (newest, oldest)] == ["success", "inactive"]


def test_the_deployment_of_a_killed_release_is_closed_when_nothing_else_is_done(github: Github) -> None:
    killed(github)
    settled = Settled(again(github.plan(), "r0").request, good=False, sentence="it was killed; every service is back")
    assert report(github, ((0.0, settled),)) == ()
    (deployment,) = github.deployments()
    assert github.states(deployment["id"])[-1] == "failure"


def test_a_release_that_ends_without_an_outcome_does_not_look_as_if_it_went_on(github: Github) -> None:
    report(github, good_events(github.plan())[:5])
    (deployment,) = github.deployments()
    assert github.states(deployment["id"])[-1] == "error"
