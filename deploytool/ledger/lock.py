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

    fence: int = 0
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

    def __init__(self, environment: str, holding: LockState, now: datetime) -> None:
        self.holding = holding
        fix = HELD_FOR
        if holding.expires:
            # How long waiting takes if its run was killed; a run that lives renews its lease.
            left = max(math.ceil((holding.expires - now).total_seconds()), 0)
            fix = f"{HELD_FOR}: its lease ends in {left} s unless it is renewed"
        if holding.kind is HolderKind.HOLD:
            fix = "ask them, then end the freeze with `deploytool lock release`"
        link = f"; see {holding.run_url}" if holding.run_url else ""
        super().__init__(f"{environment} is locked by {describe(holding, now)}", f"{fix}{link}")


class InUse(Locked):
    """The lock that is to be freed belongs to a release that runs."""

    def __init__(self, environment: str, holding: LockState, now: datetime) -> None:
        super().__init__(environment, holding, now)
        self.fix = "let it end, or cancel it; with --force it stops at its next change and leaves things as they are"


def margin_of(ttl: float) -> timedelta:
    """``MARGIN``, or less where leases of ``ttl`` seconds are so short that all their runs must be on one machine."""
    return min(MARGIN, timedelta(seconds=ttl / 6))


def is_acquirable(holding: LockState | None, now: datetime, margin: timedelta = MARGIN) -> bool:
    """Nobody has the lock, or whoever had it stopped renewing it longer ago than clocks differ."""
    if holding is None or not holding.owner:
        return True
    return holding.expires is not None and now > holding.expires + margin


def is_releasable(holding: LockState, now: datetime) -> bool:
    """A freeze is anybody's to end; a release's lock only once the release is gone."""
    return holding.kind is HolderKind.HOLD or is_acquirable(holding, now)


def next_step(
    holding: LockState | None, owner: str, now: datetime, if_busy: IfBusy, margin: timedelta = MARGIN
) -> LockStep:
    """What release (or hold) ``owner`` does. Release ids sort by time, so that a newer one never gives way to an older.

    A freeze is waited for or refused, never superseded.
    """
    if holding is None or is_acquirable(holding, now, margin):
        return LockStep.TAKE
    if if_busy == "refuse":
        return LockStep.REFUSE
    if if_busy == "wait":
        return LockStep.WAIT
    if holding.kind is HolderKind.HOLD:
        return LockStep.REFUSE
    if max(holding.owner, holding.superseded_by) > owner:
        return LockStep.GIVE_WAY
    return LockStep.WAIT if holding.superseded_by == owner else LockStep.SUPERSEDE


def acquired_by(holding: LockState | None, wish: LockState) -> LockState:
    """The lock once ``wish`` has it: the next fence, and no mark of what was before."""
    return LockState(
        fence=(holding.fence if holding else 0) + 1,
        owner=wish.owner,
        kind=wish.kind,
        actor=wish.actor,
        run_url=wish.run_url,
        reason=wish.reason,
        since=wish.since,
        expires=wish.expires,
    )


def describe(holding: LockState, now: datetime) -> str:
    """Who has it, since when and why, in one clause."""
    who = f"release {holding.owner}" if holding.kind is HolderKind.RELEASE else "a freeze"
    parts = [who]
    if holding.actor:
        parts.append(f"of {holding.actor}")
    if holding.since:
        parts.append(f"since {holding.since:%Y-%m-%d %H:%M:%S %Z} ({_ago(now - holding.since)})".replace(" )", ")"))
    if holding.kind is HolderKind.HOLD and holding.expires:
        parts.append(f"until {holding.expires:%Y-%m-%d %H:%M %Z}")
    told = " ".join(parts)
    return f"{told}: {holding.reason}" if holding.reason else told


def _ago(passed: timedelta) -> str:
    seconds = max(int(passed.total_seconds()), 0)
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 2 * 3600 else f"{seconds // 3600} h"
