"""All or nothing: when one service failed, every one that moved goes back to the revision before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from deploytool.core.events import StepBegan
from deploytool.core.observed import ServiceState, revision
from deploytool.core.plan_model import ServiceChange
from deploytool.core.verdict import judge
from deploytool.core.verdict_model import Fate, Verdict
from deploytool.errors import DeployError
from deploytool.run.ports import World
from deploytool.run.rollout import noted, update, watch
from deploytool.run.watched import Watched

PUT_BACK = "put back"
SETTLED = frozenset({Fate.ROLLING_BACK, Fate.ROLLED_BACK, Fate.SUPERSEDED})
"""Fates that leave nothing for us to do: ECS is at it, has done it, or the service is somebody else's by now."""


def send_back(
    moved: Sequence[Watched],
    changes: Sequence[ServiceChange],
    world: World,
    seen: Callable[[Watched], None],
) -> None:
    """As :func:`put_back` begins, without waiting: a cancelled job has seconds, a rollout takes minutes.

    ECS is asked to stop the rollout it is in; where it cannot, the service is updated to the revision before.
    """
    origin = {change.key: change for change in changes}
    _began(moved, world)

    def on_its_way(way: Watched) -> None:
        state, back_to = way.state or origin[way.key].before, origin[way.key].back_to
        seen(replace(way, going_back=True, state=replace(state, task_definition=back_to)))

    rolling = [each for each in moved if each.verdict.fate in (Fate.WAITING, Fate.PAUSED)]
    stopped = {each.key for each in rolling if world.ecs.stop_rollout(each.rollout)}
    for each in moved:
        if each.key in stopped or each.verdict.fate is Fate.ROLLING_BACK:
            on_its_way(replace(each, verdict=Verdict(Fate.ROLLING_BACK, "ECS is rolling back")))
    left = [each for each in moved if each.key not in stopped and each.verdict.fate not in SETTLED]
    update(
        [(each.key, each.state or origin[each.key].before, origin[each.key].back_to) for each in left],
        world,
        going_back=True,
        began=on_its_way,
    )


def put_back(
    moved: Sequence[Watched],
    changes: Sequence[ServiceChange],
    timeout: float,
    world: World,
    seen: Callable[[Watched], None],
) -> tuple[Watched, ...]:
    """Stop what still rolls, and wait until each service is where it was.

    ECS's own rollback is awaited rather than raced. A service that somebody else moved on meanwhile is left to them.
    Returns the way back of each service that needed one. One that cannot be sent back keeps no other from it: its
    DeployError is raised when they are back.
    """
    origin = {change.key: change for change in changes}
    _began(moved, world)
    waiting = tuple(replace(each, going_back=True) for each in moved if each.verdict.fate is Fate.ROLLING_BACK)
    ours = [each for each in moved if each.verdict.fate not in SETTLED]
    sent: list[Watched] = []
    failure: DeployError | None = None
    try:
        update(
            [(each.key, each.state or origin[each.key].before, origin[each.key].back_to) for each in ours],
            world,
            going_back=True,
            began=sent.append,
        )
    except DeployError as error:  # raised again below, once the others are back
        failure = error
    there = {each.key: each for each in ours}
    ways = (*waiting, *(_after(there[way.key], way) for way in sent))
    for way in ways:
        seen(way)
    ended = watch(ways, timeout, world, stop_early=False, seen=lambda way: seen(_truly(way, there))) if ways else ()
    if failure is not None:
        raise failure
    return tuple(_truly(way, there) for way in ended)


def _began(moved: Sequence[Watched], world: World) -> None:
    names = ", ".join(service.key for service in moved)
    world.tell(StepBegan(PUT_BACK, names))
    noted(world, lambda: world.journal.step_began(PUT_BACK, names))


def look_again(moved: Sequence[Watched], world: World) -> tuple[Watched, ...]:
    """Whom somebody else, or ECS itself, moved since they were last looked at: those are not ours to put back."""
    try:
        states = world.ecs.services([each.rollout.service for each in moved])
    except DeployError:  # going back is safe without it, and what AWS says then is told
        return tuple(moved)
    return tuple(_seen_again(each, states.get(each.rollout.service)) for each in moved)


def _seen_again(service: Watched, state: ServiceState | None) -> Watched:
    verdict = judge(service.rollout, state, None, False, service.sighting)
    if verdict.fate in (Fate.SUPERSEDED, Fate.ROLLING_BACK, Fate.ROLLED_BACK):
        return replace(service, verdict=verdict, state=state)
    return service


def _after(there: Watched, way: Watched) -> Watched:
    """The way back begins where the way there ended, even if the last reading was from before it."""
    if not there.rollout.deployment_id:
        return way
    return replace(
        way,
        rollout=replace(
            way.rollout,
            previous_deployment_id=there.rollout.deployment_id,
            previous_task_definition=there.rollout.task_definition,
        ),
    )


def _truly(way: Watched, sent: Mapping[str, Watched]) -> Watched:
    """ECS rolling back *our* way back is a return only where it ends on the revision that we asked for.

    ECS returns to the last deployment that completed. That is the one before the release, or, where the release was
    live already, the version that failed.
    """
    if way.key not in sent or way.verdict.fate is not Fate.ROLLED_BACK:
        return way
    running = way.state.task_definition if way.state else ""
    if revision(running) == revision(way.rollout.task_definition):
        return way
    return replace(way, verdict=Verdict(Fate.FAILED, way.verdict.detail))
