"""After a kill: the next run waits for what still runs, and brings every service to one version."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytool.errors import CloudError, Exit, NotFound
from deploytool.ledger.record import Kind, MigrationRecord, Record, ServiceRecord, StepRecord, StepState
from deploytool.ledger.recovery import recover, recover_finished
from deploytool.release.events import StepEnded, WarningIssued
from deploytool.release.model import Commit, Result, StepName
from deploytool.release.tasks import MigrationStillRuns
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.deployment import START
from tests.support.fake_ecs.ecs import revision
from tests.support.fake_ecs.faults import Fault, denied
from tests.support.fake_ecs.life import CRASHES, NEVER_READY, Life
from tests.unit.release import plan_cases as cases

KEYS = ("app", "worker")
MIGRATION = Life(starts_after=3.0, runs_for=20.0, exit_code=0)


@pytest.fixture
def cloud() -> Cloud:
    cloud = Cloud()
    for key in KEYS:
        cloud.ecs.add(key, desired=2)
    return cloud


def killed(*names: str, last: StepState = StepState.BEGAN) -> Record:
    """The record of a release that meant to bring both services from revision 1 to 2."""
    states = [StepState.ENDED] * (len(names) - 1) + [last]
    return Record(
        release_id="r-1",
        kind=Kind.RELEASE,
        app="shop",
        environment="production",
        commit=Commit(cases.SHA),
        started_at=START,
        fencing_token=1,
        services={key: ServiceRecord(key, revision(key, 1), revision(key, 2)) for key in KEYS},
        steps=tuple(StepRecord(StepName(name), state, START) for name, state in zip(names, states, strict=True)),
    )


def serving(cloud: Cloud) -> tuple[int, int]:
    cloud.clock.sleep(600.0)
    return cloud.running("app"), cloud.running("worker")


def test_changes_nothing_when_it_was_killed_before_the_migration(cloud: Cloud) -> None:
    end = recover(killed("build"), cloud.deps, 300.0)

    assert end.result is Result.ROLLED_BACK
    assert cloud.ecs.changed() == []
    assert dict(end.running) == {key: revision(key, 1) for key in KEYS}


def test_waits_for_the_migration_and_starts_no_second_one_when_it_was_killed_while_migrating(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [MIGRATION]
    cloud.ecs.migrations.run(revision("migrate", 1), "migrate", "r-1-1", "r-1")

    recover(killed("migrate"), cloud.deps, 300.0)

    assert cloud.clock.now >= 23.0
    assert cloud.ecs.changed() == []
    assert len([event for event in cloud.events if isinstance(event, WarningIssued)]) == 1


@pytest.mark.parametrize(("noted", "notes"), [(False, 1), (True, 0)], ids=["killed before it was noted", "noted"])
def test_the_ledger_learns_of_the_migration_that_the_dead_release_began(cloud: Cloud, noted: bool, notes: int) -> None:
    cloud.ecs.migrations.lives = [MIGRATION]
    cloud.ecs.migrations.run(revision("migrate", 1), "migrate", "r-1-1", "r-1")

    recover(replace(killed("migrate"), migration=MigrationRecord(ran=noted)), cloud.deps, 300.0)

    assert len([note for note in cloud.journal.notes if note[0] == "migration started"]) == notes


def test_a_migration_alone_is_closed_as_its_task_ended(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [MIGRATION]
    cloud.ecs.migrations.run(revision("migrate", 1), "migrate", "r-1-1", "r-1")
    plan = {"migrate": {"task": "migrate", "container": "migrate"}}

    end = recover(replace(killed("migrate"), kind=Kind.MIGRATE, services={}, plan=plan), cloud.deps, 300.0)

    assert (end.result, dict(end.running)) == (Result.MIGRATED, {})
    assert cloud.clock.now >= 23.0
    assert cloud.ecs.changed() == []


def test_is_refused_when_the_migration_does_not_end(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [replace(MIGRATION, runs_for=None)]
    cloud.ecs.migrations.run(revision("migrate", 1), "migrate", "r-1-1", "r-1")

    with pytest.raises(MigrationStillRuns) as refused:
        recover(killed("migrate"), cloud.deps, 60.0)

    assert refused.value.exit_code is Exit.PRECONDITION_FAILED
    assert "started by r-1" in refused.value.cause
    assert len(cloud.ecs.migrations.running()) == 1


@pytest.mark.parametrize("waited", [0.0, 3.0, 60.0], ids=["just begun", "rolling", "live"])
@pytest.mark.parametrize("moved", [("app",), ("worker",), KEYS], ids=" and ".join)
def test_puts_back_what_moved_when_it_was_killed_before_its_end(
    cloud: Cloud, moved: tuple[str, ...], waited: float
) -> None:
    for key in moved:
        cloud.ecs.members[key].move_to(revision(key, 2))
    cloud.clock.sleep(waited)

    end = recover(killed("deploy", "verify"), cloud.deps, 300.0)

    assert end.result is Result.ROLLED_BACK
    assert {key: cloud.running(key) for key in KEYS} == {"app": 1, "worker": 1}
    assert len(cloud.ecs.made("UpdateService")) == len(moved)


def test_leaves_the_new_version_when_it_was_killed_after_its_last_step(cloud: Cloud) -> None:
    for key in KEYS:
        cloud.ecs.members[key].move_to(revision(key, 2))
    cloud.clock.sleep(60.0)

    end = recover(killed("deploy", last=StepState.ENDED), cloud.deps, 300.0)

    assert (end.result, "it is live" in end.summary) == (Result.RELEASED, True)
    assert cloud.ecs.changed() == []


def test_waits_for_the_way_back_that_ecs_is_on_when_it_was_killed_while_going_back(cloud: Cloud) -> None:
    for key in KEYS:
        cloud.ecs.members[key].move_to(revision(key, 2))
    cloud.clock.sleep(3.0)
    cloud.ecs.members["app"].move_to(revision("app", 1))

    end = recover(killed("deploy", "roll back"), cloud.deps, 300.0)

    assert end.result is Result.ROLLED_BACK
    assert [call.about for call in cloud.ecs.made("UpdateService")] == ["worker"]
    assert {key: cloud.running(key) for key in KEYS} == {"app": 1, "worker": 1}


def test_leaves_the_service_alone_and_names_it_when_somebody_else_deployed_it_since(cloud: Cloud) -> None:
    cloud.ecs.members["app"].move_to(revision("app", 99))
    cloud.ecs.members["worker"].move_to(revision("worker", 2))

    end = recover(killed("deploy"), cloud.deps, 300.0)

    assert end.result is Result.ROLLED_BACK
    assert "app is running app:99, deployed by another tool" in end.summary
    assert "all other services were rolled back" in end.summary
    assert serving(cloud) == (99, 1)


def test_says_that_a_service_did_not_settle_when_the_version_before_crashes(cloud: Cloud) -> None:
    cloud.ecs.members["app"].move_to(revision("app", 2))
    cloud.clock.sleep(60.0)
    cloud.ecs.lives[revision("app", 1)] = CRASHES

    end = recover(killed("deploy"), cloud.deps, 300.0)

    assert end.result is Result.ROLLBACK_INCOMPLETE
    assert "ROLLBACK INCOMPLETE: app did not reach a steady state" in end.summary
    assert [event.succeeded for event in cloud.events if isinstance(event, StepEnded)] == [False]


def test_raises_and_says_nothing_of_an_end_when_a_service_may_not_be_put_back(cloud: Cloud) -> None:
    for key in KEYS:
        cloud.ecs.members[key].move_to(revision(key, 2))
    cloud.ecs.faults.append(Fault("UpdateService", denied("UpdateService"), "app"))

    with pytest.raises(CloudError):
        recover(killed("deploy"), cloud.deps, 300.0)

    assert serving(cloud) == (2, 1)


def ended(result: Result = Result.CANCELLED, **moved: str) -> Record:
    """The record of a release that wrote its end while its services were on their way back."""
    begun = killed("deploy", "roll back")
    services = {key: replace(each, deployment_id=moved.get(key, "")) for key, each in begun.services.items()}
    return replace(begun, services=services, result=result, ended_at=START)


def reverting(cloud: Cloud) -> None:
    """Both services were moved, and are sent back now."""
    for number in (2, 1):
        for key in KEYS:
            cloud.ecs.members[key].move_to(revision(key, number))
        cloud.clock.sleep(3.0)


def test_nothing_is_to_be_settled_when_the_services_of_a_cancelled_release_are_back(cloud: Cloud) -> None:
    reverting(cloud)
    cloud.clock.sleep(600.0)

    assert recover_finished(ended(app="ecs-svc/1", worker="ecs-svc/1"), cloud.deps, 300.0) is None
    assert cloud.events == []


def test_waits_until_they_are_back_when_a_cancelled_release_has_services_on_their_way(cloud: Cloud) -> None:
    reverting(cloud)

    end = recover_finished(ended(), cloud.deps, 300.0)

    assert end is not None
    assert (end.result, end.succeeded) == (Result.ROLLED_BACK, True)
    assert "release r-1 (4f2a9c1) was cancelled; all services were rolled back" in end.summary
    assert {key: cloud.running(key) for key in KEYS} == {"app": 1, "worker": 1}


@pytest.mark.parametrize(
    ("result", "how"), [(Result.CANCELLED, "was cancelled"), (Result.ROLLBACK_INCOMPLETE, "failed")], ids=str
)
def test_says_each_time_that_a_service_did_not_settle_when_ecs_goes_on_and_on(
    cloud: Cloud, result: Result, how: str
) -> None:
    cloud.ecs.lives[revision("app", 1)] = NEVER_READY
    reverting(cloud)

    for _ in range(2):
        end = recover_finished(ended(result), cloud.deps, 30.0)
        assert end is not None
        assert (end.result, end.succeeded) == (Result.ROLLBACK_INCOMPLETE, False)
        assert f"release r-1 (4f2a9c1) {how}; ROLLBACK INCOMPLETE: app did not reach a steady state" in end.summary


def test_names_the_service_and_waits_for_nothing_when_the_cancelled_version_runs_still(cloud: Cloud) -> None:
    cloud.ecs.members["app"].move_to(revision("app", 2))
    cloud.clock.sleep(600.0)
    before = cloud.clock.now

    end = recover_finished(ended(app="ecs-svc/1"), cloud.deps, 300.0)

    assert end is not None
    assert (end.result, "ROLLBACK INCOMPLETE: app did not reach a steady state" in end.summary) == (
        Result.ROLLBACK_INCOMPLETE,
        True,
    )
    assert (cloud.clock.now, cloud.ecs.changed()) == (before, [])
    assert [event.succeeded for event in cloud.events if isinstance(event, StepEnded)] == [False]


def test_nothing_was_moved_when_a_killed_release_found_every_service_running_its_version(cloud: Cloud) -> None:
    left = replace(killed("migrate"), plan={"already_running": list(KEYS)})

    end = recover(
        replace(left, services={key: ServiceRecord(key, revision(key, 1)) for key in KEYS}), cloud.deps, 300.0
    )

    assert (end.result, "it updated no service" in end.summary) == (Result.ROLLED_BACK, True)
    assert cloud.ecs.changed() == []


def test_nothing_is_recovered_when_another_cluster_is_configured_that_does_not_exist(cloud: Cloud) -> None:
    cloud.ecs.faults.append(Fault("DescribeServices", NotFound("there is no cluster shop", "")))

    assert recover_finished(ended(app="ecs-svc/1"), cloud.deps, 300.0) is None
