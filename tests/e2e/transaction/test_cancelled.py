"""Ctrl-C: within five seconds everything is closed, and the next release finds nothing in its way."""

from __future__ import annotations

import time

import pytest

from tests.support.account import CLUSTER, Account
from tests.support.aws_fault_proxy.rules import Effect, Rule
from tests.support.changes import change
from tests.support.ledger_view import Book
from tests.support.project import Shop
from tests.support.running import start

BOUND = 5.0


@pytest.mark.parametrize(("migration", "while_it_says"), [(["sleep", "30"], "migrate: "), (["true"], "deploy: ")])
def test_all_is_closed_in_time(shop: Shop, book: Book, migration: list[str], while_it_says: str) -> None:
    before = shop.account.running()
    change(shop, "again", migration=migration)
    running = start(shop, "release")
    running.until_told(while_it_says)
    sign = ("ecs", "RunTask") if migration[0] == "sleep" else ("ecs", "UpdateService")
    running.until(lambda: bool(shop.front.calls(*sign)))
    took = running.interrupt()
    assert running.ended().code == 130, running.told
    assert took <= BOUND, f"{took:.1f} s\n{running.told}"
    assert book.newest["result"] == "cancelled"
    shop.account.settle()
    assert shop.account.running() == before
    book.all_closed()
    change(shop, "after", migration=["true"])
    began = time.monotonic()
    ran = shop.run("release")
    assert ran.code == 0, ran.told
    assert time.monotonic() - began < 60
    book.all_closed()


def keep_rolling(shop: Shop) -> None:
    """Whoever asks ECS from now on sees a deployment of the app's revision that goes on and on."""
    shop.account.settle()
    shop.front.script([Rule(Effect("stale", seconds=3600), action="DescribeServices")])
    shop.account.client("ecs").update_service(cluster=CLUSTER, service="app", forceNewDeployment=True)
    seen = Account(shop.front.base_url, shop.environ["AWS_REGION"]).client("ecs")
    (app,) = seen.describe_services(cluster=CLUSTER, services=["app"])["services"]
    assert [item["rolloutState"] for item in app["deployments"] if item["status"] == "PRIMARY"] == ["IN_PROGRESS"]


def test_every_verb_ends_with_7_when_a_service_of_a_cancelled_release_does_not_come_back(
    shop: Shop, book: Book
) -> None:
    before = shop.account.running()
    change(shop, "slow", migration=["true"])
    running = start(shop, "release")
    running.until(lambda: len(shop.front.calls("ecs", "UpdateService")) == len(before))
    running.interrupt()
    assert running.ended().code == 130, running.told
    with shop.config() as config:
        config["environments"]["production"]["timeout"] = "2s"
    keep_rolling(shop)

    for _ in range(2):
        ran = shop.run("recover")
        assert ran.code == 7, ran.told
        assert "was cancelled; ROLLBACK INCOMPLETE: app did not reach a steady state" in ran.told
        assert "nothing to recover" not in ran.told
    refused = shop.run("release")
    assert refused.code == 7, refused.told
    assert "app did not reach a steady state" in refused.told
    assert "already in progress" in refused.told
    refused = shop.run("migrate")
    assert refused.code == 7, refused.told
    assert book.newest["result"] == "cancelled"

    shop.front.script()
    shop.account.settle()
    ran = shop.run("recover")
    assert (ran.code, "nothing to recover" in ran.out) == (0, True), ran.told
    assert shop.account.running() == before
    book.all_closed()
