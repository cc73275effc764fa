"""The model does what AWS documents; without this the engine's tests would mean nothing."""

from __future__ import annotations

from datetime import UTC

import pytest

from deploytool.ecs.model import RunTaskFailure, ServiceState, Task
from deploytool.errors import CloudUnreachable
from deploytool.release.model import Migrate
from deploytool.release.ports import Cancelled
from tests.support.fake_ecs.clock import VirtualClock
from tests.support.fake_ecs.deployment import moment
from tests.support.fake_ecs.ecs import EcsModel, revision
from tests.support.fake_ecs.faults import Fault, unanswered
from tests.support.fake_ecs.life import CRASHES, NO_IMAGE, Life

NEW = revision("app", 2)


def cluster(life: Life | None = None, **how: object) -> EcsModel:
    ecs = EcsModel(VirtualClock())
    ecs.add("app", **{"desired": 2, **how})
    if life:
        ecs.lives[NEW] = life
    return ecs


def seen(ecs: EcsModel) -> ServiceState:
    return ecs.services(["app"])["app"]


def shown(ecs: EcsModel) -> list[tuple[str, str, str | None]]:
    return [
        (each.task_definition.rsplit(":", 1)[-1], each.status, each.rollout_state) for each in seen(ecs).deployments
    ]


def test_an_update_makes_a_new_primary_and_the_old_one_drains_only_when_the_new_one_runs() -> None:
    ecs = cluster()
    ecs.update_service(seen(ecs), NEW)

    ecs.clock.sleep(4.0)
    assert shown(ecs) == [("2", "PRIMARY", "IN_PROGRESS"), ("1", "ACTIVE", "COMPLETED")]
    assert (seen(ecs).running, seen(ecs).pending) == (2, 2)
    ecs.clock.sleep(60.0)
    assert shown(ecs) == [("2", "PRIMARY", "COMPLETED")]


def test_an_update_to_what_is_there_begins_nothing() -> None:
    ecs = cluster()
    before = seen(ecs)

    rollout = ecs.update_service(before, before.task_definition)

    assert before.primary is not None
    assert rollout.deployment_id == before.primary.id
    assert seen(ecs) == before


@pytest.mark.parametrize("life", [CRASHES, NO_IMAGE], ids=["crash", "no image"])
def test_the_old_deployment_is_primary_again_under_its_id_when_the_breaker_trips_at_three_failures(life: Life) -> None:
    ecs = cluster(life, desired=1)
    first = seen(ecs).deployments[0].id
    rollout = ecs.update_service(seen(ecs), NEW)

    ecs.clock.sleep(11.5)
    assert shown(ecs) == [("1", "PRIMARY", "IN_PROGRESS"), ("2", "ACTIVE", "FAILED")]
    assert len(ecs.failed_tasks(rollout)) == 3
    assert [each.id for each in seen(ecs).deployments] == [first, rollout.deployment_id]
    assert seen(ecs).deployments[0].rollout_state_reason.endswith(f"rolling back to deploymentId {first}.")
    ecs.clock.sleep(60.0)
    assert shown(ecs) == [("1", "PRIMARY", "COMPLETED")]
    assert seen(ecs).deployments[0].id == first
    assert [event.message.split(") ", 1)[1] for event in seen(ecs).events] == [
        "has reached a steady state.",
        f"(deployment {first}) deployment completed.",
        f"rolling back to deployment {first}.",
        f"(deployment {rollout.deployment_id}) deployment failed: tasks failed to start.",
    ]


def test_ecs_returns_past_a_deployment_that_never_completed() -> None:
    ecs = cluster()
    first = seen(ecs).deployments[0].id
    ecs.update_service(seen(ecs), NEW)
    ecs.clock.sleep(3.0)
    ecs.lives[revision("app", 3)] = CRASHES
    ecs.update_service(seen(ecs), revision("app", 3))

    ecs.clock.sleep(90.0)
    assert shown(ecs) == [("1", "PRIMARY", "COMPLETED")]
    assert seen(ecs).deployments[0].id == first


def test_only_the_list_of_deployments_tells_of_a_rollback_when_ecs_is_quiet() -> None:
    ecs = cluster(CRASHES, quiet=True)
    ecs.update_service(seen(ecs), NEW)

    ecs.clock.sleep(11.5)
    assert shown(ecs)[0] == ("1", "PRIMARY", "IN_PROGRESS")
    assert [each.rollout_state_reason for each in seen(ecs).deployments] == ["", ""]
    assert seen(ecs).events == ()


def test_a_deployments_own_count_begins_at_0_when_the_service_wants_two() -> None:
    ecs = cluster()
    ecs.update_service(seen(ecs), NEW)

    assert [each.desired for each in seen(ecs).deployments] == [0, 2]
    ecs.clock.sleep(1.0)
    assert [each.desired for each in seen(ecs).deployments] == [2, 2]


def test_ministack_keeps_the_failed_deployment_listed() -> None:
    ecs = cluster(CRASHES, ministack=True)
    first = seen(ecs).deployments[0].id
    ecs.update_service(seen(ecs), NEW)

    ecs.clock.sleep(90.0)
    assert shown(ecs) == [("1", "PRIMARY", "COMPLETED"), ("2", "ACTIVE", "FAILED")]
    assert seen(ecs).deployments[0].id == first


def test_a_breaker_without_rollback_leaves_the_failed_deployment_in_place() -> None:
    ecs = cluster(CRASHES, rollback=False)
    ecs.update_service(seen(ecs), NEW)

    ecs.clock.sleep(90.0)
    assert shown(ecs) == [("2", "PRIMARY", "FAILED"), ("1", "ACTIVE", "COMPLETED")]


@pytest.mark.parametrize("how", [{"breaker": False}, {"lenient": True}], ids=["no breaker", "counts no crash"])
def test_it_never_settles_when_nothing_counts_the_crashes(how: dict[str, object]) -> None:
    ecs = cluster(CRASHES, **how)
    ecs.update_service(seen(ecs), NEW)

    ecs.clock.sleep(900.0)
    assert shown(ecs) == [("2", "PRIMARY", "IN_PROGRESS"), ("1", "ACTIVE", "COMPLETED")]


@pytest.mark.parametrize(("desired", "threshold"), [(1, 3), (6, 3), (7, 4), (20, 10), (1000, 200)])
def test_the_threshold_is_half_the_desired_count_between_3_and_200(desired: int, threshold: int) -> None:
    assert cluster(desired=desired).members["app"].threshold() == threshold


def test_a_newer_update_takes_over_and_the_older_deployment_launches_nothing_more() -> None:
    ecs = cluster(CRASHES)
    ecs.update_service(seen(ecs), NEW)
    ecs.clock.sleep(3.0)
    ecs.update_service(seen(ecs), revision("app", 3))

    failures = len(ecs.members["app"].stopped)
    ecs.clock.sleep(90.0)
    assert shown(ecs) == [("3", "PRIMARY", "COMPLETED")]
    assert len(ecs.members["app"].stopped) == failures


def test_readings_lag_as_long_as_asked() -> None:
    ecs = cluster()
    ecs.stale = 2
    ecs.update_service(seen(ecs), NEW)

    assert [len(shown(ecs)) for _ in range(3)] == [1, 1, 2]


def test_service_deployments_tell_of_the_rollback() -> None:
    ecs = cluster(CRASHES)
    ecs.details = True
    rollout = ecs.update_service(seen(ecs), NEW)

    told = []
    for _ in range(40):
        told.append(ecs.service_deployments([rollout])["app"].status)
        ecs.clock.sleep(1.0)
    assert list(dict.fromkeys(told)) == ["IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"]


def test_stopping_a_service_deployment_rolls_back_and_does_nothing_once_it_is_over() -> None:
    ecs = cluster()
    ecs.details = True
    rollout = ecs.update_service(seen(ecs), NEW)

    assert ecs.stop_rollout(rollout)
    ecs.clock.sleep(60.0)
    assert shown(ecs) == [("1", "PRIMARY", "COMPLETED")]
    assert not ecs.stop_rollout(rollout)


def test_a_lost_answer_raises_and_has_its_effect_and_another_error_has_none() -> None:
    ecs = cluster()
    before = seen(ecs)
    ecs.faults = [Fault("UpdateService", unanswered("UpdateService"), last=1)]
    with pytest.raises(CloudUnreachable):
        ecs.update_service(before, NEW)
    assert seen(ecs) == before

    ecs.faults = [Fault("UpdateService", unanswered("UpdateService"), lost=True)]
    with pytest.raises(CloudUnreachable):
        ecs.update_service(before, NEW)
    assert seen(ecs) != before


def run_task(ecs: EcsModel, token: str) -> Task | RunTaskFailure:
    step = Migrate("migrate", {}, "migrate", "app", None, seen(ecs), 300.0)
    return ecs.run_task(step.task, revision("migrate", 1), token, {})


def test_the_same_token_is_the_same_task_and_a_failure_is_no_task() -> None:
    ecs = cluster()
    ecs.migrations.lives = ["RESOURCE:MEMORY", Life(starts_after=1.0, runs_for=2.0, exit_code=7)]

    assert run_task(ecs, "a") == RunTaskFailure("RESOURCE:MEMORY")
    first, again = run_task(ecs, "b"), run_task(ecs, "b")
    assert isinstance(first, Task)
    assert first == again
    ecs.clock.sleep(3.0)
    ended = ecs.task(first.arn)
    assert ended is not None
    assert (ended.last_status, ended.containers[0].exit_code) == ("STOPPED", 7)


def test_waiting_raises_once_when_it_was_cancelled_and_what_was_due_happened() -> None:
    clock, happened = VirtualClock(), []
    clock.at(2.0, lambda: happened.append(clock.now))
    clock.cancel_at = 3.0

    with pytest.raises(Cancelled):
        clock.sleep(10.0)
    clock.sleep(1.0)
    assert (happened, clock.now) == ([2.0], 4.0)
    assert moment(clock.now).tzinfo is UTC
