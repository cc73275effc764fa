"""Minutes may lie between plan and rollout: whoever deployed meanwhile is not overwritten."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from deploytool.ecs.deployment_model import DeploymentState, DeploymentStatus, Rollout
from deploytool.ecs.deployment_status import is_draining, judge, pause, waiting_for
from deploytool.ecs.model import ServiceDeployment, ServiceState, revision
from deploytool.errors import CloudError, CloudUnreachable, DeployError, LeaseLost, PreconditionFailed, SupersededBy
from deploytool.release.events import ServiceMoved, StepBegan, WarningIssued
from deploytool.release.failures import ServiceRollout, explain_failure, worth_explaining
from deploytool.release.model import ServiceUpdate, StepName
from deploytool.release.ports import Dependencies

# SEG run.overtaken
# Minutes may lie between plan and rollout: whoever deployed meanwhile is not overwritten.


class ServiceChangedSincePlan(PreconditionFailed):
    """Somebody else deployed a service after the plan was made."""

    def __init__(self, service: str) -> None:
        super().__init__(
            f"service {service} was deployed by somebody else since this release was planned",
            "see `deploytool status`, then release again: the new plan begins from what is live now",
        )


def check_unchanged(services: Sequence[ServiceUpdate], deps: Dependencies) -> None:
    """Every one of them is on the deployment it was on when the plan was made. Raises ServiceChangedSincePlan."""
    states = deps.ecs.services([change.name for change in services])
    for change in services:
        now, then = states.get(change.name), change.before
        if now is None or now.primary is None or then.primary is None or now.primary.id != then.primary.id:
            raise ServiceChangedSincePlan(change.name)


# SEG run.rollout
# Move services to their new revisions together, and watch all of them in one poll until each fate is known.

AT_ONCE = 8
"""Calls of UpdateService at the same time."""
RequestedUpdate = tuple[str, ServiceState, str]
"""A service's key, how it was found, and the revision that it is to run."""


def update_services(
    wanted: Sequence[RequestedUpdate],
    deps: Dependencies,
    *,
    going_back: bool = False,
    began: Callable[[ServiceRollout], None] = lambda _: None,
) -> tuple[ServiceRollout, ...]:
    """Exactly one UpdateService for each, all at once.

    ``began`` is told of each one that AWS accepted, also when another one fails and raises, and of one that got no
    answer: it may have begun. Raises CloudError, LeaseLost, SupersededBy.
    """
    if not wanted:
        return ()
    if going_back:
        require_ownership(deps)
    else:
        deps.journal.services_updating({key: revision for key, _, revision in wanted})
        deps.lease.check()  # last, so that nothing slow lies between the answer and the change
    with ThreadPoolExecutor(max_workers=min(len(wanted), AT_ONCE)) as pool:
        # map() would drop what still waits when one fails
        sent = [pool.submit(_send, request, deps, going_back, began) for request in wanted]
    for each in sent:
        if not each.exception():
            done = each.result()
            noting = partial(
                deps.journal.service_updated, done.key, done.rollout.deployment_id, done.rollout.task_definition
            )
            record_best_effort(deps, noting) if going_back else noting()
    return tuple(each.result() for each in sent)


def _send(
    request: RequestedUpdate, deps: Dependencies, going_back: bool, began: Callable[[ServiceRollout], None]
) -> ServiceRollout:
    key, before, revision = request
    try:
        rollout = deps.ecs.update_service(before, revision)
    except CloudUnreachable as error:
        primary = before.primary.id if before.primary else ""
        unknown = Rollout(before.name, "", revision, primary, before.task_definition)
        verdict = DeploymentStatus(DeploymentState.FAILED, f"nobody knows whether it began: {error.cause}")
        began(ServiceRollout(key, unknown, verdict, before, going_back))
        raise
    # From here on this is what the service is set to, even if no later look succeeds.
    watched = ServiceRollout(key, rollout, state=replace(before, task_definition=revision), going_back=going_back)
    began(watched)
    return watched


def record_best_effort(deps: Dependencies, note: Callable[[], None]) -> None:
    """A ledger that cannot be written keeps nobody from going back; a lease that is lost does."""
    try:
        note()
    except LeaseLost:
        raise
    except CloudError as error:
        deps.emit(WarningIssued(f"the ledger does not show how services go back: {error.cause}"))


def require_ownership(deps: Dependencies) -> None:
    """Only a lease that is lost forbids going back: it is giving way, and must not wait for a ledger that is down."""
    try:
        try:
            deps.lease.check()
        except CloudError:
            deps.lease.raise_if_lost()
    except SupersededBy:
        return


def watch_rollouts(
    services: tuple[ServiceRollout, ...],
    timeout: float,
    deps: Dependencies,
    *,
    stop_early: bool,
    seen: Callable[[ServiceRollout], None] = lambda _: None,
) -> tuple[ServiceRollout, ...]:
    """Poll until every service is settled, or, with ``stop_early``, until one of them is hopeless.

    Each look asks for all of them at once (``Ecs.services``, ``Ecs.service_deployments``). ``timeout`` is in seconds;
    what is unsettled by then is judged as timed out. Without ``stop_early`` there is nothing better to do than to wait,
    also while AWS does not answer. Raises Cancelled, CloudError, and with ``stop_early`` LeaseLost and SupersededBy.
    """
    deadline = deps.clock.monotonic() + timeout
    blind = False
    near_looks = 0
    while True:
        out_of_time = deps.clock.monotonic() >= deadline
        try:
            services = _look(services, deps, out_of_time=out_of_time)
        except CloudUnreachable as error:
            if stop_early or out_of_time:
                raise
            if not blind:
                blind = True
                deps.emit(WarningIssued(f"ECS cannot be read, and is asked again until it can: {error.cause}"))
        for service in services:
            seen(service)
        if all(service.status.settled for service in services):
            return services
        if stop_early and any(service.will_fail for service in services):
            return services
        if stop_early:
            deps.lease.raise_if_lost()
        near = is_draining((each.rollout, each.state) for each in services if not each.status.settled)
        near_looks = near_looks + 1 if near else 0
        deps.clock.sleep(deps.clock.pace() * pause(near_looks, failing=any(each.failing for each in services)))


def _look(services: tuple[ServiceRollout, ...], deps: Dependencies, *, out_of_time: bool) -> tuple[ServiceRollout, ...]:
    open_ones = [service for service in services if not service.status.settled]
    states = deps.ecs.services([service.rollout.service for service in open_ones])
    details = deps.ecs.service_deployments([service.rollout for service in open_ones])
    return tuple(
        service if service.status.settled else _judge(service, states, details, deps, out_of_time=out_of_time)
        for service in services
    )


def _judge(
    service: ServiceRollout,
    states: Mapping[str, ServiceState],
    details: Mapping[str, ServiceDeployment],
    deps: Dependencies,
    *,
    out_of_time: bool,
) -> ServiceRollout:
    name = service.rollout.service
    state, detail = states.get(name), details.get(name)
    sighting, absent_since = service.seen_in(state, deps.clock.monotonic())
    verdict = judge(service.rollout, state, detail, out_of_time, sighting)
    shown = verdict if verdict.detail else replace(verdict, detail=waiting_for(service.rollout, state, detail))
    service = replace(service, status=shown, state=state, sighting=sighting, absent_since=absent_since)
    ours = service.deployment
    deps.emit(
        ServiceMoved(service.key, shown, ours.running if ours else 0, state.desired if state else 0, service.going_back)
    )
    if state is not None and worth_explaining(service):
        service = explain_failure(service, state, detail, deps)
    return service


# SEG run.put_back
# All or nothing: when one service failed, every one that moved goes back to the revision before.

SETTLED = frozenset({DeploymentState.ROLLING_BACK, DeploymentState.ROLLED_BACK, DeploymentState.REPLACED})
"""Fates that leave nothing for us to do: ECS is at it, has done it, or the service is somebody else's by now."""


def request_revert(
    moved: Sequence[ServiceRollout],
    changes: Sequence[ServiceUpdate],
    deps: Dependencies,
    seen: Callable[[ServiceRollout], None],
) -> None:
    """As :func:`put_back` begins, without waiting: a cancelled job has seconds, a rollout takes minutes.

    ECS is asked to stop the rollout it is in; where it cannot, the service is updated to the revision before.
    """
    origin = {change.key: change for change in changes}
    _began(moved, deps)

    def on_its_way(way: ServiceRollout) -> None:
        state, back_to = way.state or origin[way.key].before, origin[way.key].previous_revision
        seen(replace(way, going_back=True, state=replace(state, task_definition=back_to)))

    rolling = [each for each in moved if each.status.state in (DeploymentState.IN_PROGRESS, DeploymentState.PAUSED)]
    stopped = {each.key for each in rolling if deps.ecs.stop_rollout(each.rollout)}
    for each in moved:
        if each.key in stopped or each.status.state is DeploymentState.ROLLING_BACK:
            on_its_way(replace(each, status=DeploymentStatus(DeploymentState.ROLLING_BACK, "ECS is rolling back")))
    left = [each for each in moved if each.key not in stopped and each.status.state not in SETTLED]
    update_services(
        [(each.key, each.state or origin[each.key].before, origin[each.key].previous_revision) for each in left],
        deps,
        going_back=True,
        began=on_its_way,
    )


def revert_services(
    moved: Sequence[ServiceRollout],
    changes: Sequence[ServiceUpdate],
    timeout: float,
    deps: Dependencies,
    seen: Callable[[ServiceRollout], None],
) -> tuple[ServiceRollout, ...]:
    """Stop what still rolls, and wait until each service is where it was.

    ECS's own rollback is awaited rather than raced. A service that somebody else moved on meanwhile is left to them.
    Returns the way back of each service that needed one. One that cannot be sent back keeps no other from it: its
    DeployError is raised when they are back.
    """
    origin = {change.key: change for change in changes}
    _began(moved, deps)
    waiting = tuple(
        replace(each, going_back=True) for each in moved if each.status.state is DeploymentState.ROLLING_BACK
    )
    ours = [each for each in moved if each.status.state not in SETTLED]
    sent: list[ServiceRollout] = []
    failure: DeployError | None = None
    try:
        update_services(
            [(each.key, each.state or origin[each.key].before, origin[each.key].previous_revision) for each in ours],
            deps,
            going_back=True,
            began=sent.append,
        )
    except DeployError as error:  # raised again below, once the others are back
        failure = error
    there = {each.key: each for each in ours}
    ways = (*waiting, *(_after(there[way.key], way) for way in sent))
    for way in ways:
        seen(way)
    ended = (
        watch_rollouts(ways, timeout, deps, stop_early=False, seen=lambda way: seen(_confirmed(way, there)))
        if ways
        else ()
    )
    if failure is not None:
        raise failure
    return tuple(_confirmed(way, there) for way in ended)


def _began(moved: Sequence[ServiceRollout], deps: Dependencies) -> None:
    names = ", ".join(service.key for service in moved)
    deps.emit(StepBegan(StepName.REVERT, names))
    record_best_effort(deps, lambda: deps.journal.step_began(StepName.REVERT, names))


def refresh(moved: Sequence[ServiceRollout], deps: Dependencies) -> tuple[ServiceRollout, ...]:
    """Whom somebody else, or ECS itself, moved since they were last looked at: those are not ours to put back."""
    try:
        states = deps.ecs.services([each.rollout.service for each in moved])
    except DeployError:  # going back is safe without it, and what AWS says then is told
        return tuple(moved)
    return tuple(_refreshed(each, states.get(each.rollout.service)) for each in moved)


def _refreshed(service: ServiceRollout, state: ServiceState | None) -> ServiceRollout:
    verdict = judge(service.rollout, state, None, False, service.sighting)
    if verdict.state in (DeploymentState.REPLACED, DeploymentState.ROLLING_BACK, DeploymentState.ROLLED_BACK):
        return replace(service, status=verdict, state=state)
    return service


def _after(there: ServiceRollout, way: ServiceRollout) -> ServiceRollout:
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


def _confirmed(way: ServiceRollout, sent: Mapping[str, ServiceRollout]) -> ServiceRollout:
    """ECS rolling back *our* way back is a return only where it ends on the revision that we asked for.

    ECS returns to the last deployment that completed. That is the one before the release, or, where the release was
    live already, the version that failed.
    """
    if way.key not in sent or way.status.state is not DeploymentState.ROLLED_BACK:
        return way
    running = way.state.task_definition if way.state else ""
    if revision(running) == revision(way.rollout.task_definition):
        return way
    return replace(way, status=DeploymentStatus(DeploymentState.FAILED, way.status.detail))
