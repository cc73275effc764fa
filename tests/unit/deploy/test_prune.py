"""What may be removed, as tables: whatever any service runs or any rollback needs stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytool.deploy.prune import (
    Ledgers,
    PruneItem,
    RegistryImage,
    Revision,
    families_of,
    judge_images,
    judge_revisions,
    prune_document,
    prune_text,
    read_ledgers,
)
from deploytool.ledger.record import MigrationRecord, Record, ServiceRecord
from deploytool.release.model import Result
from tests.unit.ledger.rollback_cases import made, newest_first
from tests.unit.release.plan_cases import arn

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")


def released(number: int, **more: object) -> Record:
    """Release ``rN``: app on revision N of its family, made of image N."""
    name = f"r{number}"
    record = made(name, f"r{number - 1}" if number > 1 else "")
    wanted = {
        "running": {"app": arn("app", number)},
        "services": {"app": ServiceRecord("app", arn("app", number - 1), arn("app", number))},
        "images": {"app": digest(number)},
        "migration": MigrationRecord(revision=arn("migrate", number)),
        **more,
    }
    return replace(record, **wanted)  # type: ignore[arg-type]  # fields of Record, by name


def digest(number: int) -> str:
    return f"sha256:{number:064}"


FOUR = newest_first(*(released(number) for number in (1, 2, 3, 4)))


@pytest.mark.parametrize(
    ("records", "keep", "stays"),
    [
        (FOUR, 2, {3, 4}),
        (FOUR, 3, {2, 3, 4}),
        (FOUR, 9, {1, 2, 3, 4}),
        ((), 2, set()),
        # A release that failed keeps nothing, and counts for nothing.
        (newest_first(*reversed(FOUR), replace(released(5), result=Result.ROLLED_BACK)), 2, {3, 4}),
        # Nobody knows yet what one without an end needs: neither its own revision nor the one before may go.
        (newest_first(*reversed(FOUR[1:]), replace(released(6), result=None, running={})), 2, {2, 3, 5, 6}),
        # Back and forth between two versions does not push out a third.
        (
            newest_first(*reversed(FOUR), replace(released(3), release_id="r5", restores="r3", previous="r4"),
                         replace(released(4), release_id="r6", restores="r4", previous="r3")),
            3, {2, 3, 4},
        ),
        # What the next rollback goes to stays, however few versions are to be kept.
        (newest_first(*reversed(FOUR), replace(released(2), release_id="r5", restores="r2", previous="r4")), 1, {1, 2}),
    ],
)  # fmt: skip
def test_the_versions_that_a_rollback_may_need_stay(records: tuple[Record, ...], keep: int, stays: set[int]) -> None:
    needed = read_ledgers({"production": records}, keep).needed
    assert {number for number in range(1, 9) if arn("app", number) in needed} == stays


def test_every_environment_keeps_its_own() -> None:
    ledgers = read_ledgers({"production": FOUR, "staging": (released(1),)}, 2)
    assert ledgers.needed[arn("app", 1)] == "release r1 in staging"
    assert ledgers.needed[digest(4)] == "release r4 in production"
    assert arn("migrate", 4) in ledgers.needed
    assert arn("app", 2) not in ledgers.needed
    assert arn("app", 2) in ledgers.known


def test_a_release_that_came_to_nothing_names_nothing() -> None:
    nothing = released(1, services={"app": ServiceRecord("app", arn("app", 1))}, migration=MigrationRecord(), images={})
    assert read_ledgers({"production": (replace(nothing, result=Result.REFUSED, running={}),)}, 2).known == frozenset()


LEDGERS = Ledgers(
    {arn("app", 3): "release r3 in production", A: "release r3 in production"},
    frozenset({arn("app", 1), arn("app", 2), arn("app", 3), arn("app", 4), A, B}),
    frozenset({"1" * 40}),
)


@pytest.mark.parametrize(
    ("number", "used", "reasons"),
    [
        (1, {}, ()),
        (1, {arn("app", 1): "service app in cluster staging runs it"}, ("service app in cluster staging runs it",)),
        (3, {}, ("release r3 in production",)),
        (5, {}, ("newest of its family", "no release of this app made it")),
        (
            3,
            {arn("app", 3): "service app in cluster shop runs it"},
            ("service app in cluster shop runs it", "release r3 in production"),
        ),
    ],
)
def test_a_revision_stays_for_each_of_these_reasons(
    number: int, used: dict[str, str], reasons: tuple[str, ...]
) -> None:
    revisions = [Revision(arn("app", each)) for each in (1, 2, 3, 4, 5)]
    found = {item.resource: item for item in judge_revisions(revisions, used, LEDGERS, {"app"})}
    assert found[Revision(arn("app", number))].reasons == reasons
    assert found[Revision(arn("app", number))].removable is not bool(reasons)


def test_the_newest_is_told_by_its_number() -> None:
    ledgers = replace(LEDGERS, known=frozenset({arn("app", 9), arn("app", 10)}))
    ten, nine = Revision(arn("app", 10)), Revision(arn("app", 9))
    assert [(item.resource, item.removable) for item in judge_revisions((ten, nine), {}, ledgers, {"app"})] == [
        (nine, True),
        (ten, False),
    ]


def test_families_of_others_are_not_even_judged() -> None:
    assert judge_revisions([Revision(arn("other", 1))], {}, LEDGERS, {"app"}) == ()


def image(digest: str, *tags: str) -> RegistryImage:
    return RegistryImage("shop", digest, tags)


@pytest.mark.parametrize(
    ("held", "runs", "reasons"),
    [
        (image(B, "1" * 40), "", ()),
        (image(B, "1" * 12 + "-app"), "", ()),
        (image(B), "", ()),
        (image(A, "1" * 40), "", ("release r3 in production",)),
        (image(B, "1" * 40), f"registry.test/shop@{B}", ("app:2 runs it",)),
        (image(B, "1" * 40), f"registry.test/shop@{A}", ()),
        (image(B, "1" * 40), f"registry.test/shop:{'1' * 40}", ("app:2 runs it",)),
        (image(B, "1" * 40), f"registry.test/web-shop:{'1' * 40}", ()),
        (image(B, "1" * 40), "registry.test/shop:latest", ()),
        (image(B, "1" * 40, "latest"), "", ("has the tag latest, which is not ours",)),
        (image(B, "111111"), "", ("has the tag 111111, which is not ours",)),
        (image(B, "2" * 40), "", (f"has the tag {'2' * 40}, which is not ours",)),
        (image(C, "1" * 40), "", ("no release of this app made it",)),
        (image(C), "", ("no release of this app made it",)),
    ],
)
def test_an_image_stays_for_each_of_these_reasons(held: RegistryImage, runs: str, reasons: tuple[str, ...]) -> None:
    (judged,) = judge_images([held], [Revision(arn("app", 2), (runs,))], LEDGERS)
    assert judged.reasons == reasons
    assert judged.removable is not bool(reasons)


def test_what_is_judged_has_a_name_for_people() -> None:
    assert (Revision(arn("app", 7)).name, Revision(arn("app", 7)).family) == ("app:7", "app")
    assert image(A, "x", "y").name == "shop@sha256:aaaaaaaaaaaa… (x, y)"
    assert image(A).name == "shop@sha256:aaaaaaaaaaaa…"


ITEMS = (PruneItem(Revision(arn("app", 1))), PruneItem(image(A, "x"), ("release r3 in production",)))


def test_the_text_lists_what_is_to_delete_first_and_why_the_rest_is_kept() -> None:
    assert prune_text(ITEMS).splitlines() == [
        "to delete: 1 item:",
        "  revision  app:1",
        "to keep: 1 item:",
        "  image  shop@sha256:aaaaaaaaaaaa… (x)  release r3 in production",
    ]
    assert prune_text(()) == "to delete: 0 items\nto keep: 0 items"


def test_the_document_names_arns_and_digests() -> None:
    document = prune_document(ITEMS, applied=False)
    assert [item["name"] for item in document["items"]] == [arn("app", 1), A]


def test_only_the_arns_of_task_definitions_have_a_family() -> None:
    assert families_of([arn("app", 2), arn("app", 1), arn("worker", 1), A]) == ["app", "worker"]
