"""kill -9: the next run finds out what is true, settles it, closes it, and goes on."""

from __future__ import annotations

import pytest

from tests.support.changes import change
from tests.support.ledger_view import Book, running_services
from tests.support.migrations import overlapping
from tests.support.project import Shop
from tests.support.running import Running, start
from tests.support.slow import pairs

WAIT = ("--wait", "60s")


def in_build(shop: Shop) -> Running:
    (shop.root / "Dockerfile").write_text((shop.root / "Dockerfile").read_text() + "RUN sleep 5\n")
    shop.commit("Build for a while")
    running = start(shop, "release")
    running.until_told("build: ")
    return running


def in_migration(shop: Shop) -> Running:
    change(shop, "again", migration=["sleep", "8"])
    running = start(shop, "release")
    running.until(lambda: bool(shop.front.calls("ecs", "RunTask")))
    return running


def in_rollout(shop: Shop) -> Running:
    change(shop, "again", migration=["true"])
    running = start(shop, "release")
    running.until(lambda: len(shop.front.calls("ecs", "UpdateService")) == 2)
    return running


def in_verification(shop: Shop) -> Running:
    change(shop, "again", verify={"url": "http://127.0.0.1:9/", "timeout": "60s"})
    running = start(shop, "release")
    running.until_told("verify: ")
    return running


def while_put_back(shop: Shop) -> Running:
    change(shop, "again", verify={"url": "http://127.0.0.1:9/", "timeout": "1s", "interval": "1s"})
    running = start(shop, "release")
    running.until_told("roll back: ")
    return running


PLACES = [in_build, in_migration, in_rollout, in_verification, while_put_back]


# The next release recovers with the same code as the verb: where it was killed is tried in full with one of them.
@pytest.mark.parametrize(
    ("verb", "place"),
    pairs(["recover", "release"], PLACES, always=lambda verb, place: verb == "recover" or place is in_rollout),
    ids=lambda value: getattr(value, "__name__", value),
)
def test_what_a_killed_release_left_is_settled(shop: Shop, book: Book, place: object, verb: str) -> None:
    before = shop.account.running()
    head = shop.git("rev-parse", "HEAD")
    assert callable(place)
    running = place(shop)
    running.kill()
    killed = book.newest
    assert killed["result"] is None
    shop.git("checkout", "-q", head)
    shop.git("checkout", "-q", ".")
    if verb == "release":
        change(shop, "after", migration=["true"])
    ran = shop.run(verb, *WAIT)
    assert ran.code == 0, ran.told
    assert f"recovered: release {killed['release_id']}" in ran.told
    closed = book.of(killed["release_id"])
    assert (closed["result"], running_services(closed)) == ("rolled_back", before)
    if verb == "recover":
        assert shop.account.running() == before
    assert not overlapping(shop.account)
    book.all_closed()


def test_a_migration_that_still_runs_is_waited_for(shop: Shop, book: Book) -> None:
    in_migration(shop).kill()
    release = book.newest["release_id"]
    ran = shop.run("recover", *WAIT)
    assert "waiting for the migrate task" in ran.told
    assert book.of(release)["migration"]["ran"] is True
    assert shop.front.calls("ecs", "StopTask") == []


def test_a_rollback_that_was_killed_is_settled_too(shop: Shop, book: Book, three: tuple[str, str, str]) -> None:
    before = shop.account.running()
    running = start(shop, "rollback", "--to", three[0])
    running.until(lambda: len(shop.front.calls("ecs", "UpdateService")) == 2)
    running.kill()
    assert shop.run("recover", *WAIT).code == 0
    assert shop.account.running() == before
    assert book.live == three[2]
    book.all_closed()


def test_nothing_is_to_recover_when_nobody_was_killed(shop: Shop) -> None:
    ran = shop.run("recover")
    assert ran.code == 0
    assert "nothing to recover in production" in ran.out
