"""Ask the load balancer why it finds a task unhealthy, where ECS says that it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import NOT_SEEN, DeploymentState, DeploymentStatus, Rollout, Sighting
from deploytool.ecs.model import Deployment, LoadBalancer, ServiceDeployment, ServiceState, Target, Task
from deploytool.ecs.task_diagnosis import CODES, diagnose_service, diagnose_target_health, diagnose_task
from deploytool.errors import DeployError
from deploytool.release.events import Explained, WarningIssued
from deploytool.release.ports import Cancelled, Dependencies

# SEG run.target_health
# Ask the load balancer why it finds a task unhealthy, where ECS says that it does.


def with_target_health(diagnosis: Diagnosis, state: ServiceState, deps: Dependencies) -> Diagnosis:
    """The diagnosis, with more to say where a target group failed the task; as it was where that cannot be read."""
    if diagnosis.code not in CODES:
        return diagnosis
    balancer = _meant(diagnosis, state.load_balancers)
    if balancer is None:
        return diagnosis
    try:
        group = deps.target_groups.group(balancer.target_group_arn)
    except DeployError as error:
        _warn(error, state, deps)
        return diagnosis
    targets: Sequence[Target] = ()
    try:
        targets = deps.target_groups.targets(balancer.target_group_arn)
    except DeployError as error:  # how it is checked is worth telling without what came of it
        _warn(error, state, deps)
    return diagnose_target_health(diagnosis, group, targets, state.health_check_grace, balancer.container_port)


def _meant(diagnosis: Diagnosis, balancers: Sequence[LoadBalancer]) -> LoadBalancer | None:
    """The one that AWS's words name, else the only one."""
    named = (each for each in balancers if each.target_group_arn in diagnosis.quote)
    return next(named, balancers[0] if len(balancers) == 1 else None)


def _warn(error: DeployError, state: ServiceState, deps: Dependencies) -> None:
    deps.emit(WarningIssued(f"the target group of {state.name} cannot be read: {error.cause}. {error.fix}"))


# SEG run.unresolved
# Which image it is that ECS could not find: ECS itself does not say.

CODE = "image-unresolved"


def with_missing_images(diagnosis: Diagnosis, rollout: Rollout, deps: Dependencies) -> Diagnosis:
    """The diagnosis with the images named that it can be about: those of the revision that stand there by a tag, since
    a digest needs no resolving. Any other diagnosis, and one whose revision cannot be read, as it is.
    """
    if diagnosis.code != CODE:
        return diagnosis
    try:
        images = dict.fromkeys(deps.ecs.images(rollout.task_definition).values())
    except DeployError:  # a name less; what is wrong is told all the same
        return diagnosis
    by_tag = [image for image in images if "@sha256:" not in image] or list(images)
    return replace(diagnosis, cause=f"{diagnosis.cause}: {', '.join(by_tag)}")


# SEG run.watched
# One service on its way to a revision, or back: what is known of it so far.

WAITING = DeploymentStatus(DeploymentState.IN_PROGRESS)


@dataclass(frozen=True)
class ServiceRollout:
    """One service on its way."""

    key: str
    rollout: Rollout
    status: DeploymentStatus = WAITING
    state: ServiceState | None = None
    going_back: bool = False
    explained: tuple[Diagnosis, ...] = ()
    tasks_seen: frozenset[str] = frozenset()
    tasks_unreadable: bool = False
    """Its stopped tasks cannot be read; told once."""
    sighting: Sighting = NOT_SEEN
    """What DescribeServices showed of its deployment up to and with ``state``."""
    absent_since: tuple[str, float] | None = None
    """The other PRIMARY's id, and the clock's second from which readings showed it and did not list our deployment."""

    def seen_in(self, state: ServiceState | None, now: float) -> tuple[Sighting, tuple[str, float] | None]:
        """``sighting`` and ``absent_since`` after a reading at ``now``, in seconds of the clock.

        ``state`` is ``None`` where there was no answer.
        """
        if state is None:
            return self.sighting, self.absent_since
        primary = state.primary
        ours = next((each for each in state.deployments if each.id == self.rollout.deployment_id), None)
        if ours is not None or primary is None:
            return Sighting(ours or self.sighting.listed), None
        since = self.absent_since
        if since is None or since[0] != primary.id:
            since = (primary.id, now)
        return Sighting(self.sighting.listed, now - since[1]), since

    @property
    def will_fail(self) -> bool:
        """Failed for certain, or a task showed a fault that no second try can mend, and none did."""
        if self.status.state is DeploymentState.SUCCEEDED:
            return False
        return self.status.failed or any(diagnosis.fatal for diagnosis in self.explained)

    @property
    def failing(self) -> bool:
        """A task of the new version failed, or ECS rolls back."""
        if self.status.settled:
            return False
        ours = self.deployment
        return self.status.state is DeploymentState.ROLLING_BACK or (ours is not None and ours.failed_tasks > 0)

    @property
    def deployment(self) -> Deployment | None:
        """Its rollout's deployment as last seen; ``None`` where ECS lists it no more, or not yet."""
        listed = self.state.deployments if self.state else ()
        return next((each for each in listed if each.id == self.rollout.deployment_id), None)


# SEG run.explain
# Why the tasks of a rollout ended, captured while ECS still knows: stopped tasks vanish within the hour.

LOG_LINES = 50
LISTING_LAG = (0.25, 0.5, 0.5)
"""Seconds between the looks for the stopped tasks of a deployment that failed."""


def worth_explaining(service: ServiceRollout) -> bool:
    """Its verdict is bad, or tasks failed that were not looked at yet."""
    ours = service.deployment
    return not service.tasks_unreadable and (
        service.status.failed or bool(ours and ours.failed_tasks > len(service.tasks_seen))
    )


def explain_failure(
    service: ServiceRollout, state: ServiceState, detail: ServiceDeployment | None, deps: Dependencies
) -> ServiceRollout:
    """The service with every reason that was not known yet, each told as it is found. Raises Cancelled."""
    try:
        fresh = _listed(service, deps)
    except Cancelled:
        raise
    except DeployError as error:  # an explanation less; the rollout itself is judged without it
        deps.emit(WarningIssued(f"why tasks of {service.key} ended cannot be read: {error.cause}. {error.fix}"))
        fresh, service = [], replace(service, tasks_unreadable=True)
    found = [diagnose_task(task, _log(task, deps)) for task in fresh]
    if service.status.failed and not (found or service.explained):
        # A task's own end says why; what the service says about itself only says that.
        found.extend(diagnose_service(state.events, service.deployment, detail))
    found = [with_target_health(with_missing_images(each, service.rollout, deps), state, deps) for each in found]
    known = {(diagnosis.code, diagnosis.cause) for diagnosis in service.explained}
    new = []
    for diagnosis in found:
        if (diagnosis.code, diagnosis.cause) not in known:
            known.add((diagnosis.code, diagnosis.cause))
            new.append(replace(diagnosis, subject=diagnosis.subject or service.key))
            deps.emit(Explained(new[-1]))
    return replace(
        service,
        explained=service.explained + tuple(new),
        tasks_seen=service.tasks_seen | {task.arn for task in fresh},
    )


def _listed(service: ServiceRollout, deps: Dependencies) -> list[Task]:
    fresh = _fresh(service, deps)
    if service.status.failed and not (service.explained or service.tasks_seen):
        # ECS may call a deployment failed a moment before its tasks are listed as stopped.
        for seconds in LISTING_LAG:
            if fresh:
                break
            deps.clock.sleep(seconds)
            fresh = _fresh(service, deps)
    return fresh


def _fresh(service: ServiceRollout, deps: Dependencies) -> list[Task]:
    return [task for task in deps.ecs.failed_tasks(service.rollout) if task.arn not in service.tasks_seen]


def _log(task: Task, deps: Dependencies) -> tuple[str, ...]:
    """Lines of the container that failed, else of the first that has a log."""
    order = sorted(task.containers, key=lambda each: (each.exit_code in (0, None), not each.essential))
    place = next((container.log for container in order if container.log), None)
    return deps.logs.tail(place, LOG_LINES) if place else ()
