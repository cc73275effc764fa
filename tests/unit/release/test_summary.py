"""The one sentence of an outcome: true, and naming what runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytool.ecs.deployment_model import DeploymentState, DeploymentStatus
from deploytool.release.model import Result, ServiceOutcome
from deploytool.release.planner import migration_plan, only_migration, plan
from deploytool.release.summary import summary
from tests.unit.release import plan_cases as cases

PLAN = plan(cases.REQUEST, cases.settings(cases.service("app")), cases.live(cases.found("app")), cases.REGISTRY)


def ended(
    key: str, serving: int, fate: DeploymentState = DeploymentState.ROLLED_BACK, back: DeploymentState | None = None
) -> ServiceOutcome:
    way = DeploymentStatus(back) if back else None
    return ServiceOutcome(
        key, key, DeploymentStatus(fate), cases.arn(key, serving), cases.arn(key), cases.arn(key, 2), way
    )


ALONE = migration_plan(
    cases.REQUEST,
    only_migration(cases.settings(cases.service("app"), migrate=cases.migration())),
    cases.live(cases.found("app"), migrate=cases.definition("migrate")),
    cases.REGISTRY,
)


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (Result.MIGRATED, "the migration of shop 4f2a9c1 completed in production; no service was changed"),
        (Result.MIGRATION_FAILED, "the migration of shop 4f2a9c1 failed; no service in production was changed: why"),
        (Result.REFUSED, "the migration of shop 4f2a9c1 was not run in production; nothing was changed: why"),
        (Result.CANCELLED, "the migration of shop 4f2a9c1 was cancelled in production; no service was changed"),
    ],
)
def test_says_of_a_migration_alone(result: Result, says: str) -> None:
    assert summary(ALONE, result, (), "why") == says


@pytest.mark.parametrize(
    ("result", "services", "cause", "says"),
    [
        (Result.RELEASED, (ended("app", 2), ended("worker", 3)), "", "in production: app on app:2, worker on worker:3"),
        (Result.RELEASED, (), "", "is live in production: every service"),
        (Result.NOTHING_TO_DO, (), "", "is already live in production; nothing to do"),
        (Result.REFUSED, (), "no cluster", "was not released to production; nothing was changed: no cluster"),
        (Result.BUILD_FAILED, (), "step 4", "could not be built; no service in production was changed: step 4"),
        (Result.MIGRATION_FAILED, (), "exit 1", "failed; no service in production was changed: exit 1"),
        (Result.ROLLED_BACK, (ended("app", 1),), "", "in production; all services were rolled back: app on app:1"),
        (Result.ROLLED_BACK, (), "", "failed in production; no service was changed"),
        (
            Result.ROLLED_BACK,
            (ended("app", 9, DeploymentState.REPLACED), ended("worker", 1)),
            "",
            "rolled back: worker on worker:1; app stays on app:9, deployed by another client",
        ),
        (
            Result.ROLLED_BACK,
            (ended("app", 9, DeploymentState.REPLACED),),
            "",
            "failed in production; app stays on app:9",
        ),
        (
            Result.ROLLED_BACK,
            (
                ended("app", 7, DeploymentState.ROLLING_BACK, DeploymentState.ROLLED_BACK),
                ended("worker", 1, DeploymentState.SUCCEEDED, DeploymentState.SUCCEEDED),
            ),
            "",
            "rolled back: worker on worker:1; ECS rolled app back to app:7, its last completed deployment",
        ),
        (
            Result.ROLLED_BACK,
            (ended("app", 7),),
            "",
            "failed in production; ECS rolled app back to app:7, its last completed deployment",
        ),
        (Result.TIMED_OUT, (ended("app", 1),), "", "timed out waiting for the deployment in production; all services"),
        (Result.ROLLBACK_INCOMPLETE, (ended("app", 2),), "", "ROLLBACK INCOMPLETE: app runs app:2; manual action"),
        (Result.SUPERSEDED, (ended("app", 9),), "", "superseded in production by another deployment: app runs app:9"),
        (Result.CANCELLED, (), "", "was cancelled in production; no service was changed"),
        (Result.CANCELLED, (ended("app", 2, back=DeploymentState.IN_PROGRESS),), "", "app is rolling back to app:1"),
        (Result.CANCELLED, (ended("app", 1),), "", "app is on app:1"),
        (Result.FAILED, (), "KeyError", "by an internal error: KeyError; no service was changed"),
    ],
)  # fmt: skip
def test_says(result: Result, services: tuple[ServiceOutcome, ...], cause: str, says: str) -> None:
    told = summary(PLAN, result, services, cause)

    assert says in told
    assert "shop 4f2a9c1" in told


@pytest.mark.parametrize(
    ("services", "says"),
    [
        (
            (ended("worker", 2, DeploymentState.SUCCEEDED),),
            "shop 4f2a9c1 is live in production in part: worker on worker:2; app stays on app:9",
        ),
        ((), "shop 4f2a9c1 is live in production in part: app stays on app:9"),
    ],
)
def test_a_rollback_of_some_services_is_not_said_to_be_live(services: tuple[ServiceOutcome, ...], says: str) -> None:
    assert summary(replace(PLAN, staying={"app": cases.arn("app", 9)}), Result.RELEASED, services) == says
