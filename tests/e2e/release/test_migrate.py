"""`deploytool migrate`: the migration alone. No service moves, no version becomes live, and the ledger knows of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.json_documents import valid_document
from tests.support.project import Shop
from tests.support.running import start


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """With leases so short that a killed run's can be waited for."""
    return replace(shop, environ={**shop.environ, "DEPLOYTOOL_LEASE_TTL": "6"})


def migration(shop: Shop, *command: str, **more: str) -> None:
    with shop.config() as config:
        config["migrate"] |= {"command": list(command), **more}


def newest(shop: Shop) -> dict[str, Any]:
    return dict(valid_document(shop.run("history", "--output", "json").out)["releases"][0])


def live(shop: Shop) -> str:
    return str(valid_document(shop.run("history", "--output", "json").out)["live_release_id"])


def untouched(shop: Shop, succeeded: dict[str, str]) -> None:
    assert shop.front.calls("ecs", "UpdateService") == []
    assert shop.account.running() == succeeded


@pytest.mark.parametrize("which", [(), ("--live",)], ids=["of the commit", "of what is live"])
def test_it_runs_once_and_nothing_else_changes(shop: Shop, succeeded: dict[str, str], which: tuple[str, ...]) -> None:
    before, newest_deployment = live(shop), shop.github.deployments()[0]["id"]
    migration(shop, "sh", "-c", "echo applying nothing")
    ran = shop.run("migrate", *which)
    assert ran.code == 0, ran.told
    assert "migrate | applying nothing" in ran.out
    assert "completed in production; no service was changed" in ran.out
    assert len(shop.front.calls("ecs", "RunTask")) == 1
    untouched(shop, succeeded)
    record = newest(shop)
    assert (record["operation"], record["result"], record["services"]) == ("migrate", "migrated", [])
    assert record["migration"]["ran"] is True
    assert live(shop) == before
    assert shop.github.deployments()[0]["id"] == newest_deployment, "nothing was deployed"
    assert "drifted" not in shop.run("status").told


def test_its_exit_code_decides(shop: Shop, succeeded: dict[str, str]) -> None:
    migration(shop, "sh", "-c", "echo 'relation customers does not exist' >&2; exit 3")
    ran = shop.run("migrate", "--output", "json")
    assert ran.code == 5, ran.told
    outcome = valid_document(ran.out)
    assert (outcome["operation"], outcome["result"], outcome["exit_code"]) == ("migrate", "migration_failed", 5)
    assert "exited with code 3" in outcome["problems"][0]["cause"]
    assert outcome["problems"][0]["log"] == ["relation customers does not exist"]
    untouched(shop, succeeded)
    assert newest(shop)["result"] == "migration_failed"


def test_it_is_refused_where_there_is_none(shop: Shop) -> None:
    shop.only("worker")
    ran = shop.run("migrate")
    assert ran.code == 2, ran.told
    assert "there is no migration in production" in ran.err


def test_one_that_was_killed_is_waited_for_and_closed_as_its_task_ended(shop: Shop, succeeded: dict[str, str]) -> None:
    migration(shop, "sleep", "6")
    running = start(shop, "migrate")
    running.until(lambda: bool(shop.front.calls("ecs", "RunTask")))
    running.kill()
    killed = newest(shop)
    assert killed["result"] is None
    ran = shop.run("recover", "--wait", "60s")
    assert ran.code == 0, ran.told
    assert f"recovered: migration {killed['release_id']}" in ran.told
    assert newest(shop)["result"] == "migrated", ran.told
    assert len(shop.front.calls("ecs", "RunTask")) == 1
    untouched(shop, succeeded)
