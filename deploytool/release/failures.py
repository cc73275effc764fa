"""Why the tasks of a rollout ended, read while ECS still knows: stopped tasks vanish within the hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import Rollout, ServiceRollout
from deploytool.ecs.model import LoadBalancer, ServiceDeployment, ServiceState, Target, Task
from deploytool.ecs.stop_failures import IMAGE_UNRESOLVED
from deploytool.ecs.task_diagnosis import CODES, diagnose_service, diagnose_target_health, diagnose_task
from deploytool.errors import DeployError
from deploytool.release.events import Explained, WarningIssued
from deploytool.release.ports import Cancelled, Dependencies

LOG_LINES = 50
LISTING_LAG = (0.25, 0.5, 0.5)
"""Seconds between the readings of a failed deployment's stopped tasks."""


def worth_explaining(service: ServiceRollout) -> bool:
    """Its status is a failure, or tasks failed that were not diagnosed yet."""
    ours = service.deployment
    return not service.tasks_unreadable and (
        service.status.failed or bool(ours and ours.failed_tasks > len(service.tasks_seen))
    )


def explain_failure(
    service: ServiceRollout, state: ServiceState, detail: ServiceDeployment | None, deps: Dependencies
) -> ServiceRollout:
    """The service with every reason that was not known yet, each emitted as it is found. Raises Cancelled."""
    try:
        tasks = _undiagnosed_tasks(service, deps)
    except Cancelled:
        raise
    except DeployError as error:  # an explanation less; the rollout itself is judged without it
        deps.emit(WarningIssued(f"why tasks of {service.key} ended cannot be read: {error.cause}. {error.fix}"))
        tasks, service = [], replace(service, tasks_unreadable=True)
    diagnoses = [diagnose_stop(task, deps) for task in tasks]
    if service.status.failed and not (diagnoses or service.explained):
        # A task's own end says why; what the service says about itself only says that.
        diagnoses.extend(diagnose_service(state.events, service.deployment, detail))
    known = {(diagnosis.code, diagnosis.cause) for diagnosis in service.explained}
    new = []
    for diagnosis in diagnoses:
        diagnosis = with_details(diagnosis, service.rollout, state, deps)
        if (diagnosis.code, diagnosis.cause) not in known:
            known.add((diagnosis.code, diagnosis.cause))
            new.append(replace(diagnosis, subject=diagnosis.subject or service.key))
            deps.emit(Explained(new[-1]))
    return replace(
        service,
        explained=service.explained + tuple(new),
        tasks_seen=service.tasks_seen | {task.arn for task in tasks},
    )


def diagnose_stop(task: Task, deps: Dependencies) -> Diagnosis:
    """Why a task stopped, with the end of its log."""
    return diagnose_task(task, _log(task, deps))


def with_details(diagnosis: Diagnosis, rollout: Rollout, state: ServiceState, deps: Dependencies) -> Diagnosis:
    """With what only the revision and the load balancer know."""
    return with_target_health(with_missing_images(diagnosis, rollout, deps), state, deps)


def _undiagnosed_tasks(service: ServiceRollout, deps: Dependencies) -> list[Task]:
    def tasks() -> list[Task]:
        return [task for task in deps.ecs.failed_tasks(service.rollout) if task.arn not in service.tasks_seen]

    listed = tasks()
    if service.status.failed and not (service.explained or service.tasks_seen):
        # ECS may call a deployment failed a moment before its tasks are listed as stopped.
        for seconds in LISTING_LAG:
            if listed:
                break
            deps.clock.sleep(seconds)
            listed = tasks()
    return listed


def _log(task: Task, deps: Dependencies) -> tuple[str, ...]:
    """Lines of the container that failed, else of the first that has a log."""
    order = sorted(task.containers, key=lambda each: (each.exit_code in (0, None), not each.essential))
    stream = next((container.log for container in order if container.log), None)
    return deps.logs.tail(stream, LOG_LINES) if stream else ()


def with_missing_images(diagnosis: Diagnosis, rollout: Rollout, deps: Dependencies) -> Diagnosis:
    """Which image ECS could not find: ECS itself does not say.

    The candidates are the revision's images that have a tag, since a digest needs no resolving. Any other diagnosis,
    and one whose revision cannot be read, is returned as it is.
    """
    if diagnosis.code != IMAGE_UNRESOLVED.code:
        return diagnosis
    try:
        images = dict.fromkeys(deps.ecs.images(rollout.task_definition).values())
    except DeployError:  # the diagnosis is true without the names
        return diagnosis
    by_tag = [image for image in images if "@sha256:" not in image] or list(images)
    return replace(diagnosis, cause=f"{diagnosis.cause}: {', '.join(by_tag)}")


def with_target_health(diagnosis: Diagnosis, state: ServiceState, deps: Dependencies) -> Diagnosis:
    """With the load balancer's own reason where a target group failed the task and can be read."""
    if diagnosis.code not in CODES:
        return diagnosis
    balancer = _balancer(diagnosis, state.load_balancers)
    if balancer is None:
        return diagnosis
    targets: Sequence[Target] = ()
    try:
        group = deps.target_groups.group(balancer.target_group_arn)
    except DeployError as error:
        _warn_unreadable(error, state, deps)
        return diagnosis
    try:
        targets = deps.target_groups.targets(balancer.target_group_arn)
    except DeployError as error:  # how the check is made helps without its result
        _warn_unreadable(error, state, deps)
    return diagnose_target_health(diagnosis, group, targets, state.health_check_grace, balancer.container_port)


def _balancer(diagnosis: Diagnosis, balancers: Sequence[LoadBalancer]) -> LoadBalancer | None:
    """The one that AWS's words name, else the only one."""
    named = (each for each in balancers if each.target_group_arn in diagnosis.quote)
    return next(named, balancers[0] if len(balancers) == 1 else None)


def _warn_unreadable(error: DeployError, state: ServiceState, deps: Dependencies) -> None:
    deps.emit(WarningIssued(f"the target group of {state.name} cannot be read: {error.cause}. {error.fix}"))
