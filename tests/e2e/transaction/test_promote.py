"""What is live in staging goes to production: the same digests, no build, its migrations there."""

from __future__ import annotations

from tests.support.ledger_view import Book, digests
from tests.support.project import Shop


def test_the_same_images_go_from_staging_to_production(shop: Shop, book: Book) -> None:
    (shop.root / "architecturedeck" / "__init__.py").write_text("# promoted\n")
    commit = shop.commit("Go to staging first")
    staged = shop.run("release", "--environment", "staging")
    assert staged.code == 0, staged.told
    version = book.read("history", "--environment", "staging")["releases"][0]
    shop.front.reset()
    ran = shop.run("promote", "--from", "staging", "--to", "production")
    assert ran.code == 0, ran.told
    promoted = book.newest
    assert (promoted["operation"], promoted["commit"]["sha"]) == ("promote", commit)
    assert promoted["images"] == version["images"]
    assert [step["name"] for step in promoted["steps"]] == ["migrate", "deploy", "verify"]
    clusters = {call.params["cluster"].rsplit("/")[-1] for call in shop.front.calls("ecs", "RunTask")}
    assert clusters == {"architecturedeck"}
    assert shop.account.definition("app")["containerDefinitions"][0]["image"].endswith(digests(version)["app"])
    book.all_closed()


def test_it_is_refused_when_both_are_the_same(shop: Shop) -> None:
    ran = shop.run("promote", "--from", "production", "--to", "production")
    assert ran.code == 2, ran.told
    assert "both environments are the same" in ran.told
