"""How often to ask ECS: seldom while tasks start, more often when a rollout is about to end, and then less and less."""

from __future__ import annotations

from collections.abc import Iterable

from deploytool.core.observed import ServiceState
from deploytool.core.verdict_model import Rollout
from deploytool.core.waiting import wanted

FAR = 1.8
NEAR = 0.4
SLOWER = 1.4
"""Parts of the usual pause. Draining lasts a second or minutes: each look that does not see its end makes the next
pause longer, so that we are late by a share of what it took, and a long one costs no more calls than any wait."""
FAILING = 1.2
"""As ``FAR``, once a task failed or ECS rolls back: a failed release is to end within 1.5 s of the rollback, calls and
exit included. Few releases fail, so that costs few calls."""


def nearly_there(open_ones: Iterable[tuple[Rollout, ServiceState | None]]) -> bool:
    """Whether all new tasks of every rollout still open run, so that ECS only drains old ones before it is done."""
    return all(state is not None and _all_run(rollout, state) for rollout, state in open_ones)


def pause(near_looks: int, *, failing: bool = False) -> float:
    """Part of the usual pause, after so many looks in a row that were ``nearly_there``.

    ``failing`` is true once a task failed.
    """
    longest = FAILING if failing else FAR
    return min(longest, NEAR * SLOWER ** (near_looks - 1)) if near_looks else longest


def _all_run(rollout: Rollout, state: ServiceState) -> bool:
    primary = state.primary
    if primary is None or (primary.id != rollout.deployment_id and primary.rollout_state != "IN_PROGRESS"):
        return False  # ours is not listed yet
    return primary.running >= wanted(primary, state) and not primary.pending
