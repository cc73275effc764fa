"""Who may take the lock, as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from deploytool.errors import LeaseLost, SupersededBy
from deploytool.ledger.lock import (
    MARGIN,
    HolderKind,
    IfBusy,
    InUse,
    LockConflictPolicy,
    Locked,
    LockState,
    LockStep,
    acquired_by,
    describe,
    is_acquirable,
    is_releasable,
    margin_of,
    next_step,
)
from tests.unit.ledger.records import NOW

OLDER, OWNER, NEWER = "20261123-110000-aaaa", "20261123-120000-bbbb", "20261123-130000-cccc"
HELD = LockState(fencing_token=4, owner=OWNER, actor="mona", since=NOW, expires=NOW + timedelta(seconds=30))
FROZEN = LockState(fencing_token=4, owner="hold-1", kind=HolderKind.HOLD, actor="mona", reason="sale", since=NOW)
SHORT = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("holding", "passed", "may"),
    [
        (None, timedelta(), True),
        (LockState(fencing_token=9), timedelta(), True),
        (HELD, timedelta(), False),
        (HELD, timedelta(seconds=30), False),
        (HELD, timedelta(seconds=30) + MARGIN, False),
        (HELD, timedelta(seconds=30) + MARGIN + SHORT, True),
        (FROZEN, timedelta(days=365), False),
        (replace(FROZEN, expires=NOW + timedelta(hours=2)), timedelta(hours=2) + MARGIN, False),
        (replace(FROZEN, expires=NOW + timedelta(hours=2)), timedelta(hours=2) + MARGIN + SHORT, True),
    ],
)
def test_the_lock_may_be_taken_when_it_is_free_or_long_expired(
    holding: LockState | None, passed: timedelta, may: bool
) -> None:
    assert is_acquirable(holding, NOW + passed) is may


@pytest.mark.parametrize(
    ("holding", "who", "if_busy", "step"),
    [
        (None, NEWER, "refuse", LockStep.TAKE),
        (LockState(fencing_token=3), NEWER, "refuse", LockStep.TAKE),
        (HELD, NEWER, "refuse", LockStep.REFUSE),
        (HELD, NEWER, "wait", LockStep.WAIT),
        (HELD, OLDER, "wait", LockStep.WAIT),
        (HELD, NEWER, "supersede", LockStep.SUPERSEDE),
        (HELD, OLDER, "supersede", LockStep.YIELD),
        (replace(HELD, superseded_by=NEWER), NEWER, "supersede", LockStep.WAIT),
        (replace(HELD, superseded_by=NEWER), f"{NEWER}d", "supersede", LockStep.SUPERSEDE),
        (replace(HELD, superseded_by=f"{NEWER}d"), NEWER, "supersede", LockStep.YIELD),
        (FROZEN, NEWER, "wait", LockStep.WAIT),
        (FROZEN, NEWER, "refuse", LockStep.REFUSE),
        (FROZEN, NEWER, "supersede", LockStep.REFUSE),
    ],
)
def test_what_is_done_follows_from_who_has_the_lock_when_it_is_wanted(
    holding: LockState | None, who: str, if_busy: IfBusy, step: LockStep
) -> None:
    assert next_step(holding, who, NOW, if_busy) is step


def test_the_lock_is_taken_when_it_expired_whatever_was_to_be_done_if_busy() -> None:
    later = NOW + timedelta(minutes=1)
    assert {next_step(HELD, OLDER, later, if_busy) for if_busy in ("wait", "refuse", "supersede")} == {LockStep.TAKE}


def test_nothing_of_the_owner_before_is_left_when_the_lock_is_taken() -> None:
    wish = LockState(owner=NEWER, actor="ada", run_url="u", reason="r", since=NOW, expires=NOW)
    assert acquired_by(replace(HELD, superseded_by=NEWER), wish) == replace(wish, fencing_token=5)
    assert acquired_by(None, replace(wish, kind=HolderKind.HOLD)) == replace(
        wish, fencing_token=1, kind=HolderKind.HOLD
    )


@pytest.mark.parametrize(
    ("holding", "seconds", "told"),
    [
        (HELD, 0, f"release {OWNER} of mona since 2026-11-23 12:00:00 UTC (0 s)"),
        (HELD, -3, f"release {OWNER} of mona since 2026-11-23 12:00:00 UTC (0 s)"),
        (HELD, 119, f"release {OWNER} of mona since 2026-11-23 12:00:00 UTC (119 s)"),
        (HELD, 120, f"release {OWNER} of mona since 2026-11-23 12:00:00 UTC (2 min)"),
        (HELD, 7199, f"release {OWNER} of mona since 2026-11-23 12:00:00 UTC (119 min)"),
        (HELD, 7200, f"release {OWNER} of mona since 2026-11-23 12:00:00 UTC (2 h)"),
        (FROZEN, 60, "a freeze of mona since 2026-11-23 12:00:00 UTC (60 s): sale"),
        (
            replace(FROZEN, expires=NOW + timedelta(hours=2)),
            60,
            "a freeze of mona since 2026-11-23 12:00:00 UTC (60 s) until 2026-11-23 14:00 UTC: sale",
        ),
        (LockState(owner=OWNER), 0, f"release {OWNER}"),
    ],
)
def test_who_has_the_lock_is_told_in_one_clause(holding: LockState, seconds: int, told: str) -> None:
    assert describe(holding, NOW + timedelta(seconds=seconds)) == told


def test_the_fix_names_the_way_out_when_it_is_locked() -> None:
    assert Locked("production", replace(HELD, expires=None), NOW).fix == "wait for it with --wait 10m"
    assert Locked("production", replace(FROZEN, run_url="u"), NOW).fix == (
        "ask mona first, then end the freeze with `deploytool lock release`; see u"
    )


@pytest.mark.parametrize(("passed", "left"), [(0, 30), (6.5, 24), (30, 0), (33, 0)])
def test_when_the_lease_ends_is_told_to_who_is_refused(passed: float, left: int) -> None:
    refused = Locked("production", HELD, NOW + timedelta(seconds=passed))
    assert refused.fix == (
        f"wait for it with --wait 10m: the lock is released automatically in {left} s if that run has died"
    )


@pytest.mark.parametrize(("ttl", "margin"), [(3600, 5), (30, 5), (6, 1), (1.5, 0.25)])
def test_the_margin_is_short_when_leases_are(ttl: float, margin: float) -> None:
    assert margin_of(ttl) == timedelta(seconds=margin)
    over = NOW + timedelta(seconds=30 + margin)
    for moment, step in ((over, LockStep.REFUSE), (over + SHORT, LockStep.TAKE)):
        assert next_step(HELD, NEWER, moment, "refuse", margin_of(ttl)) is step


@pytest.mark.parametrize(("holding", "seconds", "may"), [(HELD, 30, False), (HELD, 36, True), (FROZEN, 0, True)])
def test_a_lock_may_be_freed_when_no_release_runs_under_it(holding: LockState, seconds: int, may: bool) -> None:
    assert is_releasable(holding, NOW + timedelta(seconds=seconds)) is may


def test_what_force_does_is_told_when_the_lock_of_a_release_is_to_be_freed() -> None:
    refused = InUse("production", HELD, NOW)
    assert refused.cause.startswith(f"production is locked by release {OWNER}")
    assert "with --force it stops at its next change" in refused.fix
    assert refused.exit_code == 8


def test_each_failure_has_its_exit_code() -> None:
    assert Locked("production", HELD, NOW).exit_code == 8
    assert (LeaseLost(OWNER).exit_code, SupersededBy(OWNER, NEWER).exit_code) == (9, 9)
    assert LeaseLost(OWNER).cause == f"release {OWNER} lost the lock"
    assert LeaseLost(OWNER, NEWER).cause == f"release {OWNER} lost the lock to release {NEWER}"


@pytest.mark.parametrize(
    ("if_busy", "wait", "policy"),
    [
        (None, None, LockConflictPolicy("refuse", 600)),
        (None, 5.0, LockConflictPolicy("wait", 5)),
        ("wait", None, LockConflictPolicy("wait", 600)),
        ("supersede", 30.0, LockConflictPolicy("supersede", 30)),
    ],
)
def test_the_options_decide_what_to_do_about_a_lock_conflict(
    if_busy: IfBusy | None, wait: float | None, policy: LockConflictPolicy
) -> None:
    assert LockConflictPolicy.of(if_busy, wait) == policy
