"""The lock's item in DynamoDB, and the lease on it that one run holds.

Each change is one conditional write, so that of two who race exactly one succeeds. A lease is acquired or waited for,
renewed by a thread while the process lives, and checked before each change to AWS.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

from deploytool.aws.session import Session
from deploytool.errors import DeployError, LeaseLost, SupersededBy
from deploytool.ledger.lock import (
    MARGIN,
    REFUSE,
    HolderKind,
    LockConflictPolicy,
    Locked,
    LockState,
    LockStep,
    acquired_by,
    margin_of,
    next_step,
)
from deploytool.ledger.store import ConditionFailed, conditional_call
from deploytool.release.ports import Clock

_TEXTS = ("owner", "actor", "run_url", "reason", "superseded_by")
_OWNED = "#owner = :owner AND fence = :fence"


class Lock:
    """The lock of one app in one environment. Every call may raise LedgerMissing and CloudError."""

    def __init__(self, session: Session, table: str, app: str, environment: str) -> None:
        self._client = session.client("dynamodb")
        self._table = table
        self._key = {"pk": {"S": f"{app}#{environment}"}, "sk": {"S": "lock"}}
        self.environment = environment

    def read(self) -> LockState | None:
        """As it is now, by a consistent read; ``None`` where there never was one."""
        answer = conditional_call(self._client, "get_item", self._table, Key=self._key, ConsistentRead=True)
        return _lock_state(answer["Item"]) if "Item" in answer else None

    def take(self, seen: LockState | None, request: LockState) -> LockState | None:
        """Take the lock that was acquirable when ``seen``; ``None`` where another run was faster."""
        mine = acquired_by(seen, request)
        condition, values = "attribute_not_exists(pk)", {}
        if seen is not None:
            # The fence changes with the owner, the expiry with each renewal: neither may have happened since.
            values = {":fence": {"N": str(seen.fencing_token)}}
            condition = "fence = :fence AND attribute_not_exists(expires)"
            if seen.expires is not None:
                values[":expires"] = {"S": seen.expires.isoformat()}
                condition = "fence = :fence AND expires = :expires"
        try:
            conditional_call(
                self._client,
                "put_item",
                self._table,
                Item={**self._key, **_item(mine)},
                ConditionExpression=condition,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **({"ExpressionAttributeValues": values} if values else {}),
            )
        except ConditionFailed as failed:
            # A retry after a lost answer meets our own first write.
            holder = _lock_state(failed.item)
            return mine if (holder.owner, holder.fencing_token) == (mine.owner, mine.fencing_token) else None
        return mine

    def renew(self, mine: LockState, expires: datetime) -> LockState:
        """Ours until ``expires``. Raises ConditionFailed where it is not ours any more."""
        return self._update(mine, "SET expires = :expires", {":expires": {"S": expires.isoformat()}})

    def supersede(self, seen: LockState, by: str) -> bool:
        """Ask the owner that was seen to yield to release ``by``; false where it is gone."""
        try:
            self._update(seen, "SET superseded_by = :by", {":by": {"S": by}})
        except ConditionFailed:
            return False
        return True

    def free(self, seen: LockState) -> bool:
        """Release the lock of ``seen``; false where it no longer has it. The fencing token stays, to be counted on."""
        removed = "#owner, kind, actor, run_url, reason, since, expires, superseded_by"
        try:
            self._update(seen, f"REMOVE {removed}", {})
        except ConditionFailed:
            return False
        return True

    def _update(self, seen: LockState, expression: str, values: Mapping[str, Any]) -> LockState:
        answer = conditional_call(
            self._client,
            "update_item",
            self._table,
            Key=self._key,
            UpdateExpression=expression,
            ConditionExpression=_OWNED,
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={":owner": {"S": seen.owner}, ":fence": {"N": str(seen.fencing_token)}, **values},
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return _lock_state(answer["Attributes"])


def _item(lock_state: LockState) -> dict[str, Any]:
    texts = {name: str(getattr(lock_state, name)) for name in _TEXTS}
    moments = {name: moment.isoformat() for name in ("since", "expires") if (moment := getattr(lock_state, name))}
    written = {name: {"S": text} for name, text in {**texts, **moments, "kind": lock_state.kind.value}.items() if text}
    return {**written, "fence": {"N": str(lock_state.fencing_token)}}


def _lock_state(item: Mapping[str, Any]) -> LockState:
    texts: dict[str, Any] = {name: item[name]["S"] for name in _TEXTS if name in item}
    return LockState(
        fencing_token=int(item["fence"]["N"]) if "fence" in item else 0,
        kind=HolderKind(item["kind"]["S"]) if "kind" in item else HolderKind.RELEASE,
        since=_moment(item, "since"),
        expires=_moment(item, "expires"),
        **texts,
    )


def _moment(item: Mapping[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(item[name]["S"]) if name in item else None


DEFAULT_TTL = 30.0
"""Seconds that a lease outlives its last renewal; a killed run's lock is free after this and the clocks' margin."""

Now = Callable[[], datetime]


def utc_now() -> datetime:
    """Wall clock; leases of several machines are compared by it."""
    return datetime.now(UTC)


def acquire(
    lock: Lock,
    request: LockState,
    clock: Clock,
    *,
    conflict: LockConflictPolicy = REFUSE,
    ttl: float = DEFAULT_TTL,
    now: Now = utc_now,
    waiting: Callable[[LockState], None] = lambda _: None,
) -> Lease:
    """The lock for a release, at once or as ``conflict`` says; ``waiting`` is called once for each holder.

    ``request`` names owner, actor, run and reason. Inspect only after this returned: whoever was waited for changed
    what is live. Raises Locked, SupersededBy where the owner is older than the holder, Cancelled, LedgerMissing,
    CloudError.
    """
    lifetime = timedelta(seconds=ttl)
    return Lease(lock, _acquire(lock, request, clock, conflict, lifetime, now, waiting, margin_of(ttl)), ttl, now)


def hold(
    lock: Lock,
    request: LockState,
    clock: Clock,
    *,
    lasts: timedelta | None = None,
    wait_seconds: float = 0.0,
    now: Now = utc_now,
) -> LockState:
    """Freeze deployments, until the lock is released or for as long as it ``lasts``. Raises as ``acquire``."""
    freeze = replace(request, kind=HolderKind.HOLD)
    conflict = LockConflictPolicy("wait", wait_seconds)
    return _acquire(lock, freeze, clock, conflict, lasts, now, lambda _: None, MARGIN)


def _acquire(
    lock: Lock,
    request: LockState,
    clock: Clock,
    conflict: LockConflictPolicy,
    lifetime: timedelta | None,
    now: Now,
    waiting: Callable[[LockState], None],
    margin: timedelta,
) -> LockState:
    deadline = clock.monotonic() + conflict.wait_seconds
    reported = ""
    while True:
        seen, moment = lock.read(), now()
        step = next_step(seen, request.owner, moment, conflict.if_busy, margin)
        if seen is None or step is LockStep.TAKE:
            expires = None if lifetime is None else moment + lifetime
            if mine := lock.take(seen, replace(request, since=moment, expires=expires)):
                return mine
            continue
        if step is LockStep.YIELD:
            raise SupersededBy(request.owner, max(seen.owner, seen.superseded_by))
        if step is LockStep.SUPERSEDE:
            lock.supersede(seen, request.owner)
        if step is LockStep.REFUSE or clock.monotonic() >= deadline:
            raise Locked(lock.environment, seen, moment)
        if seen.owner != reported:
            reported = seen.owner
            waiting(seen)
        clock.sleep(clock.pace())


class Lease:
    """Port ``release.ports.Lease``. Renewed by a thread until ``release``, which leaving the ``with`` block calls."""

    def __init__(self, lock: Lock, mine: LockState, ttl: float, now: Now) -> None:
        self._lock = lock
        self._mine = mine
        self._ttl = ttl
        self._now = now
        self._over = threading.Event()
        self._lost: LeaseLost | None = None
        # A daemon: a process that must end now leaves a lease that expires.
        threading.Thread(target=self._keep, name="lease", daemon=True).start()

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    @property
    def fencing_token(self) -> int:
        """Higher than that of every lease before."""
        return self._mine.fencing_token

    @property
    def superseded_by(self) -> str:
        """The newer release that asked us to yield, as of the last renewal; empty where none did."""
        return self._mine.superseded_by

    def check(self) -> None:
        """Still ours, for another TTL. One conditional write: it reads, judges and renews at one instant.

        Raises LeaseLost, SupersededBy, CloudError.
        """
        self._renew()
        if self._mine.superseded_by:
            raise SupersededBy(self._mine.owner, self._mine.superseded_by)

    def raise_if_lost(self) -> None:
        """What the last renewal saw, without a call. Raises LeaseLost, SupersededBy."""
        if self._lost is not None:
            raise self._lost
        if self._mine.superseded_by:
            raise SupersededBy(self._mine.owner, self._mine.superseded_by)

    def release(self) -> None:
        """Release the lock, where it is still ours; may be called again. Raises CloudError."""
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
                # AWS does not answer just now. The check before the next change raises, if it still does not.
                continue
