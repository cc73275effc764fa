"""Two migrations never run beside each other, whoever started the other one."""

from __future__ import annotations

import pytest

from deploytool.errors import Exit
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.ecs import revision
from tests.support.fake_ecs.life import Life
from tests.unit.release import plan_cases as cases


@pytest.fixture
def cloud() -> Cloud:
    cloud = Cloud()
    cloud.ecs.add("app")
    return cloud


def test_waits_for_a_migration_that_another_release_left_running(cloud: Cloud) -> None:
    cloud.ecs.migrations.run(revision("migrate", 1), "migrate", "r-0-1", "r-0")
    cloud.ecs.migrations.lives = [Life(starts_after=3.0, runs_for=30.0, exit_code=0)]

    outcome = cloud.release(cloud.plan(cases.service("app"), migrate=cases.migration()))

    assert outcome.succeeded
    first, second = cloud.ecs.migrations.started.values()
    assert second.launched >= first.launched + 8.0


def test_is_refused_when_a_migration_of_another_release_does_not_end(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [Life(runs_for=None)]
    cloud.ecs.migrations.run(revision("migrate", 1), "migrate", "r-0-1", "r-0")

    outcome = cloud.release(cloud.plan(cases.service("app"), migrate=cases.migration()))

    assert outcome.exit_code is Exit.PRECONDITION_FAILED
    assert "started by r-0" in outcome.summary
    assert not cloud.ecs.made("RunTask")
