"""All or nothing: when one service failed, every one that moved goes back to the revision before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from deploytool.core.events import StepBegan
from deploytool.core.plan_model import ServiceChange
from deploytool.core.verdict_model import Fate
from deploytool.run.ports import World
from deploytool.run.rollout import Watched, update, watch


def put_back(
    moved: Sequence[Watched],
    changes: Sequence[ServiceChange],
    timeout: float,
    world: World,
    seen: Callable[[Watched], None],
) -> tuple[Watched, ...]:
    """Stop what still rolls, and wait until each service is where it was.

    ECS's own rollback is awaited rather than raced. A service that somebody else moved on meanwhile is left to them.
    Returns the way back of each service that needed one.
    """
    origin = {change.key: change for change in changes}
    world.tell(StepBegan("put back", ", ".join(service.key for service in moved)))
    waiting = tuple(replace(each, going_back=True) for each in moved if each.verdict.fate is Fate.ROLLING_BACK)
    ours = [each for each in moved if each.verdict.fate not in (Fate.ROLLING_BACK, Fate.ROLLED_BACK, Fate.SUPERSEDED)]
    sent = update(
        [(each.key, each.state or origin[each.key].before, origin[each.key].back_to) for each in ours],
        world,
        going_back=True,
        began=seen,
    )
    return watch(waiting + sent, timeout, world, stop_early=False, seen=seen) if waiting or sent else ()
