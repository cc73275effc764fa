"""Who may change an environment: decided from the lock's item and the time, and from nothing else.

Times are compared between machines. Two clocks may differ by ``MARGIN`` before a lease that is still renewed can be
taken from its owner; beyond that nothing breaks, since the owner's next check finds a higher fence and it stops.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from deploytool.errors import DeployError, Exit

MARGIN = timedelta(seconds=5)
"""How far the clocks of two machines may be apart, where nobody asked for leases shorter than usual."""
HELD_FOR = "wait for it with --wait 10m"

IfBusy = Literal["wait", "refuse", "supersede"]


class HolderKind(StrEnum):
    """What has the lock."""

    RELEASE = "release"
    HOLD = "hold"
    """A person froze deployments."""


@dataclass(frozen=True)
class LockState:
    """The lock of one environment as it is written. ``fence`` never goes back, also while nobody has the lock."""

    fencing_token: int = 0
    owner: str = ""
    """Release id, or the hold's own; empty: free."""
    kind: HolderKind = HolderKind.RELEASE
    actor: str = ""
    run_url: str = ""
    reason: str = ""
    since: datetime | None = None
    expires: datetime | None = None
    """``None``: never by itself."""
    superseded_by: str = ""
    """Release id of a newer release that waits for this one to give way."""


class LockStep(StrEnum):
    """What who wants the lock does next."""

    TAKE = "take"
    WAIT = "wait"
    REFUSE = "refuse"
    SUPERSEDE = "supersede"
    """Tell the owner to give way, then wait."""
    GIVE_WAY = "give way"
    """Somebody newer is there already."""


class Locked(DeployError):
    """Another release, or a freeze, has the environment; nothing was changed."""

    exit_code = Exit.LOCKED

    def __init__(self, environment: str, lock_state: LockState, now: datetime) -> None:
        self.lock_state = lock_state
        fix = HELD_FOR
        if lock_state.expires:
            # How long waiting takes if its run was killed; a run that lives renews its lease.
            left = max(math.ceil((lock_state.expires - now).total_seconds()), 0)
            fix = f"{HELD_FOR}: its lease ends in {left} s unless it is renewed"
        if lock_state.kind is HolderKind.HOLD:
            fix = "ask them, then end the freeze with `deploytool lock release`"
        link = f"; see {lock_state.run_url}" if lock_state.run_url else ""
        super().__init__(f"{environment} is locked by {describe(lock_state, now)}", f"{fix}{link}")


class InUse(Locked):
    """The lock that is to be freed belongs to a release that runs."""

    def __init__(self, environment: str, lock_state: LockState, now: datetime) -> None:
        super().__init__(environment, lock_state, now)
        self.fix = "let it end, or cancel it; with --force it stops at its next change and leaves things as they are"


def margin_of(ttl: float) -> timedelta:
    """``MARGIN``, or less where leases of ``ttl`` seconds are so short that all their runs must be on one machine."""
    return min(MARGIN, timedelta(seconds=ttl / 6))


def is_acquirable(lock_state: LockState | None, now: datetime, margin: timedelta = MARGIN) -> bool:
    """Nobody has the lock, or whoever had it stopped renewing it longer ago than clocks differ."""
    if lock_state is None or not lock_state.owner:
        return True
    return lock_state.expires is not None and now > lock_state.expires + margin


def is_releasable(lock_state: LockState, now: datetime) -> bool:
    """A freeze is anybody's to end; a release's lock only once the release is gone."""
    return lock_state.kind is HolderKind.HOLD or is_acquirable(lock_state, now)


def next_step(
    lock_state: LockState | None, owner: str, now: datetime, if_busy: IfBusy, margin: timedelta = MARGIN
) -> LockStep:
    """What release (or hold) ``owner`` does. Release ids sort by time, so that a newer one never gives way to an older.

    A freeze is waited for or refused, never superseded.
    """
    if lock_state is None or is_acquirable(lock_state, now, margin):
        return LockStep.TAKE
    if if_busy == "refuse":
        return LockStep.REFUSE
    if if_busy == "wait":
        return LockStep.WAIT
    if lock_state.kind is HolderKind.HOLD:
        return LockStep.REFUSE
    if max(lock_state.owner, lock_state.superseded_by) > owner:
        return LockStep.GIVE_WAY
    return LockStep.WAIT if lock_state.superseded_by == owner else LockStep.SUPERSEDE


def acquired_by(lock_state: LockState | None, request: LockState) -> LockState:
    """The lock once ``wish`` has it: the next fence, and no mark of what was before."""
    return LockState(
        fencing_token=(lock_state.fencing_token if lock_state else 0) + 1,
        owner=request.owner,
        kind=request.kind,
        actor=request.actor,
        run_url=request.run_url,
        reason=request.reason,
        since=request.since,
        expires=request.expires,
    )


def describe(lock_state: LockState, now: datetime) -> str:
    """Who has it, since when and why, in one clause."""
    who = f"release {lock_state.owner}" if lock_state.kind is HolderKind.RELEASE else "a freeze"
    parts = [who]
    if lock_state.actor:
        parts.append(f"of {lock_state.actor}")
    if lock_state.since:
        parts.append(
            f"since {lock_state.since:%Y-%m-%d %H:%M:%S %Z} ({_ago(now - lock_state.since)})".replace(" )", ")")
        )
    if lock_state.kind is HolderKind.HOLD and lock_state.expires:
        parts.append(f"until {lock_state.expires:%Y-%m-%d %H:%M %Z}")
    told = " ".join(parts)
    return f"{told}: {lock_state.reason}" if lock_state.reason else told


def _ago(passed: timedelta) -> str:
    seconds = max(int(passed.total_seconds()), 0)
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 2 * 3600 else f"{seconds // 3600} h"
