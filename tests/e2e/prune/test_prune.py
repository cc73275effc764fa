"""Old revisions and images: shown first, removed when told to, and never what a rollback needs."""

from __future__ import annotations

from tests.support.account import Account
from tests.support.changes import change
from tests.support.ledger_view import Book
from tests.support.project import Shop

FAMILY = "architecturedeck-worker"


def active(account: Account) -> set[str]:
    """ARNs of the worker's revisions that ECS can still go to."""
    listed = account.client("ecs").list_task_definitions(familyPrefix=FAMILY, status="ACTIVE")
    return set(listed["taskDefinitionArns"])


def test_what_no_service_runs_and_no_rollback_needs_goes(shop: Shop, book: Book, account: Account) -> None:
    released = []
    for word in ("one", "two", "three", "four"):
        change(shop, word, "worker")
        assert shop.run("release").code == 0
        released.append(shop.account.running()["worker"])
    shop.git("checkout", "-q", ".")
    before = active(account)
    plan = book.read("prune", "--keep", "2")
    goes = {thing["name"] for thing in plan["items"] if thing["delete"]}
    assert set(released[:2]) <= goes
    assert not set(released[2:]) & goes
    assert active(account) == before, "a dry run changes nothing"
    ran = shop.run("prune", "--keep", "2", "--yes")
    assert ran.code == 0, ran.told
    assert f"deregistered {released[0].rsplit('/', 1)[-1]}" in ran.told
    assert active(account) == before - goes
    images = {thing["name"] for thing in book.read("prune", "--keep", "2")["items"] if thing["type"] == "image"}
    assert not images & goes, "an image that was deleted is not listed any more"
    assert shop.run("rollback").code == 0
    assert shop.account.running()["worker"] == released[2]


def test_nothing_is_removed_while_somebody_has_a_lock(shop: Shop, account: Account) -> None:
    assert shop.run("lock", "hold", "--reason", "stock-taking").code == 0
    before = active(account)
    ran = shop.run("prune", "--yes")
    assert ran.code == 8, ran.told
    assert "stock-taking" in ran.told
    assert active(account) == before
