"""What a later run must know of a plan, to recover its release."""

from __future__ import annotations

from dataclasses import replace

from deploytool.ledger.codec import stored_plan
from tests.support.sample_events import change, plan


def test_a_plan_is_stored_with_its_migration_and_its_checks() -> None:
    stored = stored_plan(plan())
    assert stored["migrate"] == {"task": "shop-migrate", "container": "app"}
    assert stored["verify"] == ["app"]
    assert stored["already_running"] == []


def test_services_that_run_the_version_already_are_stored_when_none_moves() -> None:
    stored = stored_plan(replace(plan(nothing=True), already_running=(change("app", 41),)))
    assert stored == {"migrate": None, "verify": [], "already_running": ["app"]}
