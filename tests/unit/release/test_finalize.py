"""What a release claims when its end cannot be noted in the ledger."""

from __future__ import annotations

from deploytool.errors import Exit
from deploytool.release.events import WarningIssued
from deploytool.release.model import Result
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.life import Life
from tests.unit.release.test_engine_lease import LOST, cloud, release

__all__ = ["cloud"]
FAILING = Life(starts_after=1.0, runs_for=1.0, exit_code=1)


def test_claims_nothing_when_the_lock_was_taken_before_the_end_could_be_noted(cloud: Cloud) -> None:
    cloud.journal.fails[("closed",)] = LOST

    outcome = release(cloud)

    assert (outcome.result, outcome.exit_code) == (Result.SUPERSEDED, Exit.SUPERSEDED)
    assert "is live" not in outcome.summary
    assert LOST.cause in outcome.summary


def test_fails_as_it_did_when_the_lock_is_gone_and_no_service_moved(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [FAILING]
    cloud.journal.fails[("closed",)] = LOST

    assert release(cloud).result is Result.MIGRATION_FAILED
    assert any(isinstance(event, WarningIssued) and LOST.cause in event.text for event in cloud.events)
