"""Update services together, watch all of them in one poll, and revert them together when one failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from deploytool.ecs.deployment_model import DeploymentState, DeploymentStatus, Rollout, ServiceRollout
from deploytool.ecs.deployment_status import is_draining, judge, pause
from deploytool.ecs.model import ServiceDeployment, ServiceState, revision
from deploytool.errors import CloudError, CloudUnreachable, DeployError, LeaseLost, PreconditionFailed, SupersededBy
from deploytool.release.events import ServiceProgress, StepBegan, WarningIssued
from deploytool.release.failures import explain_failure, worth_explaining
from deploytool.release.model import ServiceUpdate, StepName
from deploytool.release.ports import Dependencies

PARALLEL_UPDATES = 8
NOT_OURS_TO_REVERT = frozenset({DeploymentState.ROLLING_BACK, DeploymentState.ROLLED_BACK, DeploymentState.REPLACED})
"""ECS is rolling back, or has; or the service is another client's by now."""
RequestedUpdate = tuple[str, ServiceState, str]
"""A service's key, its state before, and the revision that it is to run."""
OnUpdate = Callable[[ServiceRollout], None]


class ServiceChangedSincePlan(PreconditionFailed):
    """Minutes may lie between plan and rollout: who deployed meanwhile is not overwritten."""

    def __init__(self, service: str) -> None:
        super().__init__(
            f"service {service} was deployed by another client since this release was planned",
            "see `deploytool status`, then release again: the new plan begins from what is live now",
        )


def check_unchanged(services: Sequence[ServiceUpdate], deps: Dependencies) -> None:
    """Each is on the ECS deployment that it was on when the plan was made. Raises ServiceChangedSincePlan."""
    states = deps.ecs.services([change.name for change in services])
    for change in services:
        now, then = states.get(change.name), change.before
        if now is None or now.primary is None or then.primary is None or now.primary.id != then.primary.id:
            raise ServiceChangedSincePlan(change.name)


def update_services(
    updates: Sequence[RequestedUpdate],
    deps: Dependencies,
    *,
    reverting: bool = False,
    on_update: OnUpdate = lambda _: None,
) -> tuple[ServiceRollout, ...]:
    """Exactly one UpdateService for each, all at once.

    ``on_update`` gets each that AWS accepted, also when another one fails and raises, and each that got no response: it
    may have begun. Raises CloudError, LeaseLost, SupersededBy.
    """
    if not updates:
        return ()
    if reverting:
        require_ownership(deps)
    else:
        deps.journal.services_updating({key: arn for key, _, arn in updates})
        deps.lease.check()  # last, so that nothing slow lies between the answer and the change
    with ThreadPoolExecutor(max_workers=min(len(updates), PARALLEL_UPDATES)) as pool:
        # map() would drop what still waits when one fails
        requests = [pool.submit(_update, update, deps, reverting, on_update) for update in updates]
    for request in requests:
        if not request.exception():
            service = request.result()
            arn, deployment = service.rollout.task_definition, service.rollout.deployment_id
            note = partial(deps.journal.service_updated, service.key, deployment, arn)
            record_best_effort(deps, note) if reverting else note()
    return tuple(request.result() for request in requests)


def _update(update: RequestedUpdate, deps: Dependencies, reverting: bool, on_update: OnUpdate) -> ServiceRollout:
    key, before, arn = update
    try:
        rollout = deps.ecs.update_service(before, arn)
    except CloudUnreachable as error:
        primary = before.primary.id if before.primary else ""
        unknown = Rollout(before.name, "", arn, primary, before.task_definition)
        detail = f"UpdateService got no response; its result is unknown: {error.cause}"
        on_update(ServiceRollout(key, unknown, DeploymentStatus(DeploymentState.FAILED, detail), before, reverting))
        raise
    # From here on this is what the service is set to, even if no later reading succeeds.
    service = ServiceRollout(key, rollout, state=replace(before, task_definition=arn), reverting=reverting)
    on_update(service)
    return service


def record_best_effort(deps: Dependencies, note: Callable[[], None]) -> None:
    """A ledger that cannot be written does not stop a revert; a lost lease does."""
    try:
        note()
    except LeaseLost:
        raise
    except CloudError as error:
        deps.emit(WarningIssued(f"the ledger does not show how services are rolled back: {error.cause}"))


def require_ownership(deps: Dependencies) -> None:
    """Only a lost lease forbids a revert. A newer release waits for it; a ledger that is down must not delay it."""
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
    on_update: OnUpdate = lambda _: None,
) -> tuple[ServiceRollout, ...]:
    """Poll until every service is settled or, with ``stop_early``, until one of them will fail.

    Each poll asks for all of them at once. ``timeout`` is in seconds; what is unsettled by then has timed out. Without
    ``stop_early`` it goes on also while AWS does not respond. Raises Cancelled, CloudError, and with ``stop_early``
    LeaseLost and SupersededBy.
    """
    deadline = deps.clock.monotonic() + timeout
    warned = False
    draining_polls = 0
    while True:
        out_of_time = deps.clock.monotonic() >= deadline
        try:
            services = _poll(services, deps, out_of_time=out_of_time)
        except CloudUnreachable as error:
            if stop_early or out_of_time:
                raise
            if not warned:
                warned = True
                deps.emit(WarningIssued(f"ECS cannot be read; trying again until it can: {error.cause}"))
        for service in services:
            on_update(service)
        if all(service.status.settled for service in services):
            return services
        if stop_early and any(service.will_fail for service in services):
            return services
        if stop_early:
            deps.lease.raise_if_lost()
        draining = is_draining((each.rollout, each.state) for each in services if not each.status.settled)
        draining_polls = draining_polls + 1 if draining else 0
        deps.clock.sleep(deps.clock.pace() * pause(draining_polls, failing=any(each.failing for each in services)))


def _poll(services: tuple[ServiceRollout, ...], deps: Dependencies, *, out_of_time: bool) -> tuple[ServiceRollout, ...]:
    unsettled = [service.rollout for service in services if not service.status.settled]
    states = deps.ecs.services([rollout.service for rollout in unsettled])
    details = deps.ecs.service_deployments(unsettled)
    return tuple(
        service if service.status.settled else _judged(service, states, details, deps, out_of_time=out_of_time)
        for service in services
    )


def _judged(
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
    status = judge(service.rollout, state, detail, out_of_time, sighting)
    service = replace(service, status=status, state=state, sighting=sighting, absent_since=absent_since)
    running, desired = service.deployment.running if service.deployment else 0, state.desired if state else 0
    deps.emit(ServiceProgress(service.key, status, running, desired, service.reverting))
    if state is not None and worth_explaining(service):
        service = explain_failure(service, state, detail, deps)
    return service


def request_revert(
    services: Sequence[ServiceRollout], changes: Sequence[ServiceUpdate], deps: Dependencies, on_update: OnUpdate
) -> None:
    """As :func:`revert_services` begins, without waiting: a cancelled job has seconds, a rollout takes minutes.

    ECS is asked to stop the rollout it is in; where it cannot, the service is updated to the previous revision.
    """
    change_of = {change.key: change for change in changes}
    _begin_step(services, deps)

    def requested(service: ServiceRollout) -> None:
        change = change_of[service.key]
        state = replace(service.state or change.before, task_definition=change.previous_revision)
        on_update(replace(service, reverting=True, state=state))

    ongoing = (DeploymentState.IN_PROGRESS, DeploymentState.PAUSED)
    stopped = {each.key for each in services if each.status.state in ongoing and deps.ecs.stop_rollout(each.rollout)}
    for service in services:
        if service.key in stopped or service.status.state is DeploymentState.ROLLING_BACK:
            status = DeploymentStatus(DeploymentState.ROLLING_BACK, "ECS is rolling back")
            requested(replace(service, status=status))
    remaining = [service for service in services if service.key not in stopped]
    update_services(_to_previous(remaining, change_of), deps, reverting=True, on_update=requested)


def revert_services(
    services: Sequence[ServiceRollout],
    changes: Sequence[ServiceUpdate],
    timeout: float,
    deps: Dependencies,
    on_update: OnUpdate,
) -> None:
    """Stop what is still rolling out, and wait until each service runs its previous revision.

    ECS's own rollback is awaited rather than raced. A service that another client updated meanwhile is left alone.
    ``on_update`` gets each revert. One that cannot begin stops no other: its DeployError is raised at the end.
    """
    _begin_step(services, deps)
    rolling_back = [
        replace(service, reverting=True) for service in services if service.status.state is DeploymentState.ROLLING_BACK
    ]
    updates = _to_previous(services, {change.key: change for change in changes})
    accepted: list[ServiceRollout] = []
    failure: DeployError | None = None
    try:
        update_services(updates, deps, reverting=True, on_update=accepted.append)
    except DeployError as error:  # raised again below, once the others are reverted
        failure = error
    rollouts = {service.key: service for service in services}
    reverts = (*rolling_back, *(_following(rollouts[revert.key], revert) for revert in accepted))
    updated = {key for key, _, _ in updates}
    for revert in reverts:
        on_update(revert)
    if reverts:
        watch_rollouts(
            reverts, timeout, deps, stop_early=False, on_update=lambda revert: on_update(_confirmed(revert, updated))
        )
    if failure is not None:
        raise failure


def _begin_step(services: Sequence[ServiceRollout], deps: Dependencies) -> None:
    names = ", ".join(service.key for service in services)
    deps.emit(StepBegan(StepName.REVERT, names))
    record_best_effort(deps, lambda: deps.journal.step_began(StepName.REVERT, names))


def _to_previous(services: Sequence[ServiceRollout], change_of: Mapping[str, ServiceUpdate]) -> list[RequestedUpdate]:
    return [
        (service.key, service.state or change_of[service.key].before, change_of[service.key].previous_revision)
        for service in services
        if service.status.state not in NOT_OURS_TO_REVERT
    ]


def refresh(services: Sequence[ServiceRollout], deps: Dependencies) -> tuple[ServiceRollout, ...]:
    """What another client, or ECS itself, changed since the last poll is not ours to revert."""
    try:
        states = deps.ecs.services([service.rollout.service for service in services])
    except DeployError:  # a revert is safe without it, and what AWS says then is reported
        return tuple(services)
    return tuple(_refreshed(service, states.get(service.rollout.service)) for service in services)


def _refreshed(service: ServiceRollout, state: ServiceState | None) -> ServiceRollout:
    status = judge(service.rollout, state, None, False, service.sighting)
    return replace(service, status=status, state=state) if status.state in NOT_OURS_TO_REVERT else service


def _following(service: ServiceRollout, revert: ServiceRollout) -> ServiceRollout:
    """The revert begins where the rollout ended, even if the last reading was from before it."""
    if not service.rollout.deployment_id:
        return revert
    rollout = replace(
        revert.rollout,
        previous_deployment_id=service.rollout.deployment_id,
        previous_task_definition=service.rollout.task_definition,
    )
    return replace(revert, rollout=rollout)


def _confirmed(revert: ServiceRollout, updated: set[str]) -> ServiceRollout:
    """ECS rolling back *our* revert is a success only where it ends on the revision that we asked for.

    ECS returns to the last deployment that completed. That is the one before the release, or, where the release was
    live already, the version that failed.
    """
    if revert.key not in updated or revert.status.state is not DeploymentState.ROLLED_BACK:
        return revert
    running = revert.state.task_definition if revert.state else ""
    if revision(running) == revision(revert.rollout.task_definition):
        return revert
    return replace(revert, status=DeploymentStatus(DeploymentState.FAILED, revert.status.detail))
