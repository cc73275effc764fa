"""Migrations that do not end with exit code 0: exit 5, no service touched."""

from __future__ import annotations

from tests.support.aws_fault_proxy.rules import Effect, Rule
from tests.support.project import Shop


def migrating(shop: Shop, *command: str, timeout: str = "30s") -> None:
    """Release the worker after this migration."""
    with shop.config() as config:
        config["services"] = {"worker": {"image": "app", "timeout": "60s"}}
        config["migrate"] |= {"command": list(command), "timeout": timeout, "like": "worker"}
        config["environments"]["production"]["overrides"].pop("services")
    shop.template("worker", command=["architecturedeck-worker", "again"])


def untouched(shop: Shop) -> None:
    assert shop.front.calls("ecs", "UpdateService") == []


def test_no_service_moves_when_the_migration_exits_with_1(shop: Shop) -> None:
    migrating(shop, "sh", "-c", "echo altering orders; echo 'relation customers does not exist' >&2; exit 1")
    ran = shop.release_fails(5, "no service in production was changed", "exited with code 1", "Fix: ")
    assert "  | relation customers does not exist" in ran.out
    assert "migrate | altering orders" in ran.out, "its output is followed"
    untouched(shop)


def test_a_migration_that_hangs_is_stopped_when_its_time_is_over(shop: Shop) -> None:
    migrating(shop, "sh", "-c", "echo waiting for the lock; sleep 300", timeout="4s")
    ran = shop.release_fails(5, "ran longer than 4 s and was stopped", "Fix: raise migrate.timeout")
    assert "waiting for the lock" in ran.out
    assert len(shop.front.calls("ecs", "StopTask")) == 1
    untouched(shop)


def test_a_migration_whose_command_is_not_in_the_image_never_started(shop: Shop) -> None:
    migrating(shop, "architecturedeck-migrat")
    shop.release_fails(5, "no service in production was changed", "architecturedeck-migrat", "Fix: ")
    untouched(shop)


def test_a_migration_that_ecs_never_places_is_tried_again_and_then_told(shop: Shop) -> None:
    migrating(shop, "true", timeout="5s")
    shop.front.script(
        [Rule(Effect("run_task_failure", reason="Capacity is unavailable at this time"), action="RunTask")]
    )
    shop.release_fails(5, "no service in production was changed", "Capacity is unavailable", "Fix: ")
    tokens = [call.params["clientToken"] for call in shop.front.calls("ecs", "RunTask")]
    assert len(tokens) > 1
    assert len(set(tokens)) == len(tokens)
    untouched(shop)


def test_a_migration_that_was_refused_for_the_account_s_reasons_is_not_tried_again(shop: Shop) -> None:
    migrating(shop, "true")
    shop.front.script([Rule(Effect("run_task_failure", reason="MISSING"), action="RunTask")])
    shop.release_fails(5, "no service in production was changed", "MISSING", "Fix: ")
    assert len(shop.front.calls("ecs", "RunTask")) == 1
