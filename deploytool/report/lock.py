"""Who has the lock, for people and for scripts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from deploytool.core.lease import HolderKind, Holding, describe, may_take
from deploytool.report.wording import clean


def lock_text(environment: str, holding: Holding | None, now: datetime) -> str:
    """One line, and more where there is a link or someone who waits."""
    if holding is None or not holding.owner:
        return f"{environment} is free"
    told = [f"{environment} is locked by {clean(describe(holding, now))}"]
    if holding.run_url:
        told.append(f"  see {clean(holding.run_url)}")
    if holding.superseded_by:
        told.append(f"  it was asked to give way to release {clean(holding.superseded_by)}")
    if may_take(holding, now):
        told.append("  it has expired: the next release takes it")
    elif holding.kind is HolderKind.HOLD:
        told.append("  end the freeze with `deploytool lock release`")
    return "\n".join(told)


def lock_document(environment: str, holding: Holding | None, now: datetime) -> dict[str, Any]:
    """``deploytool lock show --output json``; ``holder`` is null where the lock is free."""
    held = holding is not None and bool(holding.owner)
    return {
        "schema": 1,
        "environment": environment,
        "locked": held and not may_take(holding, now),
        "fence": holding.fence if holding else 0,
        "holder": _holder(holding) if holding and held else None,
    }


def _holder(holding: Holding) -> dict[str, Any]:
    return {
        "id": holding.owner,
        "kind": holding.kind.value,
        "actor": holding.actor,
        "reason": holding.reason,
        "run_url": holding.run_url,
        "since": holding.since.isoformat() if holding.since else None,
        "expires": holding.expires.isoformat() if holding.expires else None,
        "superseded_by": holding.superseded_by or None,
    }
