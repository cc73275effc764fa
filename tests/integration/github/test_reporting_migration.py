"""A migration that is run alone: GitHub goes on showing what it shows."""

from __future__ import annotations

from deploytool.release.events import Ended, Planned
from deploytool.release.model import Outcome, Result
from tests.integration.github.conftest import Github
from tests.integration.github.reports import report
from tests.support.sample_events import good_events, migration_only


def test_it_makes_no_deployment_and_no_comment(github: Github) -> None:
    assert report(github, good_events(github.plan())) == ()
    (deployment,), comments = github.deployments(), github.comments()
    alone = migration_only(github.plan())
    ended = Ended(Outcome(alone, Result.MIGRATED, "it ran to its end"))

    assert report(github, ((0.0, Planned(alone)), (1.0, ended))) == ()

    assert [each["id"] for each in github.deployments()] == [deployment["id"]]
    assert github.states(deployment["id"])[-1] == "success"
    assert github.comments() == comments
