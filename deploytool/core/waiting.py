"""What a rollout is waiting for, in one line for the person who watches it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC

from deploytool.core.ecs_rollback import Change, change, listed
from deploytool.core.observed import Deployment, ServiceDeployment, ServiceEvent, ServiceState
from deploytool.core.verdict_model import NOT_SEEN, Rollout

_STAGES = {
    "RECONCILE_SERVICE": "preparing the service",
    "PRE_SCALE_UP": "before scaling up",
    "SCALE_UP": "scaling up",
    "POST_SCALE_UP": "after scaling up",
    "TEST_TRAFFIC_SHIFT": "shifting test traffic",
    "POST_TEST_TRAFFIC_SHIFT": "after shifting test traffic",
    "PRODUCTION_TRAFFIC_SHIFT": "shifting production traffic",
    "POST_PRODUCTION_TRAFFIC_SHIFT": "after shifting production traffic",
    "BAKE_TIME": "baking",
    "CLEAN_UP": "removing the old tasks",
}
"""``lifecycleStage`` of DescribeServiceDeployments."""

_SIGNS = (
    ("unable to consistently start tasks", "ECS is throttling restarts"),
    ("unable to place a task", "ECS to find room for a task"),
    ("was unable to stop or start tasks", "minimum and maximum percent leave no room to replace a task"),
    ("task protection", "protected tasks may not be stopped yet"),
)
"""What ECS says in ``events`` while it is held up. They explain the wait; no verdict hangs on them."""


def waiting_for(rollout: Rollout, service: ServiceState | None, service_deployment: ServiceDeployment | None) -> str:
    """One line such as ``1 of 2 running, 1 pending; 2 old tasks still serving``.

    ``service`` is ``None`` while DescribeServices has not answered; ``service_deployment`` is ``None`` where
    DescribeServiceDeployments is denied, empty, or tells of a deployment that is not this rollout's.
    """
    if service_deployment is not None and service_deployment.paused_hook:
        return _paused(service_deployment)
    if service is None:
        return "an answer from ECS"
    target = service.primary or listed(rollout, service)
    if target is None:
        return "ECS to list the new deployment"
    parts = [_progress(target, service)]
    if target.status == "PRIMARY" and target.id != rollout.deployment_id:
        match change(rollout, service, target, NOT_SEEN, said_by_ecs=False):
            case Change.NONE_SEEN:
                return "ECS to list the new deployment"
            case Change.RETURN:
                parts = [_progress(target, service, "{} of the version that failed")]
    if service_deployment is not None and service_deployment.lifecycle_stage:
        stage = service_deployment.lifecycle_stage
        parts.append(_STAGES.get(stage, stage.lower().replace("_", " ")))
    parts.extend(held_up(target, service.events))
    return "; ".join(parts)


def progress(deployment: Deployment, service: ServiceState) -> str:
    """How far one deployment of ``service`` has come, by its task counts."""
    desired = wanted(deployment, service)
    if desired == 0 and deployment.running == 0:
        return "desired count is 0"
    parts = [f"{deployment.running} of {desired} running"]
    if deployment.pending:
        parts.append(f"{deployment.pending} pending")
    if deployment.failed_tasks:
        parts.append(f"{deployment.failed_tasks} failed")
    return ", ".join(parts)


def wanted(deployment: Deployment, service: ServiceState) -> int:
    """How many tasks ``deployment`` is to have.

    Its own count begins at 0 and grows while ECS rolls; the service's count is what it comes to.
    """
    if deployment.status != "PRIMARY" or deployment.rollout_state not in ("IN_PROGRESS", None):
        return deployment.desired
    return max(deployment.desired, service.desired)


def held_up(deployment: Deployment, events: Iterable[ServiceEvent]) -> tuple[str, ...]:
    """What ECS itself says it is held up by, from the events since this deployment began."""
    recent = [event.message for event in events if deployment.created_at is None or event.at >= deployment.created_at]
    return tuple(words for sign, words in _SIGNS if any(sign in message for message in recent))


def _progress(target: Deployment, service: ServiceState, others: str = "old {}") -> str:
    line = progress(target, service)
    left = sum(d.running + d.pending for d in service.deployments if d.id != target.id)
    complete = target.running >= wanted(target, service) and not target.pending
    tasks = f"{left} {others.format('task' if left == 1 else 'tasks')}"
    if left:
        return f"{line}; draining {tasks}" if complete else f"{line}; {tasks} still serving"
    return f"{line}; ECS to call it steady" if complete and target.rollout_state != "COMPLETED" else line


def _paused(paused: ServiceDeployment) -> str:
    parts = [f"paused at hook {_last_part(paused.paused_hook)}"]
    if paused.pause_expires_at is not None:
        does = {"ROLLBACK": "rolls back", "CONTINUE": "goes on"}.get(paused.pause_timeout_action, "ends the pause")
        parts.append(f"ECS {does} by itself at {paused.pause_expires_at.astimezone(UTC):%H:%M} UTC")
    if paused.pause_hook_id:
        parts.append(
            f"to go on: aws ecs continue-service-deployment --service-deployment-arn {paused.arn}"
            f" --hook-id {paused.pause_hook_id} --action CONTINUE (or ROLLBACK)"
        )
    return "; ".join(parts)


def _last_part(name: str) -> str:
    return name.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
