"""A release of a commit that every service runs already: migrated, verified and recorded, and no service moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deploytool.config import model as config
from deploytool.errors import Exit, LeaseLost
from deploytool.release.model import HttpResponse, NoResponse, Plan, Result
from deploytool.release.planner import plan
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.life import Life
from tests.support.fake_ecs.surroundings import ModelWeb
from tests.unit.release import plan_cases as cases

NEW = f"registry.test/shop@{cases.DIGEST}"
APP = cases.service("app", verify=cases.verification())


@pytest.fixture
def cloud() -> Cloud:
    """Its app tells the commit, as the services that run it already do."""
    cloud = Cloud()
    cloud.ecs.add("app", desired=2)
    cloud.web = ModelWeb(lambda _: HttpResponse(200, f'{{"version": "{cases.SHA}"}}'))
    return cloud


def running(cloud: Cloud, wanted: config.ServiceConfig = APP, **more: Any) -> Plan:
    app = replace(
        cases.found("app", cases.definition("app", image=NEW), host="shop.test"), state=cloud.ecs.members["app"].view()
    )
    settings = cases.settings(wanted, ledger="deploytool", **more)
    task = cases.definition("migrate") if settings.migrate else None
    return plan(cases.REQUEST, settings, cases.live(app, migrate=task), cases.REGISTRY)


def test_it_migrates_verifies_and_is_recorded_and_moves_nothing_when_every_service_runs_it(cloud: Cloud) -> None:
    outcome = cloud.release(running(cloud, migrate=cases.migration()))

    assert (outcome.result, outcome.exit_code, outcome.live) == (Result.RELEASED, Exit.OK, True)
    assert "every service already runs it (app on app:1)" in outcome.summary
    assert [timing.step for timing in outcome.timings] == ["migrate", "verify"]
    assert [call.operation for call in cloud.ecs.changed()] == ["RegisterTaskDefinition", "RunTask"]
    assert ("closed", "released") in cloud.journal.notes


def test_only_the_record_is_written_when_nothing_is_to_be_migrated_or_verified(cloud: Cloud) -> None:
    outcome = cloud.release(running(cloud, cases.service("app")))

    assert (outcome.result, outcome.timings) == (Result.RELEASED, ())
    assert cloud.ecs.changed() == []
    assert ("closed", "released") in cloud.journal.notes


def test_it_fails_and_no_service_is_changed_when_the_check_fails(cloud: Cloud) -> None:
    cloud.web = ModelWeb(lambda _: NoResponse("connection"))

    outcome = cloud.release(running(cloud))

    assert (outcome.result, outcome.exit_code) == (Result.ROLLED_BACK, Exit.ROLLED_BACK)
    assert "no service was changed" in outcome.summary
    assert cloud.ecs.changed() == []


def test_it_fails_when_the_migration_fails(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [Life(starts_after=3.0, runs_for=5.0, exit_code=3)]

    assert cloud.release(running(cloud, migrate=cases.migration())).exit_code is Exit.MIGRATION_FAILED


def test_it_claims_nothing_when_a_service_was_deployed_by_other_means_meanwhile(cloud: Cloud) -> None:
    wanted = running(cloud)
    cloud.ecs.members["app"].move_to(cases.arn("app", 9))

    outcome = cloud.release(wanted)

    assert outcome.result is Result.REFUSED
    assert "service app was deployed by another client since" in outcome.summary


def test_it_claims_nothing_when_the_lock_is_lost_before_its_end_is_written(cloud: Cloud) -> None:
    cloud.journal.fails[("closed",)] = LeaseLost("r-1")

    assert cloud.release(running(cloud)).result is Result.SUPERSEDED
