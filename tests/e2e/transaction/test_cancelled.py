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
