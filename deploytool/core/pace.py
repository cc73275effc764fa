"""How often to ask ECS: seldom while tasks start, more often when a rollout is about to end, and then less and less."""

from __future__ import annotations

from collections.abc import Iterable

from deploytool.core.observed import ServiceState
from deploytool.core.verdict_model import Rollout
from deploytool.core.waiting import deployment_of

FAR = 1.8
NEAR = 0.4
SLOWER = 1.4
"""Parts of the usual pause. Draining lasts a second or minutes: each look that does not see its end makes the next
pause longer, so that we are late by a share of what it took, and a long one costs no more calls than any wait."""


def nearly_there(open_ones: Iterable[tuple[Rollout, ServiceState | None]]) -> bool:
    """Whether all new tasks of every rollout still open run, so that ECS only drains old ones before it is done."""
    return all(state is not None and _all_run(rollout, state) for rollout, state in open_ones)


def pause(near_looks: int) -> float:
    """Part of the usual pause, after so many looks in a row that were ``nearly_there``."""
    return min(FAR, NEAR * SLOWER ** (near_looks - 1)) if near_looks else FAR


def _all_run(rollout: Rollout, state: ServiceState) -> bool:
    ours = deployment_of(rollout, state)
    return ours is not None and ours.running >= ours.desired and not ours.pending
