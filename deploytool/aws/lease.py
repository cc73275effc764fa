"""The lock as one run has it: taken or waited for, renewed while the process lives, checked before each change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType

from deploytool.aws.conditional import ConditionFailed
from deploytool.aws.lock import Lock
from deploytool.core.lease import (
    MARGIN,
    HolderKind,
    Holding,
    IfBusy,
    LeaseLost,
    Locked,
    Step,
    SupersededBy,
    margin_of,
    next_step,
)
from deploytool.errors import DeployError
from deploytool.run.ports import Clock

TTL = 30.0
"""Seconds that a lease outlives its last renewal; a killed run's lock is free after this and the clocks' margin."""

Now = Callable[[], datetime]


def utc_now() -> datetime:
    """Wall clock; leases of several machines are compared by it."""
    return datetime.now(UTC)


def acquire(
    lock: Lock,
    *,
    owner: str,
    clock: Clock,
    actor: str = "",
    run_url: str = "",
    reason: str = "",
    if_busy: IfBusy = "refuse",
    wait_seconds: float = 0.0,
    ttl: float = TTL,
    now: Now = utc_now,
    waiting: Callable[[Holding], None] = lambda _: None,
) -> Lease:
    """The lock for release ``owner``, at once or within ``wait_seconds``; ``waiting`` hears of each holder once.

    What is live is to be looked at after this returned: whoever was waited for has changed it. Raises Locked,
    SupersededBy where ``owner`` is older than who is there, Cancelled, LedgerMissing, CloudError.
    """

    def wish(moment: datetime) -> Holding:
        return Holding(
            owner=owner,
            actor=actor,
            run_url=run_url,
            reason=reason,
            since=moment,
            expires=moment + timedelta(seconds=ttl),
        )

    mine = _obtain(lock, owner, wish, if_busy, wait_seconds, clock, now, waiting, margin_of(ttl))
    return Lease(lock, mine, ttl, now)


def hold(
    lock: Lock,
    *,
    owner: str,
    clock: Clock,
    actor: str,
    reason: str,
    lasts: timedelta | None = None,
    wait_seconds: float = 0.0,
    now: Now = utc_now,
) -> Holding:
    """Freeze deployments, until somebody frees the lock or for as long as it ``lasts``. Raises as ``acquire``."""

    def wish(moment: datetime) -> Holding:
        expires = None if lasts is None else moment + lasts
        return Holding(owner=owner, kind=HolderKind.HOLD, actor=actor, reason=reason, since=moment, expires=expires)

    return _obtain(lock, owner, wish, "wait", wait_seconds, clock, now, lambda _: None)


def _obtain(
    lock: Lock,
    owner: str,
    wish: Callable[[datetime], Holding],
    if_busy: IfBusy,
    wait_seconds: float,
    clock: Clock,
    now: Now,
    waiting: Callable[[Holding], None],
    margin: timedelta = MARGIN,
) -> Holding:
    deadline = clock.monotonic() + wait_seconds
    told = ""
    while True:
        seen, moment = lock.read(), now()
        step = next_step(seen, owner, moment, if_busy, margin)
        if seen is None or step is Step.TAKE:
            if mine := lock.take(seen, wish(moment)):
                return mine
            continue
        if step is Step.GIVE_WAY:
            raise SupersededBy(owner, max(seen.owner, seen.superseded_by))
        if step is Step.SUPERSEDE:
            lock.supersede(seen, owner)
        if step is Step.REFUSE or clock.monotonic() >= deadline:
            raise Locked(lock.environment, seen, moment)
        if seen.owner != told:
            told = seen.owner
            waiting(seen)
        clock.sleep(clock.pace())


class Lease:
    """Port ``run.ports.Lease``. Renewed by a thread until ``release``, which leaving the ``with`` block calls."""

    def __init__(self, lock: Lock, mine: Holding, ttl: float, now: Now) -> None:
        self._lock = lock
        self._mine = mine
        self._ttl = ttl
        self._now = now
        self._over = threading.Event()
        self._lost: LeaseLost | None = None
        # Nobody waits for it at the end: a process that must end now leaves a lease that expires.
        threading.Thread(target=self._keep, name="lease", daemon=True).start()

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    @property
    def fence(self) -> int:
        """Higher than that of every lease before."""
        return self._mine.fence

    @property
    def superseded_by(self) -> str:
        """The newer release that asked us to give way, as of the last renewal; empty where none did."""
        return self._mine.superseded_by

    def check(self) -> None:
        """Still ours, for another TTL. One conditional write: it reads, judges and renews at one instant.

        Raises LeaseLost, SupersededBy, CloudError.
        """
        self._renew()
        if self._mine.superseded_by:
            raise SupersededBy(self._mine.owner, self._mine.superseded_by)

    def noticed(self) -> None:
        """What the last renewal saw, without a call. Raises LeaseLost, SupersededBy."""
        if self._lost is not None:
            raise self._lost
        if self._mine.superseded_by:
            raise SupersededBy(self._mine.owner, self._mine.superseded_by)

    def release(self) -> None:
        """Free the lock, where it is still ours; may be called again. Raises CloudError."""
        if not self._over.is_set():
            self._over.set()
            self._lock.free(self._mine)

    def _renew(self) -> None:
        try:
            self._mine = self._lock.renew(self._mine, self._now() + timedelta(seconds=self._ttl))
        except ConditionFailed as failed:
            self._over.set()
            self._lost = LeaseLost(self._mine.owner, failed.item.get("owner", {}).get("S", ""))
            raise self._lost from failed

    def _keep(self) -> None:
        while not self._over.wait(self._ttl / 3):
            try:
                self._renew()
            except LeaseLost:
                return
            except DeployError:
                # AWS does not answer just now. The next change asks again and tells; until then there is nothing to do.
                continue
