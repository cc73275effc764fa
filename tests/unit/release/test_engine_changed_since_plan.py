"""Going back where the world does not hold still: foreign deployments, refusals, a predecessor that fails too."""

from __future__ import annotations

import pytest

from deploytool.ecs.deployment_model import DeploymentState
from deploytool.errors import Exit
from deploytool.release.events import WarningIssued
from deploytool.release.model import HttpResponse, Result
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.ecs import revision
from tests.support.fake_ecs.faults import Fault, denied, unanswered
from tests.support.fake_ecs.life import CRASHES, HEALTHY
from tests.unit.release import plan_cases as cases

APP, WORKER = cases.service("app", verify=cases.verification()), cases.service("worker")


def two_services() -> Cloud:
    cloud = Cloud()
    cloud.ecs.add("app", desired=2)
    cloud.ecs.add("worker", desired=2)
    return cloud


def test_stops_and_leaves_the_foreign_deployment_when_superseded() -> None:
    cloud = two_services()
    plan = cloud.plan(APP)
    cloud.clock.at(3.0, lambda: cloud.ecs.members["app"].move_to(revision("app", 99)))

    outcome = cloud.release(plan)

    assert (outcome.result, outcome.exit_code) == (Result.SUPERSEDED, Exit.SUPERSEDED)
    assert len(cloud.ecs.made("UpdateService")) == 1
    cloud.clock.sleep(600.0)
    assert cloud.running("app") == 99
    assert "app:99" in outcome.summary


def test_leaves_the_foreign_deployment_when_it_comes_while_the_new_version_is_verified() -> None:
    cloud = two_services()
    plan = cloud.plan(APP, WORKER)
    cloud.web.answer = lambda _: HttpResponse(500, "no")
    cloud.clock.at(30.0, lambda: cloud.ecs.members["app"].move_to(revision("app", 99)))

    outcome = cloud.release(plan)

    cloud.clock.sleep(600.0)
    assert (cloud.running("app"), cloud.running("worker")) == (99, 1)
    assert "app on app:99" not in outcome.summary.partition("rolled back: ")[2]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("UpdateService", denied("UpdateService"), "app", first=2),
        Fault("UpdateService", unanswered("UpdateService"), "app", first=2),
    ],
    ids=["denied", "unanswered"],
)
def test_says_what_serves_and_still_brings_the_others_back_when_one_cannot_be_put_back(fault: Fault) -> None:
    cloud = two_services()
    plan = cloud.plan(APP, WORKER)
    cloud.web.answer = lambda _: HttpResponse(500, "no")
    cloud.ecs.faults.append(fault)

    outcome = cloud.release(plan)

    assert (outcome.result, outcome.exit_code) == (Result.ROLLBACK_INCOMPLETE, Exit.ROLLBACK_INCOMPLETE)
    assert (cloud.running("app"), cloud.running("worker")) == (2, 1)
    assert "app runs app:2" in outcome.summary
    assert "worker runs worker:1" in outcome.summary
    assert [bool(each.revert and each.revert.state is DeploymentState.SUCCEEDED) for each in outcome.services] == [
        False,
        True,
    ]
    assert any(diagnosis.code == "revert-failed" for diagnosis in outcome.diagnoses)


def test_is_not_back_when_the_version_before_crashes_too() -> None:
    cloud = two_services()
    plan = cloud.plan(APP, WORKER)
    cloud.web.answer = lambda _: HttpResponse(500, "no")
    cloud.ecs.lives[revision("worker", 1)] = CRASHES

    outcome = cloud.release(plan)

    assert outcome.result is Result.ROLLBACK_INCOMPLETE
    assert cloud.running("app") == 1
    assert any("worker" in diagnosis.subject for diagnosis in outcome.diagnoses)


def test_stays_released_when_only_the_explanation_is_denied() -> None:
    cloud = two_services()
    plan = cloud.plan(WORKER)
    cloud.ecs.next_life["worker"] = CRASHES
    cloud.ecs.faults.append(Fault("ListTasks", denied("ListTasks")))
    cloud.clock.at(3.5, lambda: setattr(cloud.ecs.members["worker"].primary, "life", HEALTHY))

    outcome = cloud.release(plan)

    assert outcome.result is Result.RELEASED
    assert len([event for event in cloud.events if isinstance(event, WarningIssued)]) == 1


def test_is_not_back_when_a_cancelled_release_may_not_put_back() -> None:
    cloud = two_services()
    plan = cloud.plan(APP, WORKER)
    cloud.clock.cancel_at = 3.0
    cloud.ecs.faults.append(Fault("UpdateService", denied("UpdateService"), "app", first=2))

    outcome = cloud.release(plan)

    assert (outcome.result, outcome.exit_code) == (Result.ROLLBACK_INCOMPLETE, Exit.ROLLBACK_INCOMPLETE)
    cloud.clock.sleep(600.0)
    assert (cloud.running("app"), cloud.running("worker")) == (2, 1)


def test_sends_back_also_when_ecs_cannot_be_read_before_it() -> None:
    cloud = two_services()
    plan = cloud.plan(APP, WORKER)
    cloud.ecs.faults.append(Fault("DescribeServices", unanswered("DescribeServices"), first=3, last=4))

    assert cloud.release(plan).result is Result.ROLLED_BACK
    assert (cloud.running("app"), cloud.running("worker")) == (1, 1)


def test_is_not_misled_when_readings_lag_behind_both_ways_at_once() -> None:
    cloud = two_services()
    plan = cloud.plan(APP, WORKER)
    cloud.ecs.stale = 3
    cloud.ecs.faults.append(Fault("UpdateService", denied("UpdateService"), "worker"))

    outcome = cloud.release(plan)

    assert outcome.result is Result.ROLLED_BACK
    assert "another client" not in outcome.summary
    assert (cloud.running("app"), cloud.running("worker")) == (1, 1)
