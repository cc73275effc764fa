"""What is live is what ECS runs: which record explains it, and what is said of what none explains."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from deploytool.ecs.model import ServiceState
from deploytool.ledger.live import (
    Drift,
    different_versions,
    drift,
    drift_text,
    failed_before,
    goes_backwards,
    live_record,
    overwritten,
)
from deploytool.ledger.record import Kind, Record, ServiceRecord
from deploytool.release.model import Commit, ObservedService, Result
from tests.unit.ledger.records import NOW, finished, record

OLD, NEW = "a" * 40, "b" * 40


def service(key: str, arn: str, image: str = "") -> ObservedService:
    containers = {"containerDefinitions": [{"image": image}]} if image else {}
    return ObservedService(key, ServiceState(f"shop-{key}", "", "shop", "ACTIVE", arn, 1, 1, 0), containers)


def serving(app: str, worker: str = "arn:worker:1", image: str = "") -> dict[str, ObservedService]:
    return {"app": service("app", app, image), "worker": service("worker", worker, image)}


def release(name: str, app: str, worker: str = "arn:worker:1", result: Result = Result.RELEASED, **more: Any) -> Record:
    services = {
        "app": ServiceRecord("shop-app", "arn:app:0", more.pop("meant", app)),
        "worker": ServiceRecord("shop-worker", "arn:worker:0", worker),
    }
    return replace(finished(record(name, services=services), result), running={"app": app, "worker": worker}, **more)


R1, R2 = release("r1", "arn:app:1"), release("r2", "arn:app:2", images={"app": "sha256:2"})
REFUSED = release("r3", "arn:app:7", result=Result.REFUSED, meant=None)
PUT_BACK = release("r3", "arn:app:7", result=Result.ROLLED_BACK, meant="arn:app:3")
LEFT = release("r3", "arn:app:3", result=Result.ROLLBACK_INCOMPLETE, meant="arn:app:3")

LIVE = [
    pytest.param([R2, R1], serving("arn:app:2"), "r2", id="the last release runs"),
    pytest.param([R2, R1], serving("arn:app:1"), "r1", id="somebody put an older release back"),
    pytest.param([R2, R1], serving("arn:app:9"), None, id="somebody deployed one service"),
    pytest.param([R2, R1], serving("arn:app:2", "arn:worker:9"), None, id="somebody deployed the other one"),
    pytest.param([REFUSED, R2, R1], serving("arn:app:7"), None, id="a refused release explains nothing"),
    pytest.param([PUT_BACK, R2, R1], serving("arn:app:7"), None, id="nor one that was rolled back to drift"),
    pytest.param([], serving("arn:app:1"), None, id="nothing was released"),
    pytest.param([R1], {}, None, id="nothing runs"),
    pytest.param([R1], {"new": service("new", "arn:new:1")}, None, id="no record knows the service"),
    pytest.param([R2], {**serving("arn:app:2"), "new": service("new", "arn:new:1")}, "r2", id="a service was added"),
    pytest.param([R2], serving("arn:app:9", image="shop@sha256:2"), "r2", id="infra apply changed the memory"),
    pytest.param([R2], serving("arn:app:9", image="shop@sha256:9"), None, id="other images"),
]


@pytest.mark.parametrize(("records", "serves", "live"), LIVE)
def test_the_live_release_is_the_one_that_explains_every_service(
    records: list[Record], serves: dict[str, ObservedService], live: str | None
) -> None:
    explains = live_record(serves, records)
    assert (explains.release_id if explains else None) == live


DRIFTS = [
    pytest.param([R2, R1], serving("arn:app:2"), (), id="none"),
    pytest.param(
        [REFUSED, R2, R1], serving("arn:app:7"), (Drift("app", "arn:app:7", "arn:app:2", "r2"),),
        id="a refused release does not launder what somebody deployed before",
    ),
    pytest.param([REFUSED, R2, R1], serving("arn:app:2"), (), id="nor invent it once it was put right"),
    pytest.param(
        [PUT_BACK, R2], serving("arn:app:7"), (Drift("app", "arn:app:7", "arn:app:2", "r2"),),
        id="a rolled back release put drift back",
    ),
    pytest.param(
        [LEFT, R2], serving("arn:app:3"), (Drift("app", "arn:app:3", "arn:app:2", "r2", left_by="r3"),),
        id="a release that failed left it",
    ),
    pytest.param(
        [REFUSED, release("r0", "arn:app:4", "arn:worker:4")], serving("arn:app:7", "arn:worker:4"),
        (Drift("app", "arn:app:7", "arn:app:4", "r0"),), id="nobody knows what it is",
    ),
    pytest.param([PUT_BACK], serving("arn:app:3"), (), id="nothing was ever live"),
    pytest.param(
        [R2, LEFT, R1], serving("arn:app:3"), (Drift("app", "arn:app:3", "arn:app:2", "r2"),),
        id="a release since then made another one live",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("records", "serves", "drifts"), DRIFTS)
def test_drift_is_measured_from_what_was_made_live(
    records: list[Record], serves: dict[str, ObservedService], drifts: tuple[Drift, ...]
) -> None:
    assert drift(serves, records) == drifts


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "app is running app:7, but release r2 deployed app:2 (changed outside deploytool)"),
        ({"left_by": "r3"}, "app is running app:7, which release r3 left; app:2 was live before"),
        ({"same_images": True}, "in a task definition changed since, as `deploytool infra apply` does"),
    ],
)
def test_drift_says_who_changed_it(more: dict[str, Any], words: str) -> None:
    assert words in drift_text(Drift("app", "arn/app:7", "arn/app:2", "r2", **more))


def test_a_foreign_deployment_is_named_when_it_is_about_to_be_replaced() -> None:
    foreign = serving("arn:app:7", "arn:worker:7")
    (warning,) = overwritten(foreign, [R2], ["app"])
    assert warning.startswith("app is running arn:app:7")
    assert warning.endswith("; this replaces it")
    assert overwritten(serving("arn:app:7", image="shop@sha256:2"), [R2], ["app"]) == ()


def of(commit: str, name: str, result: Result = Result.RELEASED, **more: Any) -> Record:
    return finished(record(name, commit=Commit(commit), **more), result, summary="it crashed")


BACK = of(OLD, "r3", kind=Kind.ROLLBACK, restores="r1", previous="r2")
BEFORE = [
    pytest.param([], "", id="never released"),
    pytest.param([of(NEW, "r2", Result.ROLLED_BACK)], "failed here at 2026-11-23 12:03 UTC (release r2): it crashed",
                 id="it failed"),
    pytest.param([of(NEW, "r2", Result.TIMED_OUT), of(NEW, "r1")], "failed here", id="it failed the second time"),
    pytest.param([of(NEW, "r2"), of(NEW, "r1", Result.ROLLED_BACK)], "", id="it was live since"),
    pytest.param([of(OLD, "r2", Result.ROLLED_BACK)], "", id="another commit failed"),
    pytest.param([of(NEW, "r2", Result.BUILD_FAILED)], "", id="it was not built"),
    pytest.param([of(NEW, "r3", Result.CANCELLED), of(NEW, "r2", Result.ROLLED_BACK)], "failed here", id="cancelled"),
    pytest.param([BACK, of(NEW, "r2"), of(OLD, "r1")], "was rolled back here at 2026-11-23 12:03 UTC by mona, to aaaa",
                 id="somebody rolled it back"),
    pytest.param([replace(BACK, actor=""), of(NEW, "r2")], "12:03 UTC, to aaaaaaa", id="nobody knows who did"),
    pytest.param([of(NEW, "r4"), BACK, of(NEW, "r2")], "", id="it was released again"),
    pytest.param([replace(BACK, previous="r0"), of(OLD, "r1")], "", id="another one was rolled back"),
]  # fmt: skip


@pytest.mark.parametrize(("records", "words"), BEFORE)
def test_what_became_of_a_commit_here_is_said(records: list[Record], words: str) -> None:
    warnings = failed_before(Commit(NEW), records)
    assert bool(warnings) == bool(words)
    assert all(words in text and text.startswith("bbbbbbb ") for text in warnings)


def test_a_record_without_an_end_is_dated_by_its_beginning() -> None:
    cut = replace(of(NEW, "r2", Result.ROLLED_BACK), ended_at=None, started_at=NOW + timedelta(hours=1))
    assert "at 2026-11-23 13:00 UTC" in failed_before(Commit(NEW), [cut])[0]


@pytest.mark.parametrize(
    ("number", "end"), [(1, "live: 0000000 Commit 0"), (5, "4444444 Commit 4"), (7, "4444444 Commit 4 and 2 more")]
)
def test_the_commits_that_would_be_dropped_are_named(number: int, end: str) -> None:
    (warning,) = goes_backwards(Commit(NEW), [Commit(str(n) * 40, f"Commit {n}") for n in range(number)])
    assert warning.startswith("bbbbbbb goes backwards: ")
    assert warning.endswith(end)


def test_nothing_is_said_when_no_commit_is_dropped() -> None:
    assert goes_backwards(Commit(NEW), []) == ()


@pytest.mark.parametrize(
    ("commits", "words"),
    [
        ({}, ""),
        ({"app": OLD, "worker": OLD}, ""),
        ({"app": OLD, "worker": ""}, ""),
        (
            {"app": OLD, "worker": NEW, "x": ""},
            "different versions: app aaaaaaa, worker bbbbbbb, x unknown",
        ),
    ],
)
def test_services_on_different_commits_are_said_to_be(commits: dict[str, str], words: str) -> None:
    assert different_versions(commits).endswith(words)
    assert bool(different_versions(commits)) == bool(words)
