"""The plan that goes back: which services move to which revision, what is checked, why not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytool.ecs.model import Deployment
from deploytool.ledger.record import Kind, Record
from deploytool.ledger.rollback_target import (
    NotCurrentRelease,
    require_version,
    restores_whole_release,
    rollback_plan,
)
from deploytool.release.model import DeployServices, ObservedService, ObservedState, Plan, Problem, Steady, Verify
from deploytool.release.planner import ReleasePreconditionFailed
from tests.unit.ledger.rollback_cases import R1, made, newest_first
from tests.unit.release.plan_cases import REQUEST, arn, definition, found, live, service, settings, verification

OLD = {key: {**definition(key, image="registry.test/shop@sha256:" + "0" * 64)} for key in ("app", "worker")}
GOAL = replace(R1, running={"app": arn("app", 7), "worker": arn("worker", 3)})
LIVE = live(found("app", host="shop.test"), found("worker"))
SETTINGS = settings(service("app", verify=verification(), timeout=90), service("worker", timeout=300))


def back(
    only: tuple[str, ...] = (),
    goal: Record = GOAL,
    live_now: ObservedState = LIVE,
    records: tuple[Record, ...] = (GOAL,),
    revisions: dict[str, dict[str, object]] = OLD,
) -> Plan:
    return rollback_plan(REQUEST, SETTINGS, live_now, goal, revisions, records, only)


def test_every_service_goes_to_the_revision_that_served_then() -> None:
    plan = back()
    rollout, verify = plan.steps
    assert isinstance(rollout, DeployServices)
    assert isinstance(verify, Verify)
    assert [(change.key, change.previous_revision, change.revision) for change in rollout.services] == [
        ("app", arn("app"), arn("app", 7)),
        ("worker", arn("worker"), arn("worker", 3)),
    ]
    assert rollout.timeout == 300
    assert verify.url == "https://shop.test/health"
    assert (plan.images, plan.warnings) == ({}, ())
    assert all(change.diff and not change.unchanged for change in rollout.services)


def test_only_the_services_that_are_named_go_back() -> None:
    (rollout,) = back(only=("worker",)).steps
    assert isinstance(rollout, DeployServices)
    assert [change.key for change in rollout.services] == ["worker"]


@pytest.mark.parametrize(
    "app",
    [
        found("app", definition("app", status="INACTIVE")),
        found("app", controller="CODE_DEPLOY"),
        found("app", deployments=(Deployment("ecs-svc/2", "PRIMARY", arn("app"), "IN_PROGRESS"),)),
    ],
    ids=["runs an INACTIVE revision", "is not deployed by ECS", "is rolling"],
)
def test_what_is_wrong_with_a_service_that_stays_refuses_nothing(app: ObservedService) -> None:
    there = live(app, found("worker"))
    gone = {"worker": OLD["worker"]}
    (rollout,) = back(only=("worker",), live_now=there, revisions=gone).steps
    assert isinstance(rollout, DeployServices)
    with pytest.raises(ReleasePreconditionFailed):
        back(live_now=there, revisions=gone)


def test_a_service_that_stays_is_not_warned_of() -> None:
    there = live(found("app", circuit_breaker=False), found("worker"))
    assert back(only=("worker",), live_now=there).warnings == ()
    assert "service app has no deployment circuit breaker" in back(live_now=there).warnings[0]


def test_a_service_that_serves_the_revision_already_stays() -> None:
    (rollout,) = back(goal=replace(GOAL, running={"app": arn("app"), "worker": arn("worker", 3)})).steps
    assert isinstance(rollout, DeployServices)
    assert [change.key for change in rollout.services] == ["worker"]


HERE = replace(GOAL, running={"app": arn("app"), "worker": arn("worker")})
LATER = replace(made("r2", "r1"), running={"app": arn("app", 9), "worker": arn("worker", 9)})
ONLY_WORKER = replace(made("r3", "r1"), kind=Kind.ROLLBACK, running={"app": arn("app", 9), "worker": arn("worker")})


def test_there_is_nothing_to_do_when_every_service_runs_it_and_the_ledger_says_so() -> None:
    assert back(goal=HERE, records=(HERE,)).nothing_to_do
    assert back(goal=HERE, records=newest_first(HERE, LATER, made("r3", "r2", "r1"))).nothing_to_do


@pytest.mark.parametrize(
    ("only", "records"),
    [((), (LATER, HERE)), ((), ()), (("app", "worker"), (LATER, HERE)), (("worker",), (LATER, HERE))],
    ids=["another release is live in the ledger", "none is", "all are named", "one is named"],
)
def test_only_checks_and_the_record_are_due_when_every_service_runs_it_and_the_ledger_says_otherwise(
    only: tuple[str, ...], records: tuple[Record, ...]
) -> None:
    plan = back(only=only, goal=HERE, records=records)

    assert [type(step) for step in plan.steps] == ([] if only == ("worker",) else [Verify])
    assert [change.key for change in plan.already_running] == list(only or ("app", "worker"))
    assert (plan.nothing_to_do, plan.changes) == (False, ())


def test_there_is_nothing_to_do_when_one_service_is_named_and_the_ledger_has_it_there() -> None:
    there = live(found("app", task_definition=arn("app", 9)), found("worker"))

    assert back(only=("worker",), live_now=there, goal=HERE, records=(ONLY_WORKER, LATER, HERE)).nothing_to_do


def test_it_is_refused_when_the_deployment_of_that_version_failed() -> None:
    failed = found("app", deployments=(Deployment("ecs-svc/2", "PRIMARY", arn("app"), "FAILED"),))

    with pytest.raises(ReleasePreconditionFailed, match="its deployment failed"):
        back(goal=HERE, live_now=live(failed, found("worker")), records=(HERE,))


def test_migrations_that_ran_since_are_told() -> None:
    records = newest_first(GOAL, made("r2", migrated=True), made("r3"), made("r4", migrated=True))
    (warning,) = back(records=records).warnings
    assert warning.startswith("migrations since release r1 (4444444, 2222222) are not reverted")


def test_the_migration_of_the_release_itself_is_no_reason_to_warn() -> None:
    goal = replace(made("r1", migrated=True), running=GOAL.running)
    assert back(goal=goal, records=(goal,)).warnings == ()


@pytest.mark.parametrize(
    ("only", "there", "whole"),
    [((), "app", True), (("worker",), "app", False), (("worker", "app"), "app", True), (("worker",), "worker", True)],
)
def test_only_all_services_together_bring_a_release_back(only: tuple[str, ...], there: str, whole: bool) -> None:
    goal = GOAL if there == "app" else replace(GOAL, running={"app": arn("app"), "worker": arn("worker", 3)})
    assert restores_whole_release(goal, back(only=only, goal=goal), LIVE.services) is whole


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"revisions": {"app": OLD["app"]}}, "worker:3, which worker ran under release r1, is INACTIVE"),
        (
            {"revisions": {**OLD, "worker": {**OLD["worker"], "status": "INACTIVE"}}},
            "worker:3, which worker ran under release r1, is INACTIVE",
        ),
        ({"goal": replace(GOAL, running={"app": arn("app", 7)})}, "release r1 has no revision of worker"),
        ({"live_now": replace(LIVE, problems=(Problem("no such cluster", "make it"),))}, "no such cluster"),
        ({"live_now": live(found("app"), found("worker", status="DRAINING"))}, "service worker is DRAINING"),
    ],
)
def test_it_is_refused_before_any_change(change: dict[str, object], why: str) -> None:
    with pytest.raises(ReleasePreconditionFailed, match=why):
        back(**change)  # type: ignore[arg-type]  # one of the keyword arguments above, by name


def test_every_reason_is_told_at_once() -> None:
    with pytest.raises(ReleasePreconditionFailed) as refused:
        back(revisions={})
    assert len(refused.value.problems) == 2


def test_what_is_not_asked_for_cannot_refuse() -> None:
    assert back(only=("app",), revisions={"app": OLD["app"]}).steps


@pytest.mark.parametrize("expected", ["", R1.release_id, R1.commit.sha, R1.commit.sha[:7].upper()])
def test_a_version_is_promoted_when_it_is_the_approved_one(expected: str) -> None:
    require_version(R1, expected)


@pytest.mark.parametrize("expected", ["r-0", R1.release_id[:-1], R1.commit.sha[:6], "b" * 40])
def test_a_version_is_not_promoted_when_another_was_approved(expected: str) -> None:
    with pytest.raises(NotCurrentRelease, match=f"{expected} is not live in {R1.environment}") as refused:
        require_version(R1, expected)
    assert R1.release_id in refused.value.cause


@pytest.mark.parametrize("url", ["https://shop.test/health", None])
def test_the_users_own_check_is_not_run_by_a_rollback(url: str | None) -> None:
    verify = verification(url=url, command=("npm", "test"))
    configured = settings(service("app", verify=verify, timeout=90), service("worker", timeout=300))
    plan = rollback_plan(REQUEST, configured, LIVE, GOAL, OLD, (GOAL,))
    assert [step.command for step in plan.steps if isinstance(step, Verify)] == ([()] if url else [])


def test_a_rollback_waits_until_its_tasks_are_steady_but_runs_no_command_of_the_users() -> None:
    checked = settings(
        service("app", verify=verification(command=("sh", "smoke.sh")), steady=15), service("worker", steady=15)
    )
    steps = rollback_plan(REQUEST, checked, LIVE, GOAL, OLD, (GOAL,)).steps
    assert [type(step) for step in steps] == [DeployServices, Verify, Steady]
    assert all(step.command == () for step in steps if isinstance(step, Verify))
