"""Why a rollout does not come along: what a service's events, its deployment and its service deployment say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deploytool.core.diagnosis.event_rules import EVENTS, IMAGE_UNRESOLVED
from deploytool.core.diagnosis.rule import find, quoted
from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.observed import Deployment, ServiceDeployment, ServiceEvent


def of_service(
    events: Iterable[ServiceEvent], deployment: Deployment | None, service_deployment: ServiceDeployment | None
) -> tuple[Diagnosis, ...]:
    """Every reason ECS gives for ``deployment``, each once, the most official first. Explanations, never verdicts.

    Events from before the deployment are left out. Either of the last two may be ``None`` where it cannot be read.
    """
    found = [*_of_service_deployment(service_deployment), *_of_deployment(deployment)]
    since = deployment.created_at if deployment else None
    for event in events:
        if since is None or event.at >= since:
            hit = find(EVENTS, event.message)
            if hit:
                found.append(hit.say(event.message, {}))
    once: dict[str, Diagnosis] = {}
    for diagnosis in found:
        once.setdefault(diagnosis.code, diagnosis)
    return tuple(once.values())


def _of_service_deployment(told: ServiceDeployment | None) -> Iterator[Diagnosis]:
    if told is None:
        return
    reason = quoted(told.rollback_reason or told.status_reason)
    if told.triggered_alarms:
        yield Diagnosis(
            code="alarm-went-off",
            cause=f"CloudWatch alarm {', '.join(told.triggered_alarms)} went off during the rollout",
            fix="look at what the alarm measures since the rollout began",
            quote=reason,
        )
    if told.failure_count:
        yield Diagnosis(
            code="tasks-failed",
            cause=f"{_tasks(told.failure_count)} failed; the circuit breaker trips at {told.failure_threshold}",
            fix="see why the tasks stopped",
            quote=reason,
        )
    elif reason and not told.triggered_alarms:
        yield Diagnosis(
            code="deployment-explained",
            cause=f"ECS says about the service deployment: {reason}",
            fix="see why the tasks stopped",
            quote=reason,
        )


def _of_deployment(deployment: Deployment | None) -> Iterator[Diagnosis]:
    if deployment is None:
        return
    reason = deployment.rollout_state_reason
    if told := find((IMAGE_UNRESOLVED,), reason):
        yield told.say(reason, {})
    elif deployment.failed_tasks:
        yield Diagnosis(
            code="tasks-failed",
            cause=f"{_tasks(deployment.failed_tasks)} of the deployment failed; {deployment.desired} wanted",
            fix="see why the tasks stopped",
            quote=quoted(reason),
        )
    elif deployment.rollout_state == "FAILED":
        yield Diagnosis(
            code="deployment-failed",
            cause="ECS gave the deployment up",
            fix="see why the tasks stopped",
            quote=quoted(reason),
        )


def _tasks(count: int) -> str:
    return "1 task" if count == 1 else f"{count} tasks"
