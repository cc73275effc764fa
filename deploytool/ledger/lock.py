"""Who may change an environment: decided from the lock's item and the time alone.

Times are compared between machines. Two clocks may differ by ``MARGIN`` before a lease that is still renewed can be
taken from its owner. Beyond that nothing breaks: the owner's next check finds a higher fencing token, and it stops.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from deploytool.errors import DeployError, Exit

MARGIN = timedelta(seconds=5)
"""How far the clocks of two machines may be apart, for leases of the usual length."""
DEFAULT_WAIT = 600.0
"""Seconds to wait for another release where ``--wait`` does not say."""

IfBusy = Literal["wait", "refuse", "supersede"]


class HolderKind(StrEnum):
    """What has the lock."""

    RELEASE = "release"
    HOLD = "hold"
    """A person froze deployments."""


@dataclass(frozen=True)
class LockState:
    """The lock of one environment as it is written. The fencing token never decreases, also while it is unlocked."""

    fencing_token: int = 0
    owner: str = ""
    """Release id, or the freeze's own; empty: unlocked."""
    kind: HolderKind = HolderKind.RELEASE
    actor: str = ""
    run_url: str = ""
    reason: str = ""
    since: datetime | None = None
    expires: datetime | None = None
    """``None``: a freeze until it is released."""
    superseded_by: str = ""
    """Release id of a newer release that waits for this one to yield."""


@dataclass(frozen=True)
class LockConflictPolicy:
    """What to do where another release has the lock."""

    if_busy: IfBusy = "refuse"
    wait_seconds: float = 0.0

    @classmethod
    def of(cls, if_busy: IfBusy | None, wait: float | None) -> LockConflictPolicy:
        """From the options: ``--wait`` alone means to wait."""
        return cls(if_busy or ("refuse" if wait is None else "wait"), DEFAULT_WAIT if wait is None else wait)


REFUSE = LockConflictPolicy()


class LockStep(StrEnum):
    """What a run that needs the lock does next."""

    TAKE = "take"
    WAIT = "wait"
    REFUSE = "refuse"
    SUPERSEDE = "supersede"
    """Ask the owner to yield, then wait."""
    YIELD = "yield"
    """A newer release has the lock, or waits for it."""


class Locked(DeployError):
    """Another release, or a freeze, has the environment; nothing was changed."""

    exit_code = Exit.LOCKED

    def __init__(self, environment: str, lock_state: LockState, now: datetime) -> None:
        self.lock_state = lock_state
        fix = "wait for it with --wait 10m"
        if lock_state.expires:
            left = max(math.ceil((lock_state.expires - now).total_seconds()), 0)
            fix += f": the lock is released automatically in {left} s if that run has died"
        if lock_state.kind is HolderKind.HOLD:
            fix = f"ask {lock_state.actor or 'the owner'} first, then end the freeze with `deploytool lock release`"
        link = f"; see {lock_state.run_url}" if lock_state.run_url else ""
        super().__init__(f"{environment} is locked by {describe(lock_state, now)}", f"{fix}{link}")


class InUse(Locked):
    """The lock to be released belongs to a running release."""

    def __init__(self, environment: str, lock_state: LockState, now: datetime) -> None:
        super().__init__(environment, lock_state, now)
        self.fix = "wait for it or cancel it; with --force it stops at its next change, without a rollback"


def margin_of(ttl: float) -> timedelta:
    """``MARGIN``, or less where leases of ``ttl`` seconds are so short that all their runs must be on one machine."""
    return min(MARGIN, timedelta(seconds=ttl / 6))


def is_acquirable(lock_state: LockState | None, now: datetime, margin: timedelta = MARGIN) -> bool:
    """It is unlocked, or its lease expired longer ago than clocks differ."""
    if lock_state is None or not lock_state.owner:
        return True
    return lock_state.expires is not None and now > lock_state.expires + margin


def is_releasable(lock_state: LockState, now: datetime) -> bool:
    """Anyone may end a freeze; a release's lock only once its lease has expired."""
    return lock_state.kind is HolderKind.HOLD or is_acquirable(lock_state, now)


def next_step(
    lock_state: LockState | None, owner: str, now: datetime, if_busy: IfBusy, margin: timedelta = MARGIN
) -> LockStep:
    """What release (or freeze) ``owner`` does. Release ids sort by time: a newer one never yields to an older one.

    A freeze is never superseded.
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
        return LockStep.YIELD
    return LockStep.WAIT if lock_state.superseded_by == owner else LockStep.SUPERSEDE


def acquired_by(lock_state: LockState | None, request: LockState) -> LockState:
    """The lock once ``request`` has it, with the next fencing token."""
    return replace(request, fencing_token=(lock_state.fencing_token if lock_state else 0) + 1, superseded_by="")


def describe(lock_state: LockState, now: datetime) -> str:
    """Who has it, since when and why, in one clause."""
    parts = [f"release {lock_state.owner}" if lock_state.kind is HolderKind.RELEASE else "a freeze"]
    if lock_state.actor:
        parts.append(f"of {lock_state.actor}")
    if lock_state.since:
        parts.append(f"since {lock_state.since:%Y-%m-%d %H:%M:%S %Z} ({_ago(now - lock_state.since)})")
    if lock_state.kind is HolderKind.HOLD and lock_state.expires:
        parts.append(f"until {lock_state.expires:%Y-%m-%d %H:%M %Z}")
    holder = " ".join(parts)
    return f"{holder}: {lock_state.reason}" if lock_state.reason else holder


def _ago(passed: timedelta) -> str:
    seconds = max(int(passed.total_seconds()), 0)
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 2 * 3600 else f"{seconds // 3600} h"
