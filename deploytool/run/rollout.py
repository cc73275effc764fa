"""Move services to their new revisions together, and watch all of them in one poll until each fate is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from deploytool.core.events import ServiceMoved, Warned
from deploytool.core.lease import LeaseLost, SupersededBy
from deploytool.core.observed import ServiceDeployment, ServiceState
from deploytool.core.pace import nearly_there, pause
from deploytool.core.verdict import judge
from deploytool.core.verdict_model import Fate, Rollout, Verdict
from deploytool.core.waiting import waiting_for
from deploytool.errors import CloudError, CloudUnreachable
from deploytool.run.explain import explain, worth_explaining
from deploytool.run.ports import World
from deploytool.run.watched import Watched

AT_ONCE = 8
"""Calls of UpdateService at the same time."""
Wish = tuple[str, ServiceState, str]
"""A service's key, how it was found, and the revision that it is to run."""


def update(
    wanted: Sequence[Wish],
    world: World,
    *,
    going_back: bool = False,
    began: Callable[[Watched], None] = lambda _: None,
) -> tuple[Watched, ...]:
    """Exactly one UpdateService for each, all at once.

    ``began`` is told of each one that AWS accepted, also when another one fails and raises, and of one that got no
    answer: it may have begun. Raises CloudError, LeaseLost, SupersededBy.
    """
    if not wanted:
        return ()
    if going_back:
        still_ours(world)
    else:
        world.journal.moving({key: revision for key, _, revision in wanted})
        world.lease.check()  # last, so that nothing slow lies between the answer and the change
    with ThreadPoolExecutor(max_workers=min(len(wanted), AT_ONCE)) as pool:
        # map() would drop what still waits when one fails
        sent = [pool.submit(_send, wish, world, going_back, began) for wish in wanted]
    for each in sent:
        if not each.exception():
            done = each.result()
            noting = partial(world.journal.moved, done.key, done.rollout.deployment_id, done.rollout.task_definition)
            noted(world, noting) if going_back else noting()
    return tuple(each.result() for each in sent)


def _send(wish: Wish, world: World, going_back: bool, began: Callable[[Watched], None]) -> Watched:
    key, before, revision = wish
    try:
        rollout = world.ecs.update_service(before, revision)
    except CloudUnreachable as error:
        primary = before.primary.id if before.primary else ""
        unknown = Rollout(before.name, "", revision, primary, before.task_definition)
        verdict = Verdict(Fate.FAILED, f"nobody knows whether it began: {error.cause}")
        began(Watched(key, unknown, verdict, before, going_back))
        raise
    # From here on this is what the service is set to, even if no later look succeeds.
    watched = Watched(key, rollout, state=replace(before, task_definition=revision), going_back=going_back)
    began(watched)
    return watched


def noted(world: World, note: Callable[[], None]) -> None:
    """A ledger that cannot be written keeps nobody from going back; a lease that is lost does."""
    try:
        note()
    except LeaseLost:
        raise
    except CloudError as error:
        world.tell(Warned(f"the ledger does not show how services go back: {error.cause}"))


def still_ours(world: World) -> None:
    """Only a lease that is lost forbids going back: it is giving way, and must not wait for a ledger that is down."""
    try:
        try:
            world.lease.check()
        except CloudError:
            world.lease.noticed()
    except SupersededBy:
        return


def watch(
    services: tuple[Watched, ...],
    timeout: float,
    world: World,
    *,
    stop_early: bool,
    seen: Callable[[Watched], None] = lambda _: None,
) -> tuple[Watched, ...]:
    """Poll until every service is settled, or, with ``stop_early``, until one of them is hopeless.

    Each look asks for all of them at once (``Ecs.services``, ``Ecs.service_deployments``). ``timeout`` is in seconds;
    what is unsettled by then is judged as timed out. Without ``stop_early`` there is nothing better to do than to wait,
    also while AWS does not answer. Raises Cancelled, CloudError, and with ``stop_early`` LeaseLost and SupersededBy.
    """
    deadline = world.clock.monotonic() + timeout
    blind = False
    near_looks = 0
    while True:
        out_of_time = world.clock.monotonic() >= deadline
        try:
            services = _look(services, world, out_of_time=out_of_time)
        except CloudUnreachable as error:
            if stop_early or out_of_time:
                raise
            if not blind:
                blind = True
                world.tell(Warned(f"ECS cannot be read, and is asked again until it can: {error.cause}"))
        for service in services:
            seen(service)
        if all(service.verdict.settled for service in services):
            return services
        if stop_early and any(service.hopeless for service in services):
            return services
        if stop_early:
            world.lease.noticed()
        near = nearly_there((each.rollout, each.state) for each in services if not each.verdict.settled)
        near_looks = near_looks + 1 if near else 0
        world.clock.sleep(world.clock.pace() * pause(near_looks, failing=any(each.failing for each in services)))


def _look(services: tuple[Watched, ...], world: World, *, out_of_time: bool) -> tuple[Watched, ...]:
    open_ones = [service for service in services if not service.verdict.settled]
    states = world.ecs.services([service.rollout.service for service in open_ones])
    details = world.ecs.service_deployments([service.rollout for service in open_ones])
    return tuple(
        service if service.verdict.settled else _judge(service, states, details, world, out_of_time=out_of_time)
        for service in services
    )


def _judge(
    service: Watched,
    states: Mapping[str, ServiceState],
    details: Mapping[str, ServiceDeployment],
    world: World,
    *,
    out_of_time: bool,
) -> Watched:
    name = service.rollout.service
    state, detail = states.get(name), details.get(name)
    sighting, absent_since = service.seen_in(state, world.clock.monotonic())
    verdict = judge(service.rollout, state, detail, out_of_time, sighting)
    shown = verdict if verdict.detail else replace(verdict, detail=waiting_for(service.rollout, state, detail))
    service = replace(service, verdict=shown, state=state, sighting=sighting, absent_since=absent_since)
    ours = service.deployment
    world.tell(
        ServiceMoved(service.key, shown, ours.running if ours else 0, state.desired if state else 0, service.going_back)
    )
    if state is not None and worth_explaining(service):
        service = explain(service, state, detail, world)
    return service
