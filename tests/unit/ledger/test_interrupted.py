"""What a release that nobody closed left behind, judged from its record and one reading of ECS."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deploytool.ecs.model import Container, Deployment, ServiceState, Task
from deploytool.ledger.record import Kind, MigrationRecord, Record, ServiceRecord, StepRecord, StepState
from deploytool.ledger.recovery import (
    InterruptedRelease,
    classify_interrupted,
    last_that_moved,
    migration_end,
    rolling,
    stranded,
    took_every_step,
)
from deploytool.release.model import Commit, Result, StepName
from tests.unit.release import plan_cases as cases

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ON = {"before": 1, "after": 2, "foreign": 9}
WHOLE = ("migrate", "deploy", "verify")


def steps(*names: str, last: StepState = StepState.ENDED) -> tuple[StepRecord, ...]:
    states = [StepState.ENDED] * (len(names) - 1) + [last] * bool(names)
    return tuple(StepRecord(StepName(name), state, NOW) for name, state in zip(names, states, strict=True))


def record(*names: str, last: StepState = StepState.ENDED, after: bool = True) -> Record:
    return Record(
        release_id="r-1",
        kind=Kind.RELEASE,
        app="shop",
        environment="production",
        commit=Commit(cases.SHA),
        started_at=NOW,
        fencing_token=1,
        plan={"verify": [{"service": "app"}]},
        services={
            key: ServiceRecord(key, cases.arn(key), cases.arn(key, 2) if after else None) for key in ("app", "worker")
        },
        steps=steps(*names, last=last),
    )


def states(app: str, worker: str, *rolling: str) -> dict[str, ServiceState]:
    found = {}
    for key, where in (("app", app), ("worker", worker)):
        if where:
            arn, state = cases.arn(key, ON[where]), "IN_PROGRESS" if key in rolling else "COMPLETED"
            found[key] = cases.state(key, task_definition=arn,
                                     deployments=(Deployment("ecs-svc/7", "PRIMARY", arn, state),))  # fmt: skip
    return found


BOTH = ("app", "worker")


@pytest.mark.parametrize(
    ("left", "seen", "expected"),
    [
        (record("migrate", after=False), states("before", "before"), InterruptedRelease(False)),
        (record("migrate", "deploy", last=StepState.BEGAN), states("before", "before"), InterruptedRelease(False)),
        (
            record("migrate", "deploy", last=StepState.BEGAN),
            states("after", "before"),
            InterruptedRelease(False, to_revert=("app",)),
        ),
        (record("migrate", "deploy"), states("after", "after"), InterruptedRelease(False, to_revert=BOTH)),
        (
            record(*WHOLE, last=StepState.BEGAN),
            states("after", "after", "app"),
            InterruptedRelease(False, to_revert=BOTH),
        ),
        (record(*WHOLE, last=StepState.FAILED), states("after", "after"), InterruptedRelease(False, to_revert=BOTH)),
        (record(*WHOLE), states("after", "after"), InterruptedRelease(True)),
        (record(*WHOLE), states("after", "after", "worker"), InterruptedRelease(True, to_await=("worker",))),
        (record(*WHOLE), states("after", "before"), InterruptedRelease(False, to_revert=("app",))),
        (
            record("deploy", "roll back", last=StepState.BEGAN),
            states("after", "before", "worker"),
            InterruptedRelease(False, to_await=("worker",), to_revert=("app",)),
        ),
        (record("deploy", "roll back"), states("before", "before"), InterruptedRelease(False)),
        (
            record("deploy", last=StepState.BEGAN),
            states("foreign", "after", "app"),
            InterruptedRelease(False, to_revert=("worker",), foreign=("app",)),
        ),
        (
            record("deploy", last=StepState.BEGAN),
            states("before", ""),
            InterruptedRelease(False, foreign=("worker",)),
        ),
    ],
    ids=[
        "killed while it migrates",
        "killed before any update",
        "half rolled",
        "all rolled, not verified",
        "killed while it verifies",
        "verification failed",
        "killed after its last step",
        "last step over, one still rolling",
        "one went back by itself",
        "killed while going back",
        "killed when it was back",
        "another tool deployed since",
        "a service is gone",
    ],
)
def test_what_is_to_be_done_when_it_was(
    left: Record, seen: dict[str, ServiceState], expected: InterruptedRelease
) -> None:
    assert classify_interrupted(left, seen) == expected


def test_a_service_that_keeps_its_revision_is_no_business_of_it() -> None:
    same = {"app": ServiceRecord("app", cases.arn("app"), cases.arn("app"))}

    assert classify_interrupted(replace(record(*WHOLE), services=same), states("foreign", "")) == InterruptedRelease(
        False
    )


def test_a_service_without_a_primary_deployment_is_not_waited_for() -> None:
    empty = {key: replace(state, deployments=()) for key, state in states("before", "before").items()}

    assert classify_interrupted(record("deploy", last=StepState.BEGAN), empty) == InterruptedRelease(False)


@pytest.mark.parametrize(
    ("left", "taken"),
    [
        (record(), False),
        (record(*WHOLE), True),
        (record("deploy"), False),
        (record("migrate"), False),
        (record(*WHOLE, last=StepState.BEGAN), False),
        (record(*WHOLE, last=StepState.FAILED), False),
        (record(*WHOLE, "roll back"), False),
        (replace(record("deploy"), plan={}), True),
    ],
    ids=[
        "nothing",
        "all",
        "a verification is missing",
        "the rollout is missing",
        "began",
        "failed",
        "roll back",
        "without verification",
    ],
)
def test_every_step_was_taken_when(left: Record, taken: bool) -> None:
    assert took_every_step(left) is taken


def migrating(*codes: int | None, ran: bool = True, by: str = "r-1") -> tuple[Record, tuple[Task, ...]]:
    """The record of a migration alone that was killed, and the tasks that ECS knows, by their exit codes."""
    kept = replace(
        record(), kind=Kind.MIGRATE, services={}, migration=MigrationRecord(ran=ran),
        plan={"migrate": {"task": "shop-migrate", "container": "app"}},
    )  # fmt: skip
    tasks = (
        Task(
            str(code),
            "",
            "STOPPED",
            started_by=by,
            containers=(Container("side", exit_code=1), Container("app", exit_code=code)),
        )
        for code in codes
    )
    return kept, tuple(tasks)


@pytest.mark.parametrize(
    ("left", "result", "says"),
    [
        (migrating(0), Result.MIGRATED, "its task succeeded"),
        (migrating(1, 0), Result.MIGRATED, "its task succeeded"),
        (migrating(0, 3), Result.MIGRATION_FAILED, "container app of its task exited with code 3"),
        (migrating(None), Result.MIGRATION_FAILED, "container app of its task never started"),
        (migrating(0, by="r-0", ran=False), Result.CANCELLED, "its task was not started; nothing was changed"),
        (migrating(), Result.MIGRATION_FAILED, "ECS no longer knows how its task ended"),
    ],
    ids=["well", "well at last", "badly", "never started", "not begun", "forgotten"],
)
def test_a_migration_alone_ended_as_its_last_task_did(
    left: tuple[Record, tuple[Task, ...]], result: Result, says: str
) -> None:
    came, told = migration_end(*left)

    assert came is result
    assert says in told


def ended(result: Result, *, moved: bool = True, name: str = "r-1") -> Record:
    begun = record("deploy", "roll back")
    ids = {key: replace(each, deployment_id="ecs-svc/7" if moved else "") for key, each in begun.services.items()}
    return replace(begun, release_id=name, services=ids, result=result)


CANCELLED = ended(Result.CANCELLED)


@pytest.mark.parametrize(
    ("newest_first", "found"),
    [
        ((), None),
        ((CANCELLED,), CANCELLED),
        ((ended(Result.ROLLBACK_INCOMPLETE),), ended(Result.ROLLBACK_INCOMPLETE)),
        ((ended(Result.ROLLBACK_INCOMPLETE, moved=False),), ended(Result.ROLLBACK_INCOMPLETE, moved=False)),
        ((ended(Result.RELEASED, moved=False), CANCELLED), None),
        ((ended(Result.ROLLED_BACK), CANCELLED), None),
        ((ended(Result.CANCELLED, moved=False),), None),
        *(
            ((ended(result, moved=False, name="r-2"), CANCELLED), CANCELLED)
            for result in (
                Result.BUILD_FAILED, Result.MIGRATION_FAILED, Result.MIGRATED, Result.REFUSED, Result.CANCELLED,
            )
        ),
    ],
)  # fmt: skip
def test_the_last_release_that_moved_a_service_is_the_one_to_be_seen_back(
    newest_first: tuple[Record, ...], found: Record | None
) -> None:
    assert last_that_moved(newest_first) == found


def failed(where: str) -> dict[str, ServiceState]:
    arn = cases.arn("app", ON[where])
    return {
        "app": cases.state("app", task_definition=arn, deployments=(Deployment("ecs-svc/8", "PRIMARY", arn, "FAILED"),))
    }


@pytest.mark.parametrize(
    ("left", "seen", "expected"),
    [
        (CANCELLED, states("before", "before"), ()),
        (CANCELLED, states("after", "before"), ("app",)),
        (CANCELLED, states("after", "before", "app"), ()),
        (CANCELLED, states("foreign", "foreign"), ()),
        (CANCELLED, states("", "after"), ("worker",)),
        (CANCELLED, failed("before"), ("app",)),
        (CANCELLED, failed("foreign"), ()),
        (ended(Result.CANCELLED, moved=False), failed("before"), ()),
        (CANCELLED, {"app": cases.state("app", deployments=())}, ()),
    ],
    ids=[
        "all are back", "the new version runs", "it is on its way", "someone else deployed", "one service is gone",
        "the way back failed", "another deployment failed", "it had failed before", "there is no deployment",
    ],
)  # fmt: skip
def test_a_service_is_stranded_when_nothing_brings_it_back(
    left: Record, seen: dict[str, ServiceState], expected: tuple[str, ...]
) -> None:
    assert stranded(left, seen) == expected


def test_a_service_is_rolling_as_long_as_its_deployment_is_in_progress() -> None:
    assert rolling(states("before", "after", "worker")) == ("worker",)


def already(*names: str, migrates: bool = True, last: StepState = StepState.ENDED) -> Record:
    """A release of what every service ran already: none of them has a revision after it."""
    begun = record(*names, last=last, after=False)
    return replace(
        begun,
        plan={**begun.plan, "already_running": ["app", "worker"], "migrate": {} if not migrates else {"task": "m"}},
    )


@pytest.mark.parametrize(
    ("left", "seen", "complete"),
    [
        (already("migrate", "verify"), states("before", "before"), True),
        (already("verify", migrates=False), states("before", "before"), True),
        (already("verify"), states("before", "before"), False),
        (already("migrate"), states("before", "before"), False),
        (already("migrate", "verify", last=StepState.BEGAN), states("before", "before"), False),
        (already("migrate", "verify"), states("before", "foreign"), False),
        (already("migrate", "verify"), states("before", ""), False),
        (record("verify", after=False), states("before", "before"), False),
    ],
    ids=[
        "every step ended", "there is no migration", "the migration is missing", "the check is missing",
        "the check had begun", "one was deployed by other means", "one is gone", "it meant to move them",
    ],
)  # fmt: skip
def test_a_release_that_moves_nothing_is_complete_when_its_steps_are_and_its_version_runs(
    left: Record, seen: dict[str, ServiceState], complete: bool
) -> None:
    assert classify_interrupted(left, seen) == InterruptedRelease(complete)
