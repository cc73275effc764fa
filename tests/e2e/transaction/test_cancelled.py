"""Ctrl-C: within five seconds everything is closed, and the next release finds nothing in its way."""

from __future__ import annotations

import time

import pytest

from tests.e2e.release.shop import Shop
from tests.e2e.transaction.book import Book
from tests.e2e.transaction.changes import change
from tests.e2e.transaction.running import start

BOUND = 5.0


@pytest.mark.parametrize(("migration", "while_it_says"), [(["sleep", "30"], "migrate: "), (["true"], "roll out: ")])
def test_all_is_closed_in_time(shop: Shop, book: Book, migration: list[str], while_it_says: str) -> None:
    before = shop.account.serving()
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
    assert shop.account.serving() == before
    book.all_closed()
    change(shop, "after", migration=["true"])
    began = time.monotonic()
    ran = shop.run("release")
    assert ran.code == 0, ran.told
    assert time.monotonic() - began < 60
    book.all_closed()


def test_recover_ends_with_7_until_the_services_are_back_when_they_do_not_settle_in_time(
    shop: Shop, book: Book
) -> None:
    before = shop.account.serving()
    change(shop, "slow", migration=["true"])
    running = start(shop, "release")
    running.until(lambda: len(shop.front.calls("ecs", "UpdateService")) == len(before))
    running.interrupt()
    assert running.ended().code == 130, running.told
    with shop.config() as config:
        config["environments"]["production"]["timeout"] = "1s"

    ran = shop.run("recover")
    assert ran.code == 7, ran.told
    assert "did not settle" in ran.told
    assert "nothing to recover" not in ran.told
    refused = shop.run("release")
    assert refused.code == 7, refused.told
    assert "did not settle" in refused.told
    assert "in progress" in refused.told
    migrated = shop.run("migrate")
    assert migrated.code == 7, migrated.told
    assert book.newest["result"] == "cancelled"

    with shop.config() as config:
        config["environments"]["production"]["timeout"] = "5m"
    ran = shop.run("recover")
    assert ran.code == 0, ran.told
    assert "every service is on the version before" in ran.out
    assert "nothing to recover" not in ran.told
    assert shop.account.serving() == before
    ran = shop.run("recover")
    assert (ran.code, "nothing to recover" in ran.out) == (0, True), ran.told
    book.all_closed()
