"""A release that ends before any service moved: nothing is left behind, and the exit code says which step it was."""

from __future__ import annotations

import pytest

from deploytool.errors import BuildError, Exit
from deploytool.images.ecr import scan_failure
from deploytool.release.events import Explained, StepEnded, WarningIssued
from deploytool.release.model import ImageChoice, Outcome, PublishedImage, Result
from deploytool.release.ports import LineWriter
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.faults import Fault, denied, unanswered
from tests.support.fake_ecs.life import Life
from tests.unit.release import plan_cases as cases

NO_CAPACITY = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
NO_INTERFACE = Life(starts_after=2.0, never_starts="Timeout waiting for network interface provisioning to complete.")
HANGS = Life(starts_after=3.0, runs_for=None)
GOOD = Life(starts_after=3.0, runs_for=5.0, exit_code=0)


@pytest.fixture
def cloud() -> Cloud:
    cloud = Cloud()
    cloud.ecs.add("app", desired=2)
    cloud.ecs.add("worker")
    return cloud


def release(cloud: Cloud, on_cancel: str = "finish", **more: object) -> Outcome:
    return cloud.release(
        cloud.plan(cases.service("app"), cases.service("worker"), migrate=cases.migration(on_cancel=on_cancel), **more)
    )


def untouched(cloud: Cloud) -> bool:
    return not cloud.ecs.made("UpdateService") and (cloud.running("app"), cloud.running("worker")) == (1, 1)


def failed_migration(outcome: Outcome) -> bool:
    return (outcome.result, outcome.exit_code) == (Result.MIGRATION_FAILED, Exit.MIGRATION_FAILED)


def test_changes_no_service_when_the_migration_exits_with_1(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [Life(starts_after=3.0, runs_for=5.0, exit_code=1)]
    cloud.logs.lines["/ecs/migrate"] = ('ERROR: column "price" already exists',)

    outcome = release(cloud)

    assert failed_migration(outcome)
    assert untouched(cloud)
    assert len(cloud.ecs.made("RunTask")) == 1
    assert outcome.diagnoses[0].log == ('ERROR: column "price" already exists',)
    assert "no service in production was changed" in outcome.summary


def test_shows_nothing_of_a_key_that_the_migration_logs_in_several_lines(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [Life(starts_after=3.0, runs_for=5.0, exit_code=1)]
    begin, end = (f"-----{word} EC {'PRIVATE'} KEY-----" for word in ("BEGIN", "END"))
    cloud.logs.lines["/ecs/migrate"] = (begin, "MHcCAQEE", end, "it is no key")

    assert release(cloud).diagnoses[0].log == ("***", "it is no key")


def test_stops_the_task_when_the_migration_hangs(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [HANGS]

    outcome = release(cloud)

    assert failed_migration(outcome)
    assert untouched(cloud)
    assert cloud.ecs.migrations.running() == []
    assert 300 <= cloud.ecs.made("StopTask")[0].at <= 302


def test_says_that_it_may_still_run_when_a_hanging_migration_cannot_be_stopped(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [HANGS]
    cloud.ecs.faults.append(Fault("StopTask", denied("StopTask")))

    outcome = release(cloud)

    assert failed_migration(outcome)
    assert "may still run" in outcome.summary


@pytest.mark.parametrize("never", [NO_CAPACITY, NO_INTERFACE], ids=["no capacity", "no network interface"])
def test_tries_again_with_a_fresh_token_while_no_container_started(cloud: Cloud, never: Life | str) -> None:
    cloud.ecs.migrations.lives = [never, never, GOOD]

    outcome = release(cloud)

    tokens = [call.about for call in cloud.ecs.made("RunTask")]
    assert outcome.succeeded
    assert tokens == [f"{cases.REQUEST.release_id}-{attempt}" for attempt in (1, 2, 3)]
    assert len([event for event in cloud.events if isinstance(event, WarningIssued)]) == 2


@pytest.mark.parametrize("never", [NO_CAPACITY, NO_INTERFACE], ids=["no capacity", "no network interface"])
def test_gives_up_when_the_migration_never_starts(cloud: Cloud, never: Life | str) -> None:
    cloud.ecs.migrations.lives = [never]

    outcome = release(cloud)

    assert failed_migration(outcome)
    assert untouched(cloud)
    assert len({call.about for call in cloud.ecs.made("RunTask")}) == 4


def test_does_not_try_again_when_the_image_cannot_be_pulled(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [
        Life(never_starts="CannotPullContainerError: registry.test/shop@sha256:9c: not found")
    ]

    assert failed_migration(release(cloud))
    assert len(cloud.ecs.made("RunTask")) == 1


def test_starts_no_second_task_when_the_answer_of_run_task_is_lost(cloud: Cloud) -> None:
    cloud.ecs.faults.append(Fault("RunTask", unanswered("RunTask"), last=2, lost=True))

    outcome = release(cloud)

    assert outcome.succeeded
    assert len(cloud.ecs.migrations.started) == 1
    assert len({call.about for call in cloud.ecs.made("RunTask")}) == 1


def test_says_that_the_migration_failed_when_run_task_is_never_answered(cloud: Cloud) -> None:
    cloud.ecs.faults.append(Fault("RunTask", unanswered("RunTask"), lost=True))

    outcome = release(cloud)

    assert failed_migration(outcome)
    assert untouched(cloud)
    assert len(cloud.ecs.migrations.started) == 1


@pytest.mark.parametrize("operation", ["RunTask", "DescribeTasks"])
def test_says_that_the_migration_failed_when_it_may_not_be_run_or_read(cloud: Cloud, operation: str) -> None:
    cloud.ecs.faults.append(Fault(operation, denied(operation)))

    outcome = release(cloud)

    assert failed_migration(outcome)
    assert untouched(cloud)
    assert f"ecs:{operation}" in outcome.summary


@pytest.mark.parametrize(("on_cancel", "runs_on"), [("finish", True), ("stop", False)])
def test_leaves_or_stops_the_migration_as_configured_when_cancelled(
    cloud: Cloud, on_cancel: str, runs_on: bool
) -> None:
    cloud.ecs.migrations.lives = [HANGS]
    cloud.clock.cancel_at = 5.0

    outcome = release(cloud, on_cancel)

    assert (outcome.result, outcome.exit_code) == (Result.CANCELLED, Exit.CANCELLED)
    assert untouched(cloud)
    assert bool(cloud.ecs.migrations.running()) is runs_on


def test_is_cancelled_all_the_same_when_the_migration_cannot_be_stopped(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [HANGS]
    cloud.ecs.faults.append(Fault("StopTask", denied("StopTask")))
    cloud.clock.cancel_at = 5.0

    outcome = release(cloud, "stop")

    assert outcome.exit_code is Exit.CANCELLED
    assert any("may still run" in event.text for event in cloud.events if isinstance(event, WarningIssued))


@pytest.mark.parametrize("published", [True, False], ids=["image found", "image built"])
def test_changes_nothing_when_the_scan_gate_refuses(cloud: Cloud, published: bool) -> None:
    cloud.builder.refuses = scan_failure("app", "high", "COMPLETE", {"critical": 2})

    images = {"app": PublishedImage(cases.DIGEST, ("linux/amd64",)) if published else None}
    outcome = release(cloud, published=images)

    assert (outcome.result, outcome.exit_code) == (Result.BUILD_FAILED, Exit.BUILD_FAILED)
    assert cloud.ecs.changed() == []
    assert "2 critical" in outcome.summary


def test_changes_nothing_when_the_build_fails(cloud: Cloud) -> None:
    cloud.builder.fails = BuildError("step 4 of the Dockerfile failed", "read its output")

    outcome = release(cloud, published={"app": None})

    assert outcome.exit_code is Exit.BUILD_FAILED
    assert cloud.ecs.changed() == []
    assert [event.diagnosis.cause for event in cloud.events if isinstance(event, Explained)] == [
        "step 4 of the Dockerfile failed"
    ]


def test_is_refused_when_the_image_was_built_for_another_cpu(cloud: Cloud) -> None:
    cloud.builder.platforms = ("linux/arm64",)

    outcome = release(cloud, published={"app": None})

    assert (outcome.result, outcome.exit_code) == (Result.REFUSED, Exit.PRECONDITION_FAILED)
    assert cloud.ecs.changed() == []
    assert {"app", "worker", "migrate"} <= set(outcome.summary.replace(",", " ").split())


def test_is_refused_when_a_revision_cannot_be_registered(cloud: Cloud) -> None:
    cloud.ecs.faults.append(Fault("RegisterTaskDefinition", denied("RegisterTaskDefinition"), "worker"))

    outcome = release(cloud)

    assert outcome.exit_code is Exit.PRECONDITION_FAILED
    assert not cloud.ecs.made("RunTask")
    assert untouched(cloud)


def test_never_says_that_nothing_changed_when_the_migration_ran_and_no_service_could_be_updated(cloud: Cloud) -> None:
    cloud.ecs.faults.append(Fault("UpdateService", denied("UpdateService")))

    outcome = release(cloud)

    assert outcome.exit_code is Exit.ROLLED_BACK
    assert "nothing was changed" not in outcome.summary
    assert "no service was changed" in outcome.summary
    assert untouched_services(cloud)


def untouched_services(cloud: Cloud) -> bool:
    return (cloud.running("app"), cloud.running("worker")) == (1, 1)


def test_every_step_that_did_not_go_well_is_told_as_such(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [Life(runs_for=1.0, exit_code=3)]

    release(cloud)

    assert [(event.step, event.succeeded) for event in cloud.events if isinstance(event, StepEnded)] == [
        ("migrate", False)
    ]


def test_nothing_is_begun_after_a_build_during_which_somebody_asked_to_stop(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = cloud.builder.build

    def and_asked_to_stop(image: ImageChoice, write_line: LineWriter) -> PublishedImage:
        cloud.clock.cancel_at = cloud.clock.now
        return build(image, write_line)

    monkeypatch.setattr(cloud.builder, "build", and_asked_to_stop)
    outcome = release(cloud, published={"app": None})
    assert (outcome.result, outcome.exit_code) == (Result.CANCELLED, Exit.CANCELLED)
    assert untouched(cloud)
    assert cloud.ecs.made("RunTask") == []
