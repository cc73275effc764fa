"""After the database's password changed, the tasks are restarted: at once, but never in the middle of a release."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from deploytool.ledger.lock import HolderKind, LockState
from tests.integration.aws_fault_proxy.conftest import eventually
from tests.integration.rotation.conftest import SECONDS_BETWEEN_LOOKS, Rotation


def release(seconds: float) -> LockState:
    """A release's lease that ends that many seconds from now unless it is renewed."""
    now = datetime.now(UTC)
    return LockState(owner="20261124-090000-abc", since=now, expires=now + timedelta(seconds=seconds))


def test_both_services_are_restarted_with_the_revision_they_run_when_the_password_changed(rotation: Rotation) -> None:
    before = rotation.deployments()
    rotation.change_password()
    rotation.run()
    after = rotation.deployments()
    assert {name: revision for name, (_, revision) in after.items()} == {
        name: revision for name, (_, revision) in before.items()
    }
    assert all(after[name][0] != before[name][0] for name in ("app", "worker"))


def test_nothing_is_restarted_when_all_tasks_are_newer_than_the_password(rotation: Rotation) -> None:
    rotation.change_password()
    rotation.run()
    before = rotation.deployments()
    rotation.run()
    assert rotation.deployments() == before


def test_only_the_service_that_is_older_is_restarted(rotation: Rotation) -> None:
    rotation.change_password()
    time.sleep(1.1)
    rotation.client("ecs").update_service(cluster=rotation.cluster, service="worker", forceNewDeployment=True)
    before = rotation.deployments()
    rotation.run()
    after = rotation.deployments()
    assert [name for name in before if before[name] != after[name]] == ["app"]


def test_it_waits_while_a_release_runs_and_restarts_when_that_is_over(rotation: Rotation) -> None:
    mine = rotation.lock.take(None, release(600))
    assert mine is not None
    before = rotation.deployments()
    rotation.change_password()
    execution = rotation.start()
    eventually(lambda: rotation.states(execution).count("Wait") >= 2)
    assert rotation.status(execution) == "RUNNING"
    assert rotation.deployments() == before
    assert rotation.lock.free(mine)
    eventually(lambda: rotation.status(execution) == "SUCCEEDED")
    assert all(rotation.deployments()[name][0] != before[name][0] for name in before)


def test_it_does_not_wait_for_a_release_that_was_killed(rotation: Rotation) -> None:
    assert rotation.lock.take(None, release(-60))
    rotation.change_password()
    assert "Wait" not in rotation.run()


def test_a_killed_release_is_waited_for_only_until_its_lease_ends(rotation: Rotation) -> None:
    rotation.change_password()
    before = rotation.deployments()
    assert rotation.lock.take(None, release(2 * SECONDS_BETWEEN_LOOKS))
    assert "Wait" in rotation.run()
    assert all(rotation.deployments()[name][0] != before[name][0] for name in before)


def test_a_freeze_does_not_keep_the_tasks_from_the_new_password(rotation: Rotation) -> None:
    now = datetime.now(UTC)
    freeze = LockState(owner="freeze-1", kind=HolderKind.HOLD, since=now, expires=now + timedelta(days=3))
    assert rotation.lock.take(None, freeze)
    before = rotation.deployments()
    rotation.change_password()
    assert "Wait" not in rotation.run()
    assert all(rotation.deployments()[name][0] != before[name][0] for name in before)


def test_it_ends_well_where_there_are_no_services(rotation: Rotation) -> None:
    for name in ("app", "worker"):
        rotation.client("ecs").delete_service(cluster=rotation.cluster, service=name, force=True)
    rotation.change_password()
    rotation.run()
