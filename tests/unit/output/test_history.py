"""History, one release, lock, status and the ledger's notes as people read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from deploytool.ledger.live import Drift
from deploytool.ledger.lock import HolderKind, LockState
from deploytool.ledger.record import Kind, MigrationRecord, Record, ServiceRecord, StepRecord, StepState, step_began
from deploytool.output.history import (
    LockSighting,
    history_text,
    ledger_text,
    lock_text,
    record_text,
    status_services,
    status_text,
)
from deploytool.release.model import Commit, GithubRecord, Result, StepName
from tests.unit.cli.test_json_documents import SERVICES
from tests.unit.ledger.records import NOW, finished, record

LONG_SUBJECT = "Move the cart to a service of its own, part 2"


def test_history_says_so_when_nothing_is_recorded() -> None:
    assert history_text("production", (), "") == "no releases of production are recorded"


def test_history_marks_the_live_release_and_one_without_an_end() -> None:
    going_on = record("r-2", commit=Commit("b" * 40, LONG_SUBJECT))
    shown = history_text("production", (going_on, finished(record("r-1"))), "r-1").splitlines()
    assert shown[0] == "releases of production, newest first:"
    assert shown[2].split() == [
        *("2026-11-23", "12:00", "r-2", "release", "bbbbbbb"),
        *("Move", "the", "cart", "to", "a", "service", "of", "i…"),
        *("mona", "unfinished", "-"),
    ]  # fmt: skip
    assert shown[3].split()[0] == "★"
    assert shown[3].endswith("released    3 min")
    assert shown[4] == "★ live"


def test_history_has_no_legend_when_no_release_of_the_list_is_live() -> None:
    assert "★" not in history_text("production", (finished(record("r-1")),), "")


def test_a_release_is_shown_in_full_when_it_is_asked_for() -> None:
    rolled_back = replace(
        finished(record("r-2"), Result.ROLLED_BACK),
        kind=Kind.ROLLBACK,
        restores="r-0",
        pull_request=12,
        run_url="https://github.com/o/r/actions/runs/1",
        images={"app": "sha256:0123456789abcdef"},
        migration=MigrationRecord("arn:aws:ecs:us-east-1:1:task/shop/7f", "arn:td/shop-migrate:2", True),
        github=GithubRecord(7, 12, 3, "https://github.com/o/r/pull/12#issuecomment-3"),
        previous="r-1",
        summary="The release failed.",
        services={
            "app": ServiceRecord("shop-app", "arn:td/shop-app:7", "arn:td/shop-app:8"),
            "worker": ServiceRecord("shop-worker", "arn:td/shop-worker:3"),
        },
        running={"app": "arn:td/shop-app:7"},
        steps=(
            StepRecord(StepName.BUILD, StepState.ENDED, NOW, 31.0),
            StepRecord(StepName.DEPLOY, StepState.FAILED, NOW, 4.0, "app"),
            StepRecord(StepName.VERIFY, StepState.BEGAN, NOW),
        ),
    )
    assert record_text(rolled_back, "r-2").splitlines() == [
        "release      r-2 ★ live",
        "kind         rollback to r-0",
        "environment  shop in production",
        "commit       aaaaaaaaaaaa Add the cart (#12)",
        "who          mona",
        "run          https://github.com/o/r/actions/runs/1",
        "began        2026-11-23 12:00:00 UTC, took 3 min",
        "result       rolled back",
        "images       app 0123456789ab",
        "migration    7f",
        "deployment   7",
        "comment      https://github.com/o/r/pull/12#issuecomment-3",
        "before it    r-1",
        "",
        "  service  before         meant       left serving",
        "  app      shop-app:7     shop-app:8  shop-app:7",
        "  worker   shop-worker:3  no change   -",
        "",
        "  ✓  build   31 s",
        "  ✗  deploy  4.0 s                      app",
        "  …  verify  began, no end is recorded",
        "",
        "The release failed.",
    ]


def test_a_release_without_services_steps_and_end_is_its_facts() -> None:
    shown = record_text(record("r-1", services={}), "").splitlines()
    assert shown[-1] == "result       unfinished"
    assert "began        2026-11-23 12:00:00 UTC" in shown


RELEASE = LockState(
    5, "r-9", HolderKind.RELEASE, "mona", "https://run", "", NOW, NOW + timedelta(seconds=30), superseded_by="r-10"
)
FREEZE = LockState(4, "hold-1", HolderKind.HOLD, "mona", reason="black friday", since=NOW)


def test_an_environment_is_free_when_no_one_holds_its_lock() -> None:
    assert lock_text("production", None, NOW) == "production is free"
    assert lock_text("production", LockState(3), NOW) == "production is free"


def test_the_lock_names_its_run_and_the_release_that_waits() -> None:
    since = "since 2026-11-23 12:00:00 UTC (0 s)"
    assert lock_text("production", RELEASE, NOW).splitlines() == [
        f"production is locked by release r-9 of mona {since}",
        "  see https://run",
        "  it was asked to give way to release r-10",
    ]
    expired = lock_text("production", RELEASE, NOW + timedelta(hours=1)).splitlines()
    assert expired[-1] == "  it has expired: the next release takes it"


def test_the_lock_says_how_a_freeze_ends() -> None:
    shown = lock_text("production", FREEZE, NOW).splitlines()
    assert shown[0].endswith(": black friday")
    assert shown[1] == "  end the freeze with `deploytool lock release`"


def test_status_says_what_is_unknown_when_neither_ledger_nor_tags_name_a_release() -> None:
    services = status_services(SERVICES, {}, {})
    shown = status_text("production", services).splitlines()
    assert shown[2].split() == ["app", "unknown", "app:8", "1/2", "none", "-"]
    assert shown[3].split() == ["worker", "bbbbbbb", "w:3", "2/2", "none", "-"]
    completed = [{**services[0], "status": "succeeded", "release_id": "r-1"}, {**services[1], "status": "in_progress"}]
    shown = status_text("production", completed).splitlines()  # type: ignore[arg-type]  # TypedDicts, spread
    assert shown[2].split()[-2:] == ["completed", "r-1"]
    assert shown[3].split()[-3:] == ["in", "progress", "-"]


def test_the_ledger_adds_releases_without_an_end_and_changes_made_elsewhere() -> None:
    outside = Drift("app", "arn:td/app:9", "arn:td/app:8", "r-1")
    shown = ledger_text((outside, replace(outside, same_images=True)), (record("r-2"), finished(record("r-1"))))
    assert shown.splitlines()[1:] == [
        "! release r-2 of mona, begun 2026-11-23 12:00 UTC, has no end: it runs, or it was killed",
        "! app is running app:9, but release r-1 deployed app:8 (changed outside deploytool)",
        (
            "! app serves app:9: the images that release r-1 left under app:8, in a task definition changed since, as"
            " `deploytool infra apply` does"
        ),
    ]
    assert ledger_text((), ()) == ""


RUNNING = step_began(record("r-2"), StepName.VERIFY, "app", NOW)
MOMENT = NOW + timedelta(seconds=14)


@pytest.mark.parametrize(
    ("unfinished", "lock", "line"),
    [
        (RUNNING, LockState(1, "r-2", expires=MOMENT + timedelta(seconds=20)),
         "! release r-2 of mona, begun 2026-11-23 12:00 UTC, is running (verify, 14 s): not verified yet"),
        (record("r-2"), LockState(1, "r-2", expires=MOMENT + timedelta(seconds=20)), "(preparing, 14 s)"),
        (RUNNING, LockState(1, "r-2", expires=MOMENT - timedelta(minutes=3)), "finish (verify): the next release"),
        (RUNNING, LockState(1, "r-3", expires=MOMENT + timedelta(seconds=20)), "did not finish (verify)"),
        (RUNNING, LockState(1), "did not finish (verify)"),
        (RUNNING, None, "did not finish (verify)"),
    ],
)  # fmt: skip
def test_status_tells_a_release_that_runs_from_one_that_died(
    unfinished: Record, lock: LockState | None, line: str
) -> None:
    assert line in ledger_text((), (unfinished,), (), LockSighting(lock, MOMENT))


@pytest.mark.parametrize(
    ("lock", "shown"),
    [
        (FREEZE, "\n! deployments are frozen by a freeze"),
        (replace(FREEZE, expires=NOW - timedelta(hours=1)), ""),
        (LockState(1, "r-2", expires=NOW + timedelta(seconds=20)), ""),
        (None, ""),
    ],
)
def test_status_shows_a_freeze_until_it_has_ended(lock: LockState | None, shown: str) -> None:
    text = ledger_text((), (), (), LockSighting(lock, NOW))
    assert text.startswith(shown)
    assert bool(text) == bool(shown)
