"""The migration alone: what it needs, what is refused, and that no service is part of it."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.errors import Exit
from deploytool.release.model import Build, Migrate, ObservedState, Plan, Problem, PublishedImage
from deploytool.release.planner import NoMigration, ReleasePreconditionFailed, migration_plan, only_migration
from tests.unit.release import plan_cases as cases

SETTINGS = cases.settings(
    cases.service("app"),
    cases.service("worker", containers={"worker": "side"}),
    migrate=cases.migration(command=("npm", "run", "migrate")),
    images={"app": cases.image("app"), "side": cases.image("side")},
)
TASK = cases.definition("migrate")


def found(**more: Any) -> ObservedState:
    return cases.live(cases.found("app"), **{"migrate": TASK, **more})


def planned(live: ObservedState, **more: Any) -> Plan:
    settings = only_migration(cases.settings(cases.service("app"), migrate=cases.migration(), **more))
    return migration_plan(cases.REQUEST, settings, live, cases.REGISTRY)


def test_only_its_image_and_the_service_it_is_like_are_needed() -> None:
    needed = only_migration(SETTINGS)

    assert (list(needed.images), list(needed.services)) == (["app"], ["app"])


def test_nothing_is_built_when_the_image_is_there() -> None:
    plan = migration_plan(cases.REQUEST, only_migration(SETTINGS), found(), cases.REGISTRY)

    (step,) = plan.steps
    assert isinstance(step, Migrate)
    assert (step.task.command, step.task.network_from.name) == (("npm", "run", "migrate"), "app")
    assert (plan.changes, plan.only_migrates, plan.nothing_to_do) == ((), True, False)


def test_the_image_is_built_first_when_it_is_not_there() -> None:
    plan = planned(found(images={"app": None}))

    assert [type(step) for step in plan.steps] == [Build, Migrate]


@pytest.mark.parametrize("use", [only_migration, lambda it: migration_plan(cases.REQUEST, it, found(), "")])
def test_it_is_an_error_of_the_configuration_when_there_is_no_migration(use: Any) -> None:
    with pytest.raises(NoMigration) as refused:
        use(cases.settings(cases.service("app")))

    assert refused.value.exit_code is Exit.USAGE


@pytest.mark.parametrize(
    ("live", "more", "says"),
    [
        (found(problems=(Problem("no cluster", "make it"),)), {}, "no cluster"),
        (found(), {"account": "999999999999"}, "the credentials are of account 123456789012"),
        (found(migrate=cases.definition("migrate", "a", "b")), {}, "none is named to run the image"),
        (
            found(images={"app": PublishedImage(cases.DIGEST, ("linux/arm64",))}),
            {},
            "image app is built for linux/arm64, but migrate runs on linux/amd64",
        ),
        (found(migrate=None, problems=(Problem("no task", "register it"),)), {}, "no task"),
    ],
    ids=["what the look found", "another account", "container unclear", "another CPU", "no task definition"],
)
def test_it_is_refused_with_its_reason(live: ObservedState, more: dict[str, Any], says: str) -> None:
    with pytest.raises(ReleasePreconditionFailed, match=says):
        planned(live, **more)


def test_a_service_that_a_release_would_refuse_does_not_keep_it_from_running() -> None:
    live = cases.live(cases.found("app", controller="CODE_DEPLOY"), migrate=TASK)

    assert planned(live).only_migrates
