"""One lock for each environment: a freeze, two releases started together, who gives way."""

from __future__ import annotations

import re

from tests.support.changes import change
from tests.support.ledger_view import Book, running_services
from tests.support.project import Shop
from tests.support.running import Running, start


def test_a_freeze_refuses_everybody_until_it_ends(shop: Shop, book: Book) -> None:
    assert shop.run("lock", "hold", "--reason", "black friday").code == 0
    before = shop.account.running()
    for verb in ("release", "rollback", "recover"):
        ran = shop.run(verb)
        assert ran.code == 8, ran.told
        assert re.search(r"production is locked by a freeze of .+ since .+ \(\d+ s\): black friday", ran.told), ran.told
        assert "deploytool lock release" in ran.told
    assert shop.account.running() == before
    assert shop.run("lock", "release").code == 0
    assert shop.run("rollback").code == 0


LONG = ["sleep", "8"]


def migrating(shop: Shop) -> Running:
    """A release that takes a while."""
    change(shop, "again", migration=LONG)
    first = start(shop, "release")
    first.until(lambda: bool(shop.front.calls("ecs", "RunTask")))
    return first


def test_who_comes_second_is_refused_and_told_who_is_there(shop: Shop, book: Book) -> None:
    first = migrating(shop)
    second = shop.run("release")
    assert second.code == 8, second.told
    assert re.search(r"locked by release \S+ of .+ since", second.told)
    assert re.search(r"the lock is released automatically in \d s if that run has died", second.told)
    assert first.ended().code == 0
    book.all_closed()


def test_who_comes_second_waits_and_then_finds_nothing_to_do(shop: Shop, book: Book) -> None:
    first = migrating(shop)
    second = shop.run("release", "--if-busy", "wait")
    assert first.ended().code == 0
    assert second.code == 0, second.told
    assert "waiting: production is locked by release" in second.err
    assert "nothing to do" in second.told
    assert len(shop.front.calls("ecs", "RunTask")) == 1
    book.all_closed()


def test_the_older_one_gives_way_and_says_to_whom(shop: Shop, book: Book) -> None:
    before = shop.account.running()
    change(shop, "again", verify={"url": "http://127.0.0.1:9/", "timeout": "60s"})
    first = start(shop, "release")
    first.until_told("verify: ")
    change(shop, "newer")
    second = shop.run("release", "--if-busy", "supersede")
    older = first.ended()
    assert second.code == 0, second.told
    newer = book.newest["release_id"]
    assert older.code == 9, older.told
    assert f"yields to the newer release {newer}" in older.told
    superseded = book.releases[1]
    assert (superseded["result"], running_services(superseded)) == ("superseded", before)
    book.all_closed()


def test_exactly_one_of_two_runs_when_they_are_started_together(shop: Shop, book: Book) -> None:
    change(shop, "again")
    known = len(book.releases)
    both = [start(shop, "release"), start(shop, "release")]
    assert sorted(item.ended().code for item in both) == [0, 8]
    assert len(book.releases) == known + 1
    book.all_closed()
