"""A release that goes well: which calls it makes, in which order, and what it tells."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from deploytool.ecs.deployment_status import NEAR
from deploytool.errors import Exit
from deploytool.release.events import Ended, OutputLine, Planned, StepBegan, StepEnded
from deploytool.release.model import Result
from deploytool.release.planner import plan
from tests.support.fake_account import Cloud
from tests.unit.release import plan_cases as cases


@pytest.fixture
def cloud() -> Cloud:
    cloud = Cloud()
    cloud.ecs.add("app", desired=2)
    cloud.ecs.add("worker")
    return cloud


APP, WORKER = cases.service("app", verify=cases.verification()), cases.service("worker")


def test_registers_then_migrates_then_updates_each_service_once_when_all_goes_well(cloud: Cloud) -> None:
    outcome = cloud.release(cloud.plan(APP, WORKER, migrate=cases.migration()))

    assert outcome.result is Result.RELEASED
    assert [(call.operation, call.about) for call in cloud.ecs.changed()] == [
        ("RegisterTaskDefinition", "migrate"),
        ("RegisterTaskDefinition", "app"),
        ("RegisterTaskDefinition", "worker"),
        ("RunTask", f"{cases.REQUEST.release_id}-1"),
        ("UpdateService", "app"),
        ("UpdateService", "worker"),
    ]
    assert (cloud.running("app"), cloud.running("worker")) == (3, 4)


def test_updates_services_only_after_the_migration_has_stopped(cloud: Cloud) -> None:
    cloud.release(cloud.plan(APP, WORKER, migrate=cases.migration()))

    assert cloud.ecs.made("UpdateService")[0].at >= 3.0 + 5.0


def test_tells_each_step_in_order_and_the_outcome_last(cloud: Cloud) -> None:
    outcome = cloud.release(cloud.plan(APP, WORKER, migrate=cases.migration(), published={"app": None}))

    steps = [(type(e).__name__, e.step) for e in cloud.events if isinstance(e, (StepBegan, StepEnded))]
    assert steps == [
        (kind, step) for step in ("build", "migrate", "deploy", "verify") for kind in ("StepBegan", "StepEnded")
    ]
    assert isinstance(cloud.events[0], Planned)
    assert cloud.events[-1] == Ended(outcome)
    assert all(event.succeeded for event in cloud.events if isinstance(event, StepEnded))
    assert [timing.step for timing in outcome.timings] == ["build", "migrate", "deploy", "verify"]


def test_runs_by_the_digest_that_the_build_pushed_when_the_image_was_not_there(cloud: Cloud) -> None:
    outcome = cloud.release(cloud.plan(APP, WORKER, published={"app": None}))

    assert cloud.builder.built == ["app"]
    (digest,) = [digest for name, digest in outcome.digests if name == "app"]
    images = {part["image"] for task in cloud.ecs.registered.values() for part in task["containerDefinitions"]}
    assert images == {f"registry.test/shop@{digest}"}


def test_builds_nothing_when_the_image_is_there(cloud: Cloud) -> None:
    cloud.release(cloud.plan(APP, WORKER))

    assert (cloud.builder.built, cloud.builder.gated) == ([], ["app"])


def test_tags_every_revision_with_release_and_commit(cloud: Cloud) -> None:
    cloud.release(cloud.plan(APP, WORKER))

    for task in cloud.ecs.registered.values():
        assert task["tags"]["deploytool:release"] == cases.REQUEST.release_id
        assert task["tags"]["deploytool:commit"] == cases.SHA


def test_follows_the_output_of_the_migration(cloud: Cloud) -> None:
    cloud.logs.lines["/ecs/migrate"] = ("applying 0001", "done")

    cloud.release(cloud.plan(APP, WORKER, migrate=cases.migration()))

    assert [e.line for e in cloud.events if isinstance(e, OutputLine) and e.source == "migrate"][1:] == [
        "applying 0001",
        "done",
    ]


def test_rolls_the_second_stage_out_only_after_the_first_is_live(cloud: Cloud) -> None:
    outcome = cloud.release(cloud.plan(cases.service("app", "worker"), WORKER))

    assert outcome.succeeded
    first, second = cloud.ecs.made("UpdateService")
    assert (first.about, second.about) == ("worker", "app")
    assert second.at >= first.at + 5.0


def test_changes_nothing_when_there_is_nothing_to_do(cloud: Cloud) -> None:
    running = cases.DIGEST
    wanted = cases.found("app", cases.definition("app", image=f"registry.test/shop@{running}"))
    wanted = replace(wanted, tags={"deploytool:commit": cases.SHA})
    nothing = plan(cases.REQUEST, cases.settings(cases.service("app")), cases.live(wanted), cases.REGISTRY)
    outcome = cloud.release(nothing)

    assert (outcome.result, outcome.exit_code) == (Result.NOTHING_TO_DO, Exit.OK)
    assert cloud.ecs.calls == []
    assert [type(event) for event in cloud.events] == [Planned, Ended]


def test_asks_once_per_tick_for_ten_services_together(cloud: Cloud) -> None:
    names = [f"s{number}" for number in range(10)]
    for name in names:
        cloud.ecs.add(name)

    outcome = cloud.release(cloud.plan(*(cases.service(name) for name in names)))

    looks = [call.at for call in cloud.ecs.made("DescribeServices")]
    assert outcome.succeeded
    last_look_before_the_update, *ticks = looks
    assert last_look_before_the_update == ticks[0]
    assert len(ticks) == len(set(ticks))
    assert all(later - earlier >= NEAR * cloud.clock.pace() for earlier, later in itertools.pairwise(ticks))
    assert len(cloud.ecs.made("UpdateService")) == 10


@pytest.mark.parametrize("stale", [1, 3, 6])
def test_is_not_misled_when_readings_lag_behind_the_update(cloud: Cloud, stale: int) -> None:
    cloud.ecs.stale = stale

    assert cloud.release(cloud.plan(APP, WORKER)).result is Result.RELEASED


@pytest.mark.parametrize("details", [False, True], ids=["without service deployments", "with service deployments"])
def test_is_live_when_ecs_says_so_either_way(cloud: Cloud, details: bool) -> None:
    cloud.ecs.details = details

    assert cloud.release(cloud.plan(APP, WORKER)).succeeded


def test_waits_out_the_bake_time_when_no_alarm_rings(cloud: Cloud) -> None:
    app = cases.service("app", verify=cases.verification(bake=120, alarms=("errors",)))

    outcome = cloud.release(cloud.plan(app))

    assert outcome.succeeded
    assert outcome.timings[-1].seconds == pytest.approx(120)


def test_is_live_when_the_service_wants_no_tasks() -> None:
    cloud = Cloud()
    cloud.ecs.add("worker", desired=0)

    outcome = cloud.release(cloud.plan(WORKER))

    assert outcome.succeeded
    assert "desired count is 0" in outcome.services[0].status.detail


def test_waits_out_the_bake_time_when_there_is_no_alarm_to_watch(cloud: Cloud) -> None:
    outcome = cloud.release(cloud.plan(cases.service("app", verify=cases.verification(url=None, bake=90))))

    assert (outcome.succeeded, cloud.web.asked) == (True, [])
    assert outcome.timings[-1].seconds == pytest.approx(90)
