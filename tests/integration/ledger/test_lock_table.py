"""The lock's item, against MiniStack's DynamoDB: who gets it, who keeps it, who is told to go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploytool.aws.session import Session
from deploytool.errors import LeaseLost, SupersededBy
from deploytool.ledger.lock import MARGIN, HolderKind, IfBusy, LockConflictPolicy, Locked, LockState
from deploytool.ledger.lock_store import Lease, Lock, acquire, hold
from deploytool.release.ports import Clock
from deploytool.sandbox.process import wait_until
from tests.integration.ledger.clocks import QuickClock

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
A, B, C = "20261123-120000-aaaa", "20261123-120100-bbbb", "20261123-120200-cccc"


def at(seconds: float) -> Any:
    """A wall clock that stands still."""
    return lambda: START + timedelta(seconds=seconds)


def taken_by(
    lock: Lock, owner: str, clock: Clock | None = None, if_busy: IfBusy = "refuse", wait: float = 0.0, **more: Any
) -> Lease:
    names = {name: more.pop(name) for name in ("actor", "run_url", "reason") if name in more}
    conflict = LockConflictPolicy(if_busy, wait)
    request = LockState(owner=owner, **names)
    return acquire(lock, request, clock or QuickClock(), conflict=conflict, **{"now": at(0), **more})


def freeze(reason: str = "x") -> LockState:
    return LockState(owner="hold-1", actor="mona", reason=reason)


def test_the_fence_rises_with_every_owner_when_the_lock_changes_hands(lock: Lock) -> None:
    fences = []
    for owner in (A, B, C):
        with taken_by(lock, owner) as lease:
            fences.append(lease.fencing_token)
    assert fences == [1, 2, 3]
    assert lock.read() == LockState(fencing_token=3)


def test_a_second_is_refused_with_who_why_since_and_link_when_the_lock_is_held(lock: Lock) -> None:
    with taken_by(lock, A, actor="mona", run_url="https://github.test/run/7", reason="release of 4f2a9c1"):
        with pytest.raises(Locked) as raised:
            taken_by(lock, B, now=at(10))
        assert raised.value.cause == (
            f"production is locked by release {A} of mona since 2026-11-23 12:00:00 UTC (10 s): release of 4f2a9c1"
        )
        assert raised.value.fix == (
            "wait for it with --wait 10m: the lock is released automatically in 20 s if that run has died"
            "; see https://github.test/run/7"
        )
        assert raised.value.exit_code == 8


def test_who_waits_gets_the_lock_when_the_owner_frees_it(lock: Lock) -> None:
    first = taken_by(lock, A)
    holders: list[str] = []
    waiter = taken_by(
        lock,
        B,
        QuickClock(first.release),
        "wait",
        5,
        now=at(1),
        waiting=lambda holder: holders.append(holder.owner),
    )
    with waiter:
        assert (waiter.fencing_token, holders) == (2, [A])


def test_who_waits_is_refused_when_the_time_is_over(lock: Lock) -> None:
    with taken_by(lock, A), pytest.raises(Locked, match=f"locked by release {A}"):
        taken_by(lock, B, if_busy="wait", wait=0.05)


def test_the_lock_of_a_killed_run_is_taken_only_when_ttl_and_margin_are_over(lock: Lock) -> None:
    taken_by(lock, A, ttl=30)
    over = 30 + MARGIN.total_seconds()
    with pytest.raises(Locked):
        taken_by(lock, B, now=at(over))
    with taken_by(lock, B, now=at(over + 0.001)) as second:
        assert second.fencing_token == 2


def test_the_old_owner_may_change_nothing_when_its_expired_lease_was_taken(lock: Lock) -> None:
    first = taken_by(lock, A, ttl=30)
    with taken_by(lock, B, now=at(60)):
        with pytest.raises(LeaseLost, match=f"lost the lock to release {B}"):
            first.check()
        first.release()
        there = lock.read()
        assert there is not None
        assert there.owner == B


def test_an_expired_lease_is_kept_when_its_owner_checks_before_anybody_takes_it(lock: Lock) -> None:
    moment = [START]
    first = taken_by(lock, A, now=lambda: moment[0], ttl=30)
    seen = lock.read()
    moment[0] = START + timedelta(seconds=100)
    first.check()
    assert lock.take(seen, LockState(owner=B)) is None
    with pytest.raises(Locked):
        taken_by(lock, B, now=at(100))


def test_the_owner_gives_way_when_a_newer_release_supersedes_it(lock: Lock) -> None:
    first = taken_by(lock, A)

    def give_way() -> None:
        with pytest.raises(SupersededBy, match=f"yields to the newer release {B}") as raised:
            first.check()
        assert (raised.value.by, first.superseded_by) == (B, B)
        first.release()

    with taken_by(lock, B, clock=QuickClock(give_way), if_busy="supersede", wait=5) as second:
        assert second.fencing_token == 2
        second.check()


def test_an_older_release_gives_way_when_it_would_supersede_a_newer_one(lock: Lock) -> None:
    with taken_by(lock, B), pytest.raises(SupersededBy, match=f"release {A} yields to the newer release {B}"):
        taken_by(lock, A, if_busy="supersede", wait=5)


def test_a_freeze_keeps_every_release_out_when_it_has_no_end(lock: Lock) -> None:
    hold(lock, freeze("black friday"), QuickClock(), now=at(0))
    policies: tuple[IfBusy, ...] = ("refuse", "supersede")
    for if_busy in policies:
        with pytest.raises(Locked, match=r"a freeze of mona since 2026-11-23 12:00:00 UTC \(8333 h\): black friday"):
            taken_by(lock, A, if_busy=if_busy, now=at(30_000_000))


def test_a_freeze_ends_by_itself_when_its_time_is_over(lock: Lock) -> None:
    hold(lock, freeze(), QuickClock(), lasts=timedelta(hours=2), now=at(0))
    with pytest.raises(Locked, match="until 2026-11-23 14:00 UTC"):
        taken_by(lock, A, now=at(7000))
    with taken_by(lock, A, now=at(7300)) as lease:
        assert lease.fencing_token == 2


def test_a_freeze_is_refused_when_a_release_runs(lock: Lock) -> None:
    with taken_by(lock, A), pytest.raises(Locked, match=f"release {A}"):
        hold(lock, freeze(), QuickClock(), now=at(1))


def test_a_release_runs_when_a_freeze_was_lifted(lock: Lock) -> None:
    frozen = hold(lock, freeze(), QuickClock(), now=at(0))
    assert frozen.kind is HolderKind.HOLD
    assert lock.free(frozen)
    assert not lock.free(frozen)
    with taken_by(lock, A) as lease:
        assert lease.fencing_token == 2


def test_the_lease_lives_on_when_its_owner_is_busy_for_longer_than_the_ttl(lock: Lock) -> None:
    with acquire(lock, LockState(owner=A), QuickClock(), ttl=0.3):
        before = lock.read()
        assert before is not None
        assert before.expires is not None
        later = before.expires + timedelta(seconds=0.3)

        def renewed() -> bool:
            now = lock.read()
            return now is not None and now.expires is not None and now.expires >= later

        wait_until("the renewed lease", renewed, seconds=10)


def test_the_owner_learns_that_it_is_superseded_when_it_only_waits(lock: Lock) -> None:
    with acquire(lock, LockState(owner=A), QuickClock(), ttl=0.3) as lease:
        there = lock.read()
        assert there is not None
        assert lock.supersede(there, B)
        wait_until("the owner", lambda: lease.superseded_by == B, seconds=10)


def test_nobody_is_told_to_go_when_the_owner_that_was_seen_has_gone(lock: Lock) -> None:
    with taken_by(lock, A):
        seen = lock.read()
    assert seen is not None
    assert not lock.supersede(seen, B)


def test_the_lock_counts_as_ours_when_the_answer_to_taking_it_was_lost(lock: Lock) -> None:
    request = LockState(owner=A, since=START, expires=START)
    assert lock.take(None, request) == lock.take(None, request)


def test_two_environments_do_not_meet_when_they_share_the_table(session: Session, table: str, lock: Lock) -> None:
    with taken_by(lock, A), taken_by(Lock(session, table, "shop", "staging"), B):
        pass
