"""A release that ECS itself rolls back: exit 6, and soon after ECS is done, whatever may be read of it."""

from __future__ import annotations

from typing import get_args

import pytest

from deploytool.deploy.context import FASTEST, SLOWEST
from deploytool.ecs.deployment_model import NOT_SEEN, DeploymentState, ServiceRollout, Sighting, rollout_of
from deploytool.ecs.deployment_status import FAR
from deploytool.ecs.model import Deployment
from deploytool.ecs.rollback_signs import STALE_FOR
from deploytool.errors import Exit
from deploytool.output.outcome import served_versions
from deploytool.release.failures import LISTING_LAG
from deploytool.release.model import Outcome
from deploytool.release.rollout import refresh, watch_rollouts
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.clock import VirtualClock
from tests.support.fake_ecs.deployment import moment
from tests.support.fake_ecs.deployments_api import EcsWithDeploymentsApi, Readable
from tests.support.fake_ecs.ecs import revision
from tests.support.fake_ecs.life import CRASHES, NO_IMAGE
from tests.unit.release import plan_cases as cases

SOON = 1.5
"""Seconds between the end of a rollback by ECS and the end of the release."""
APP, WORKER = cases.service("app"), cases.service("worker")


def cloud_with(how: Readable, *, pace: float = SLOWEST, stale: int = 0, **service: bool) -> Cloud:
    cloud = Cloud(clock=VirtualClock(pace))
    cloud.ecs = EcsWithDeploymentsApi(cloud.clock, how=how, stale=stale)
    for name in ("app", "worker"):
        cloud.ecs.add(name, desired=2, **service)
    return cloud


def late(cloud: Cloud) -> float:
    """Seconds since the last service was back."""
    ends = [service.events[-1].at for service in cloud.ecs.members.values() if service.events]
    return (moment(cloud.clock.now) - max(ends)).total_seconds()


def failing(cloud: Cloud, *families: str) -> Outcome:
    cloud.ecs.next_life.update(dict.fromkeys(families, CRASHES))
    return cloud.release(cloud.plan(APP, WORKER))


@pytest.mark.parametrize("pace", [FASTEST, SLOWEST])
@pytest.mark.parametrize("ministack", [False, True], ids=["ecs", "ministack"])
@pytest.mark.parametrize("quiet", [False, True], ids=["with events", "quiet"])
@pytest.mark.parametrize("families", [("app",), ("app", "worker")], ids=" ".join)
@pytest.mark.parametrize("how", get_args(Readable))
def test_ends_with_6_soon_when_ecs_went_back(
    how: Readable, families: tuple[str, ...], quiet: bool, ministack: bool, pace: float
) -> None:
    cloud = cloud_with(how, pace=pace, quiet=quiet, ministack=ministack)

    outcome = failing(cloud, *families)

    assert outcome.exit_code is Exit.ROLLED_BACK, outcome.summary
    assert late(cloud) < SOON
    assert all(service.running.endswith(":1") for service in outcome.services)
    assert {each.key: each.status.state for each in outcome.services}["app"] is DeploymentState.ROLLING_BACK
    assert isinstance(cloud.ecs, EcsWithDeploymentsApi)
    assert cloud.ecs.api.asked > 0


@pytest.mark.parametrize("stale", [1, 3])
@pytest.mark.parametrize("how", get_args(Readable))
def test_succeeds_when_readings_are_from_before_the_update(how: Readable, stale: int) -> None:
    cloud = cloud_with(how, stale=stale)

    outcome = cloud.release(cloud.plan(APP, WORKER))

    assert outcome.exit_code is Exit.OK, outcome.summary


@pytest.mark.parametrize("how", get_args(Readable))
def test_names_what_runs_when_ecs_returns_past_the_version_before(how: Readable) -> None:
    cloud = cloud_with(how)
    app = cloud.ecs.members["app"]
    app.rollback = False
    cloud.ecs.lives[revision("app", 50)] = CRASHES
    app.move_to(revision("app", 50))
    cloud.clock.sleep(60.0)
    app.rollback = True
    assert app.primary.state == "FAILED"

    outcome = failing(cloud, "app")

    assert outcome.exit_code is Exit.ROLLED_BACK, outcome.summary
    assert late(cloud) < SOON
    assert app.primary.revision.endswith("app:1")
    assert "ECS rolled app back to app:1, its last completed deployment" in outcome.summary
    assert "app on" not in outcome.summary
    assert {each.key: (each.status, each.now) for each in served_versions(outcome)}["app"] == ("rolled back", "app:1")


def test_ends_with_6_when_ecs_reverts_our_own_revert() -> None:
    cloud = cloud_with("denied")
    plan = cloud.plan(APP, WORKER)
    cloud.ecs.next_life["worker"] = NO_IMAGE  # no second try can help: the app is sent back while it still rolls
    cloud.clock.at(0.5, lambda: cloud.ecs.lives.update({revision("app", 1): CRASHES}))

    outcome = cloud.release(plan)

    app = cloud.ecs.members["app"]
    assert [call.about for call in cloud.ecs.made("UpdateService")].count("app") == 2
    assert (app.primary.id, app.primary.state) == ("ecs-svc/001", "COMPLETED")
    assert outcome.exit_code is Exit.ROLLED_BACK, outcome.summary


def watched(cloud: Cloud, sighting: Sighting = NOT_SEEN) -> ServiceRollout:
    """Of a rollout whose deployment ECS does not list."""
    before = cloud.ecs.members["app"].view()
    ours = Deployment("ecs-svc/099", "PRIMARY", revision("app", 9), "IN_PROGRESS")
    return ServiceRollout("app", rollout_of(before, ours, revision("app", 9)), sighting=sighting)


def test_a_rollback_is_believed_when_the_reading_stood_for_10_seconds() -> None:
    cloud = cloud_with("denied")

    ended = watch_rollouts((watched(cloud),), 600.0, cloud.deps, stop_early=True)

    assert [each.status.state for each in ended] == [DeploymentState.ROLLED_BACK]
    assert STALE_FOR <= cloud.clock.now < STALE_FOR + SLOWEST * FAR + sum(LISTING_LAG)


def test_the_last_look_sees_a_rollback_when_ours_was_listed_before() -> None:
    cloud = cloud_with("denied")
    listed = Sighting(Deployment("ecs-svc/099", "PRIMARY", revision("app", 9), "IN_PROGRESS"))

    found = refresh((watched(cloud), watched(cloud, listed)), cloud.deps)

    assert [each.status.state for each in found] == [DeploymentState.IN_PROGRESS, DeploymentState.ROLLED_BACK]


@pytest.mark.parametrize("how", get_args(Readable))
def test_ends_as_superseded_when_a_person_went_back_by_hand(how: Readable) -> None:
    cloud = cloud_with(how)
    cloud.clock.at(4.0, lambda: cloud.ecs.members["app"].move_to(revision("app", 1)))

    outcome = failing(cloud, "app")

    assert outcome.exit_code is Exit.SUPERSEDED, outcome.summary
    assert [call.about for call in cloud.ecs.made("UpdateService")].count("app") == 1


@pytest.mark.parametrize("how", get_args(Readable))
def test_ends_at_once_when_the_service_is_scaled_to_0(how: Readable) -> None:
    cloud = cloud_with(how)
    for service in cloud.ecs.members.values():
        service.desired = service.primary.desired = 0
        service.primary.alive.clear()

    outcome = cloud.release(cloud.plan(APP, WORKER))

    assert outcome.exit_code is Exit.OK, outcome.summary
    assert late(cloud) < SOON
