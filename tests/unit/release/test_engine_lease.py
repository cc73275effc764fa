"""The lock and the ledger while a release runs: asked before each change, noted before it, and what follows if not."""

from __future__ import annotations

import pytest

from deploytool.errors import Exit, LeaseLost, SupersededBy
from deploytool.release.events import StepBegan, WarningIssued
from deploytool.release.model import HttpResponse, NoResponse, Outcome, Result, StepName
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.ecs import revision
from tests.support.fake_ecs.faults import Fault, denied, unanswered
from tests.support.fake_ecs.life import CRASHES, Life
from tests.unit.release import plan_cases as cases

APP, WORKER = cases.service("app", verify=cases.verification()), cases.service("worker")
LOST = LeaseLost("r-1", "r-2")
NEWER = SupersededBy("r-1", "r-2")
DOWN = unanswered("PutItem")
SLOW = Life(starts_after=3.0, runs_for=30.0, exit_code=0)


@pytest.fixture
def cloud() -> Cloud:
    cloud = Cloud()
    cloud.ecs.add("app", desired=2)
    cloud.ecs.add("worker")
    return cloud


def release(cloud: Cloud, **more: object) -> Outcome:
    return cloud.release(cloud.plan(APP, WORKER, migrate=cases.migration(), **more))


def serving(cloud: Cloud) -> tuple[int, int]:
    cloud.clock.sleep(600.0)
    return cloud.running("app"), cloud.running("worker")


def changes_by_check(cloud: Cloud) -> list[tuple[int, str]]:
    """Each change with the number of checks made before it."""
    seen: list[tuple[int, str]] = []
    cloud.ecs.changing = lambda operation, about, arn: seen.append((cloud.lease.checks, operation))
    release(cloud)
    return seen


def test_the_lease_is_asked_before_each_kind_of_change(cloud: Cloud) -> None:
    by_check = changes_by_check(cloud)

    together = [{number for number, made in by_check if made == operation} for operation in
                ("RegisterTaskDefinition", "RunTask", "UpdateService")]  # fmt: skip
    assert all(len(numbers) == 1 for numbers in together)
    assert len(set.union(*together)) == 3, "each has a check of its own"


@pytest.mark.parametrize("check", range(1, 8))
def test_nothing_more_is_changed_when_the_lease_is_lost_at(cloud: Cloud, check: int) -> None:
    cloud.lease.ends_with, cloud.lease.ends_at = LOST, check
    after: list[str] = []
    cloud.ecs.changing = lambda operation, about, arn: after.append(operation) if cloud.lease.checks >= check else None

    outcome = release(cloud)

    assert (outcome.result, outcome.exit_code) == (Result.SUPERSEDED, Exit.SUPERSEDED)
    assert after == []
    assert "lost the lock to release r-2" in outcome.summary


@pytest.mark.parametrize("at", [10.0, 14.0, 30.0], ids=["migrating", "rolling", "verifying"])
def test_nothing_more_is_changed_when_the_lease_is_lost_while_waiting(cloud: Cloud, at: float) -> None:
    cloud.web.answer = lambda _: HttpResponse(500, "no")
    cloud.clock.at(at, lambda: setattr(cloud.lease, "ends_with", LOST))

    outcome = release(cloud)

    assert outcome.exit_code is Exit.SUPERSEDED
    assert all(call.at < at for call in cloud.ecs.changed())


def test_the_record_stays_open_for_who_took_the_lock_when_services_had_moved(cloud: Cloud) -> None:
    cloud.clock.at(14.0, lambda: setattr(cloud.lease, "ends_with", LOST))

    release(cloud)

    assert cloud.ecs.made("UpdateService")
    assert cloud.journal.outcome is None


def test_the_record_is_closed_when_the_lease_was_lost_before_any_service_moved(cloud: Cloud) -> None:
    cloud.lease.ends_with = LOST

    release(cloud)

    assert cloud.journal.outcome is not None


@pytest.mark.parametrize("at", [14.0, 22.0], ids=["rolling", "verifying"])
def test_gives_way_with_every_service_back_when_a_newer_release_asks(cloud: Cloud, at: float) -> None:
    cloud.web.answer = lambda _: HttpResponse(500, "no")
    cloud.clock.at(at, lambda: setattr(cloud.lease, "ends_with", NEWER))

    outcome = release(cloud)

    assert (outcome.result, outcome.exit_code) == (Result.SUPERSEDED, Exit.SUPERSEDED)
    assert "r-2" in outcome.summary
    assert serving(cloud) == (1, 1)


def test_waits_for_the_migration_before_it_gives_way(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [SLOW]
    cloud.clock.at(5.0, lambda: setattr(cloud.lease, "ends_with", NEWER))

    outcome = release(cloud)

    assert outcome.exit_code is Exit.SUPERSEDED
    assert not cloud.ecs.made("UpdateService")
    assert cloud.ecs.migrations.running() == []
    assert outcome.seconds >= 33.0


def test_stays_released_when_it_is_asked_to_give_way_once_everything_is_live(cloud: Cloud) -> None:
    def asked_to_give_way(url: str) -> HttpResponse | NoResponse:
        cloud.lease.ends_with = NEWER
        return cloud.answers(url)

    cloud.web.answer = asked_to_give_way

    assert release(cloud).result is Result.RELEASED


def test_is_superseded_when_somebody_deploys_while_it_is_verified(cloud: Cloud) -> None:
    plan = cloud.plan(APP, WORKER)
    cloud.web.answer = lambda _: HttpResponse(500, "not yet") if cloud.clock.now < 40 else cloud.answers("")
    cloud.clock.at(25.0, lambda: cloud.ecs.members["worker"].move_to(revision("worker", 99)))

    outcome = cloud.release(plan)

    assert outcome.exit_code is Exit.SUPERSEDED
    assert serving(cloud) == (1, 99)


def test_notes_come_before_what_they_are_of(cloud: Cloud) -> None:
    known: list[tuple[str, tuple[str, ...]]] = []
    cloud.ecs.changing = lambda operation, about, arn: known.append((operation, cloud.journal.notes[-1]))

    release(cloud)

    assert known[0] == ("RegisterTaskDefinition", ("step began", "migrate"))
    assert dict(known)["RunTask"][0] == "registered"
    assert {note[0] for operation, note in known if operation == "UpdateService"} == {"moving"}
    assert cloud.journal.notes[-1] == ("closed", "released")


def test_notes_of_the_way_back_come_before_it_too(cloud: Cloud) -> None:
    cloud.ecs.next_life["worker"] = CRASHES

    release(cloud)

    words = [note[:2] for note in cloud.journal.notes]
    assert words.index(("step ended", "deploy")) < words.index(("step began", "roll back")) < words.index(
        ("step ended", "roll back")) < words.index(("closed", "rolled_back"))  # fmt: skip


@pytest.mark.parametrize(
    "note", [("step began", "deploy"), ("moving",), ("moved", "app")], ids=lambda words: " ".join(words)
)
def test_goes_back_when_the_ledger_cannot_be_written_on_the_way_there(cloud: Cloud, note: tuple[str, ...]) -> None:
    cloud.journal.fails[note] = DOWN

    outcome = release(cloud)

    assert outcome.exit_code is Exit.ROLLED_BACK
    assert serving(cloud) == (1, 1)


@pytest.mark.parametrize("cancelled", [False, True], ids=["failed", "cancelled"])
def test_a_ledger_that_is_down_keeps_nobody_from_going_back(cloud: Cloud, cancelled: bool) -> None:
    plan = cloud.plan(APP, WORKER)
    cloud.web.answer = lambda _: HttpResponse(500, "no")
    if cancelled:
        cloud.clock.cancel_at = 20.0
    words: tuple[tuple[str, ...], ...] = (("step began", "roll back"), ("moved",), ("step ended", "roll back"))

    def down() -> None:
        cloud.journal.fails |= dict.fromkeys(words, DOWN)

    cloud.clock.at(15.0, down)

    outcome = cloud.release(plan)

    assert outcome.exit_code is (Exit.CANCELLED if cancelled else Exit.ROLLED_BACK)
    assert serving(cloud) == (1, 1)
    assert any("ledger" in event.text for event in cloud.events if isinstance(event, WarningIssued))


def test_a_ledger_that_is_down_at_the_end_changes_no_outcome(cloud: Cloud) -> None:
    cloud.journal.fails[("closed",)] = DOWN

    assert release(cloud).result is Result.RELEASED


def test_nobody_goes_back_when_the_ledger_says_that_the_lock_is_lost(cloud: Cloud) -> None:
    cloud.ecs.next_life["worker"] = CRASHES
    cloud.journal.fails[("step began", "roll back")] = LOST

    outcome = release(cloud)

    assert outcome.exit_code is Exit.SUPERSEDED
    assert len(cloud.ecs.made("UpdateService")) == 2


def test_goes_back_and_says_so_when_it_has_a_fault_of_its_own(cloud: Cloud) -> None:
    def divides_by_zero(_: str) -> HttpResponse:
        return HttpResponse(1 // 0, "")

    cloud.web.answer = divides_by_zero

    outcome = release(cloud)

    assert (outcome.result, outcome.exit_code) == (Result.FAILED, Exit.INTERNAL_ERROR)
    assert "ZeroDivisionError" in outcome.summary
    assert [diagnosis.code for diagnosis in outcome.diagnoses] == ["internal-error"]
    assert serving(cloud) == (1, 1)


@pytest.mark.parametrize(("details", "operation"), [(True, "StopServiceDeployment"), (False, "UpdateService")])
def test_is_sent_back_at_once_when_cancelled(cloud: Cloud, details: bool, operation: str) -> None:
    cloud.ecs.details = details
    plan = cloud.plan(APP, WORKER)
    cloud.clock.cancel_at = 3.0

    outcome = cloud.release(plan)

    assert (outcome.exit_code, outcome.seconds) == (Exit.CANCELLED, 3.0)
    assert len([call for call in cloud.ecs.made(operation) if call.at == 3.0]) == 2
    assert serving(cloud) == (1, 1)


def test_is_cancelled_when_the_signal_comes_while_services_go_back(cloud: Cloud) -> None:
    plan = cloud.plan(APP, WORKER)
    cloud.ecs.next_life["worker"] = CRASHES
    began: list[float] = []

    def cancel_soon() -> None:
        if any(event == StepBegan(StepName.REVERT, "app, worker") for event in cloud.events) and not began:
            began.append(cloud.clock.now)
            cloud.clock.cancel_at = cloud.clock.now
        elif not began:
            cloud.clock.after(1.0, cancel_soon)

    cloud.clock.after(1.0, cancel_soon)

    outcome = cloud.release(plan)

    assert outcome.exit_code is Exit.CANCELLED
    assert serving(cloud) == (1, 1)


def test_is_not_back_when_the_signal_comes_while_one_cannot_go_back(cloud: Cloud) -> None:
    plan = cloud.plan(APP, WORKER)
    cloud.web.answer = lambda _: HttpResponse(500, "no")
    cloud.ecs.faults.append(Fault("UpdateService", denied("UpdateService"), "app", first=2))
    cloud.clock.at(75.0, lambda: setattr(cloud.clock, "cancel_at", 76.0))

    assert cloud.release(plan).exit_code is Exit.ROLLBACK_INCOMPLETE
    assert cloud.running("app") == 2


def test_keeps_watching_the_way_back_when_ecs_does_not_answer_for_a_while(cloud: Cloud) -> None:
    plan = cloud.plan(APP, WORKER)
    cloud.ecs.next_life["worker"] = CRASHES
    cloud.ecs.faults.append(Fault("DescribeServices", unanswered("DescribeServices"), first=15, last=17))

    outcome = cloud.release(plan)

    assert outcome.exit_code is Exit.ROLLED_BACK
    assert len([event for event in cloud.events if isinstance(event, WarningIssued)]) == 1
    assert serving(cloud) == (1, 1)


def test_nobody_goes_back_when_the_lock_was_lost_unnoticed(cloud: Cloud) -> None:
    plan = cloud.plan(APP, WORKER)
    until = 11.0 + 60.0

    def last_answer(_: str) -> HttpResponse:
        if cloud.clock.now + 5.0 >= until:
            cloud.lease.ends_with = LOST
        return HttpResponse(500, "no")

    cloud.web.answer = last_answer

    outcome = cloud.release(plan)

    assert outcome.exit_code is Exit.SUPERSEDED
    assert len(cloud.ecs.made("UpdateService")) == 2


def test_nobody_goes_back_when_the_lock_is_lost_while_the_release_is_cancelled(cloud: Cloud) -> None:
    plan = cloud.plan(APP, WORKER)
    cloud.clock.cancel_at = 5.0
    cloud.journal.fails[("step began", "roll back")] = LOST

    assert cloud.release(plan).exit_code is Exit.SUPERSEDED
    assert len(cloud.ecs.made("UpdateService")) == 2
