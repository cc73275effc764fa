"""Move services to their new revisions together, and watch all of them in one poll until each fate is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from deploytool.core.diagnosis import of_service, of_task
from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.events import Explained, ServiceMoved, Warned
from deploytool.core.lease import LeaseLost, SupersededBy
from deploytool.core.observed import Deployment, ServiceDeployment, ServiceState, Task
from deploytool.core.pace import nearly_there, pause
from deploytool.core.verdict import judge
from deploytool.core.verdict_model import Fate, Rollout, Verdict
from deploytool.core.waiting import waiting_for
from deploytool.errors import CloudError, CloudUnreachable, DeployError
from deploytool.run.cancel import Cancelled
from deploytool.run.ports import World
from deploytool.run.target_health import with_target_health
from deploytool.run.unresolved import with_images

LOG_LINES = 50
LISTING_LAG = (0.25, 0.5, 0.5)
"""Seconds between the looks for the stopped tasks of a deployment that failed."""
WAITING = Verdict(Fate.WAITING)


@dataclass(frozen=True)
class Watched:
    """One service on its way."""

    key: str
    rollout: Rollout
    verdict: Verdict = WAITING
    state: ServiceState | None = None
    going_back: bool = False
    explained: tuple[Diagnosis, ...] = ()
    tasks_seen: frozenset[str] = frozenset()
    blind: bool = False
    """Its stopped tasks cannot be read; told once."""

    @property
    def hopeless(self) -> bool:
        """Failed for certain, or a task showed a fault that no second try can mend, and none did."""
        if self.verdict.fate is Fate.LIVE:
            return False
        return self.verdict.failed or any(diagnosis.fatal for diagnosis in self.explained)


def update(
    wanted: Sequence[tuple[str, ServiceState, str]],
    world: World,
    *,
    going_back: bool = False,
    began: Callable[[Watched], None] = lambda _: None,
) -> tuple[Watched, ...]:
    """Exactly one UpdateService for each (key, state before, revision), all at once.

    ``began`` is told of each one that AWS accepted, also when another one fails and raises, and of one that got no
    answer: it may have begun.
    """
    if not wanted:
        return ()
    if going_back:
        still_ours(world)
    else:
        world.journal.moving({key: revision for key, _, revision in wanted})
        world.lease.check()  # last, so that nothing slow lies between the answer and the change

    def one(item: tuple[str, ServiceState, str]) -> Watched:
        key, before, revision = item
        try:
            rollout = world.ecs.update_service(before, revision)
        except CloudUnreachable as error:
            unknown = Rollout(before.name, "", revision, before.primary.id if before.primary else "",
                              before.task_definition)  # fmt: skip
            verdict = Verdict(Fate.FAILED, f"nobody knows whether it began: {error.cause}")
            began(Watched(key, unknown, verdict, before, going_back))
            raise
        # From here on this is what the service is set to, even if no later look succeeds.
        watched = Watched(key, rollout, state=replace(before, task_definition=revision), going_back=going_back)
        began(watched)
        return watched

    with ThreadPoolExecutor(max_workers=min(len(wanted), 8)) as pool:
        sent = [pool.submit(one, item) for item in wanted]  # map() would drop what still waits when one fails
    for each in sent:
        if not each.exception():
            done = each.result()
            noting = partial(world.journal.moved, done.key, done.rollout.deployment_id, done.rollout.task_definition)
            noted(world, noting) if going_back else noting()
    return tuple(each.result() for each in sent)


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

    One DescribeServices (ten services each) and one DescribeServiceDeployments per tick, whatever the number of
    services. ``timeout`` is in seconds; what is unsettled by then is judged as timed out. Without ``stop_early`` there
    is nothing better to do than to wait, also while AWS does not answer.
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
        world.clock.sleep(world.clock.pace() * pause(near_looks))


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
    verdict = judge(service.rollout, state, detail, out_of_time)
    shown = verdict if verdict.detail else replace(verdict, detail=waiting_for(service.rollout, state, detail))
    service = replace(service, verdict=shown, state=state)
    ours = _ours(service, state)
    world.tell(
        ServiceMoved(service.key, shown, ours.running if ours else 0, state.desired if state else 0, service.going_back)
    )
    if state is not None and _worth_explaining(service, state):
        service = explain(service, state, detail, world)
    return service


def _worth_explaining(service: Watched, state: ServiceState) -> bool:
    ours = _ours(service, state)
    return not service.blind and (service.verdict.failed or bool(ours and ours.failed_tasks > len(service.tasks_seen)))


def _ours(service: Watched, state: ServiceState | None) -> Deployment | None:
    listed = state.deployments if state else ()
    return next((each for each in listed if each.id == service.rollout.deployment_id), None)


def explain(service: Watched, state: ServiceState, detail: ServiceDeployment | None, world: World) -> Watched:
    """Capture why tasks of this rollout ended while ECS still knows: stopped tasks vanish within the hour."""
    try:
        fresh = _fresh(service, world)
        if service.verdict.failed and not (service.explained or service.tasks_seen):
            # ECS may call a deployment failed a moment before its tasks are listed as stopped.
            for seconds in LISTING_LAG:
                if fresh:
                    break
                world.clock.sleep(seconds)
                fresh = _fresh(service, world)
    except Cancelled:
        raise
    except DeployError as error:  # an explanation less; the rollout itself is judged without it
        world.tell(Warned(f"why tasks of {service.key} ended cannot be read: {error.cause}. {error.fix}"))
        fresh, service = [], replace(service, blind=True)
    found = [of_task(task, _log(task, world)) for task in fresh]
    if service.verdict.failed and not (found or service.explained):
        # A task's own end says why; what the service says about itself only says that.
        found.extend(of_service(state.events, _ours(service, state), detail))
    found = [with_target_health(with_images(each, service.rollout, world), state, world) for each in found]
    known = {(diagnosis.code, diagnosis.cause) for diagnosis in service.explained}
    new = []
    for diagnosis in found:
        if (diagnosis.code, diagnosis.cause) not in known:
            known.add((diagnosis.code, diagnosis.cause))
            new.append(replace(diagnosis, subject=diagnosis.subject or service.key))
            world.tell(Explained(new[-1]))
    return replace(
        service,
        explained=service.explained + tuple(new),
        tasks_seen=service.tasks_seen | {task.arn for task in fresh},
    )


def _fresh(service: Watched, world: World) -> list[Task]:
    return [task for task in world.ecs.failed_tasks(service.rollout) if task.arn not in service.tasks_seen]


def _log(task: Task, world: World) -> tuple[str, ...]:
    """Lines of the container that failed, else of the first that has a log."""
    order = sorted(task.containers, key=lambda each: (each.exit_code in (0, None), not each.essential))
    place = next((container.log for container in order if container.log), None)
    return world.logs.tail(place, LOG_LINES) if place else ()
