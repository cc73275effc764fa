"""The migration alone, through the same loop: judged by its exit code, and no service is touched whatever happens."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.errors import BuildError, Exit
from deploytool.release.events import OutputLine
from deploytool.release.model import Outcome, Result
from deploytool.release.planner import migration_plan, only_migration
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.life import Life
from tests.unit.release import plan_cases as cases


@pytest.fixture
def cloud() -> Cloud:
    cloud = Cloud()
    cloud.ecs.add("app", desired=2)
    return cloud


def migrate(cloud: Cloud, **more: Any) -> Outcome:
    settings = only_migration(cases.settings(cases.service("app"), migrate=cases.migration()))
    live = cases.live(cases.found("app"), migrate=cases.definition("migrate"), **more)
    return cloud.release(migration_plan(cases.REQUEST, settings, live, cases.REGISTRY))


def test_it_is_migrated_and_no_service_is_touched_when_it_exits_with_0(cloud: Cloud) -> None:
    cloud.logs.lines["/ecs/migrate"] = ("applying 0001",)

    outcome = migrate(cloud)

    assert (outcome.result, outcome.exit_code) == (Result.MIGRATED, Exit.OK)
    assert (outcome.succeeded, outcome.live) == (True, False)
    assert [call.operation for call in cloud.ecs.changed()] == ["RegisterTaskDefinition", "RunTask"]
    assert "applying 0001" in [event.line for event in cloud.events if isinstance(event, OutputLine)]
    assert ("closed", "migrated") in cloud.journal.notes


def test_it_runs_the_image_that_was_built_when_there_was_none(cloud: Cloud) -> None:
    outcome = migrate(cloud, images={"app": None})

    assert outcome.result is Result.MIGRATED
    (task,) = cloud.ecs.registered.values()
    assert task["containerDefinitions"][0]["image"] == f"registry.test/shop@{dict(outcome.digests)['app']}"


def test_its_exit_code_decides(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [Life(starts_after=3.0, runs_for=5.0, exit_code=3)]

    outcome = migrate(cloud)

    assert (outcome.result, outcome.exit_code) == (Result.MIGRATION_FAILED, Exit.MIGRATION_FAILED)
    assert not cloud.ecs.made("UpdateService")


def test_the_log_explains_the_exit_code_when_the_migration_failed() -> None:
    cloud = Cloud()
    cloud.ecs.add("app", desired=2)
    cloud.ecs.migrations.lives = [Life(starts_after=3.0, runs_for=5.0, exit_code=1)]
    cloud.logs.lines["/ecs/migrate"] = ("Error: P3009", "migrate found failed migrations in the target database")

    (diagnosis,) = migrate(cloud).diagnoses

    assert diagnosis.code == "migration-failed-before"
    assert "exited with code 1: an earlier migration failed in this database" in diagnosis.cause
    assert "deploytool run" in diagnosis.fix


def test_nothing_is_run_when_the_image_cannot_be_built(cloud: Cloud) -> None:
    cloud.builder.fails = BuildError("step 4 failed")

    assert migrate(cloud, images={"app": None}).exit_code is Exit.BUILD_FAILED
    assert not cloud.ecs.made("RunTask")


def test_it_is_refused_when_the_image_that_was_built_is_for_another_cpu(cloud: Cloud) -> None:
    cloud.builder.platforms = ("linux/arm64",)

    outcome = migrate(cloud, images={"app": None})

    assert outcome.exit_code is Exit.PRECONDITION_FAILED
    assert "the migration of shop 4f2a9c1 was not run in production; nothing was changed" in outcome.summary


def test_the_task_is_left_to_finish_when_it_is_cancelled(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [Life(starts_after=1.0, runs_for=100.0, exit_code=0)]
    cloud.clock.cancel_at = 20.0

    outcome = migrate(cloud)

    assert (outcome.result, outcome.exit_code) == (Result.CANCELLED, Exit.CANCELLED)
    assert "the migration of shop 4f2a9c1 was cancelled" in outcome.summary
    assert len(cloud.ecs.migrations.running()) == 1
