"""Back to what was live before: how far, to which, which services, and when not."""

from __future__ import annotations

import pytest

from tests.support.account import Account
from tests.support.changes import change
from tests.support.ledger_view import Book, digests, running_services
from tests.support.project import Shop

Three = tuple[str, str, str]


def test_a_second_rollback_goes_one_further_back(shop: Shop, book: Book, three: Three) -> None:
    first = shop.run("rollback")
    assert first.code == 0, first.told
    assert book.live == three[1]
    second = shop.run("rollback")
    assert second.code == 0, second.told
    assert book.live == three[0]
    assert shop.account.running() == running_services(book.of(three[0]))
    assert "migrations since release" in second.told
    assert shop.front.calls("ecs", "RunTask") == []
    assert shop.front.calls("ecs", "RegisterTaskDefinition") == []
    book.all_closed()


@pytest.mark.parametrize("wanted", ["release", "commit"])
def test_the_version_that_is_named_is_brought_back(shop: Shop, book: Book, three: Three, wanted: str) -> None:
    record = book.of(three[0])
    ran = shop.run("rollback", "--to", three[0] if wanted == "release" else record["commit"]["sha"][:10])
    assert ran.code == 0, ran.told
    assert book.live == three[0]
    assert shop.account.running() == running_services(record)
    assert book.newest["operation"] == "rollback"


def test_several_versions_back_in_one_step(shop: Shop, book: Book, three: Three) -> None:
    assert shop.run("rollback", "--steps", "2").code == 0
    assert book.live == three[0]


def test_one_service_goes_back_and_the_other_stays(shop: Shop, book: Book, three: Three) -> None:
    before = shop.account.running()
    ran = shop.run("rollback", "--service", "worker", "--to", three[0])
    assert ran.code == 0, ran.told
    after = shop.account.running()
    assert after == {"app": before["app"], "worker": running_services(book.of(three[0]))["worker"]}
    assert running_services(book.newest) == after
    assert book.live == book.newest["release_id"], "half of it brought back is not the release that it was"
    assert shop.run("rollback").code == 0
    assert book.live == three[0], "the other service follows"


def test_it_is_refused_when_something_newer_is_live(shop: Shop, three: Three) -> None:
    before = shop.account.running()
    ran = shop.run("rollback", "--expect-current", three[1])
    assert ran.code == 3, ran.told
    assert f"release {three[1]} is no longer live: the live release is {three[2]}" in ran.told
    assert shop.account.running() == before
    assert shop.run("rollback", "--expect-current", three[2]).code == 0


def test_it_is_refused_before_any_change_when_the_revision_is_inactive(
    shop: Shop, book: Book, account: Account, three: Three
) -> None:
    change(shop, "lost", "worker")
    assert shop.run("release").code == 0
    lost = shop.account.running()["worker"]
    change(shop, "found", "worker")
    assert shop.run("release").code == 0
    account.client("ecs").deregister_task_definition(taskDefinition=lost)
    shop.front.reset()
    before = shop.account.running()
    ran = shop.run("rollback")
    assert ran.code == 3, ran.told
    assert f"{lost.rsplit('/', 1)[-1]}, which worker ran under release" in ran.told
    assert "is INACTIVE" in ran.told
    assert shop.front.calls("ecs", "UpdateService") == []
    assert shop.account.running() == before


def test_it_is_refused_before_any_change_when_the_image_is_gone(
    shop: Shop, book: Book, account: Account, three: Three
) -> None:
    """Last in this file: what is deleted stays so."""
    ecr = account.client("ecr")
    digest = digests(book.of(three[0]))["app"]
    held = ecr.describe_images(repositoryName="architecturedeck", imageIds=[{"imageDigest": digest}])["imageDetails"]
    manifest = ecr.batch_get_image(repositoryName="architecturedeck", imageIds=[{"imageDigest": digest}])["images"]
    ecr.batch_delete_image(repositoryName="architecturedeck", imageIds=[{"imageDigest": digest}])
    try:
        ran = shop.run("rollback", "--to", three[0])
    finally:
        for tag in held[0].get("imageTags", ["back"]):
            ecr.put_image(
                repositoryName="architecturedeck", imageManifest=manifest[0]["imageManifest"],
                imageManifestMediaType=manifest[0]["imageManifestMediaType"], imageTag=tag,
            )  # fmt: skip
    assert ran.code == 3, ran.told
    assert f"the registry no longer holds {shop.environ['DEPLOYTOOL_REGISTRY']}/architecturedeck@{digest}" in ran.told
    assert shop.front.calls("ecs", "UpdateService") == []


def test_history_status_and_stats_know_of_it(shop: Shop, book: Book, three: Three) -> None:
    assert shop.run("rollback").code == 0
    output = shop.run("history", "--limit", "1000").out
    assert [line for line in output.splitlines() if line.lstrip().startswith("★") and three[1] in line], output
    assert f"rollback to {three[1]}" in shop.run("history", book.newest["release_id"]).out
    status = shop.run("status")
    assert "drifted" not in status.told
    commit = book.of(three[1])["commit"]["sha"]
    assert {row["commit"]["sha"] for row in book.read("status")["services"]} == {commit}
    assert shop.run("stats").code == 0
