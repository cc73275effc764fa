"""The status of a rollout from one reading of ECS, what it waits for, and how soon to read again.

It is judged by the id of the deployment that UpdateService began. A service is stable after a rollback too, so
``services-stable`` cannot tell success from failure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC

from deploytool.ecs.deployment_model import NOT_SEEN, DeploymentState, DeploymentStatus, Rollout, Sighting, listed
from deploytool.ecs.model import Deployment, ServiceDeployment, ServiceEvent, ServiceState, revision
from deploytool.ecs.rollback_signs import Change, change, why_failed
from deploytool.ecs.task_diagnosis import diagnose_words

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

_WAITS = {
    "start-throttled": "ECS is throttling restarts",
    "no-room": "waiting for room for a task",
    "no-capacity": "waiting for capacity: AWS has none at the moment",
    "percent-deadlock": "minimum and maximum percent leave no room to replace a task",
    "protected-tasks": "protected tasks may not be stopped until their protection ends or expires",
    "ecs-throttled": "AWS is throttling ECS",
}
"""What ECS waits for, by what an event means."""
_NO_TASK = re.compile(r"unable to (?:place|start) (?:a )?task|failed to launch a task|unable to reach steady state")
"""Events that quote why no task was started. They explain the wait; no status depends on them."""


def waiting_for(rollout: Rollout, service: ServiceState | None, service_deployment: ServiceDeployment | None) -> str:
    """What a rollout is waiting for, such as ``1 of 2 running, 1 pending; 2 old tasks still serving``.

    ``service`` is ``None`` while DescribeServices has not answered; ``service_deployment`` is ``None`` where
    DescribeServiceDeployments is denied, empty, or shows a deployment that is not this rollout's.
    """
    if service_deployment is not None and service_deployment.paused_hook:
        return _paused(service_deployment)
    if service is None:
        return "waiting for an answer from ECS"
    target = service.primary or listed(rollout, service)
    if target is None:
        return "waiting for ECS to list the new deployment"
    parts = [_progress_text(target, service)]
    if target.status == "PRIMARY" and target.id != rollout.deployment_id:
        match change(rollout, service, target, NOT_SEEN, said_by_ecs=False):
            case Change.NONE_SEEN:
                return "waiting for ECS to list the new deployment"
            case Change.RETURN:
                parts = [_progress_text(target, service, "{} of the version that failed")]
    if service_deployment is not None and service_deployment.lifecycle_stage:
        stage = service_deployment.lifecycle_stage
        parts.append(_STAGES.get(stage, stage.lower().replace("_", " ")))
    parts.extend(blocked_by(target, service.events))
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


def blocked_by(deployment: Deployment, events: Iterable[ServiceEvent]) -> tuple[str, ...]:
    """What ECS itself says blocks it, from the events since this deployment began."""
    recent = (event.message for event in events if deployment.created_at is None or event.at >= deployment.created_at)
    return tuple(dict.fromkeys(words for message in recent if (words := _blocking(message))))


def _blocking(message: str) -> str:
    diagnosis = diagnose_words(message)
    if diagnosis is None:
        return ""
    if diagnosis.code in _WAITS:
        return _WAITS[diagnosis.code]
    return f"tasks do not start: {diagnosis.cause}" if _NO_TASK.search(message) else ""


def _progress_text(target: Deployment, service: ServiceState, others: str = "old {}") -> str:
    line = progress(target, service)
    left = sum(d.running + d.pending for d in service.deployments if d.id != target.id)
    complete = target.running >= wanted(target, service) and not target.pending
    tasks = f"{left} {others.format('task' if left == 1 else 'tasks')}"
    if left:
        return f"{line}; draining {tasks}" if complete else f"{line}; {tasks} still serving"
    if complete and target.rollout_state != "COMPLETED":
        return f"{line}; waiting for ECS to report a steady state"
    return line


def _paused(paused: ServiceDeployment) -> str:
    parts = [f"paused at hook {_revision_id(paused.paused_hook)}"]
    if paused.pause_expires_at is not None:
        does = {"ROLLBACK": "rolls back", "CONTINUE": "continues"}.get(paused.pause_timeout_action, "ends the pause")
        parts.append(f"ECS {does} by itself at {paused.pause_expires_at.astimezone(UTC):%H:%M} UTC")
    if paused.pause_hook_id:
        parts.append(
            f"to continue: aws ecs continue-service-deployment --service-deployment-arn {paused.arn}"
            f" --hook-id {paused.pause_hook_id} --action CONTINUE (or ROLLBACK)"
        )
    return "; ".join(parts)


def _revision_id(name: str) -> str:
    return name.rsplit(":", 1)[-1].rsplit("/", 1)[-1]


FAR = 1.8
NEAR = 0.4
SLOWER = 1.4
"""Parts of the usual pause. Draining lasts a second or minutes: each poll that does not see its end makes the next
pause longer, so that we are late by a share of what it took, and a long one costs no more calls than any wait."""
FAILING = 1.2
"""As ``FAR``, once a task failed or ECS rolls back: a failed release is to end within 1.5 s of the rollback, calls and
exit included. Few releases fail, so that costs few calls."""


def is_draining(rollouts: Iterable[tuple[Rollout, ServiceState | None]]) -> bool:
    """Whether all new tasks of every unsettled rollout run, so that ECS only drains old ones before it is done."""
    return all(state is not None and _all_running_now(rollout, state) for rollout, state in rollouts)


def pause(draining_polls: int, *, failing: bool = False) -> float:
    """Part of the usual pause, after so many polls in a row that were draining. ``failing``: a task failed."""
    longest = FAILING if failing else FAR
    return min(longest, NEAR * SLOWER ** (draining_polls - 1)) if draining_polls else longest


def _all_running_now(rollout: Rollout, state: ServiceState) -> bool:
    primary = state.primary
    if primary is None or (primary.id != rollout.deployment_id and primary.rollout_state != "IN_PROGRESS"):
        return False  # ours is not listed yet
    return primary.running >= wanted(primary, state) and not primary.pending


_ROLLBACK = ("ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")


def judge(
    rollout: Rollout,
    service: ServiceState | None,
    service_deployment: ServiceDeployment | None,
    out_of_time: bool,
    sighting: Sighting = NOT_SEEN,
) -> DeploymentStatus:
    """The status of ``rollout`` from one reading of ECS; with ``out_of_time`` it is always settled.

    ``service`` is ``None`` when DescribeServices did not answer this time. ``service_deployment`` is ``None`` where
    DescribeServiceDeployments is denied or empty; DescribeServices alone then decides. ``sighting`` is what earlier
    readings showed.
    """
    ours = service_deployment if _is_of(rollout, service_deployment) else None
    seen = _by_service(rollout, service, sighting, said_by_ecs=ours is not None and ours.status in _ROLLBACK)
    status = _by_service_deployment(rollout, service, ours, seen) if ours else seen
    if status.state is DeploymentState.IN_PROGRESS and not status.detail:
        status = DeploymentStatus(DeploymentState.IN_PROGRESS, waiting_for(rollout, service, ours))
    if out_of_time and not status.settled:
        state = status.state.replace("_", " ")
        return DeploymentStatus(DeploymentState.TIMED_OUT, f"timed out while {state}: {status.detail}")
    return status


def _by_service_deployment(
    rollout: Rollout, service: ServiceState | None, ours: ServiceDeployment, seen: DeploymentStatus
) -> DeploymentStatus:
    why = _why_rolled_back(ours)
    primary = service.primary if service else None
    restored = primary if primary is not None and primary.id != rollout.deployment_id else None
    returned = restored is not None and seen.state in (DeploymentState.ROLLING_BACK, DeploymentState.ROLLED_BACK)
    runs = revision(restored.task_definition) if restored is not None and returned else _previous(rollout)
    match ours.status:
        case "SUCCESSFUL":
            return _after_success(rollout, service)
        case "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS":
            if seen.state is DeploymentState.ROLLED_BACK and not ours.lifecycle_stage:
                # This status is read seldom; only stages of traffic it knows better.
                return DeploymentStatus(DeploymentState.ROLLED_BACK, f"{why}; rolled back: {runs} is running again")
            return DeploymentStatus(DeploymentState.ROLLING_BACK, f"{why}; ECS is rolling back to {runs}")
        case "ROLLBACK_SUCCESSFUL":
            return DeploymentStatus(DeploymentState.ROLLED_BACK, f"{why}; rolled back: {runs} is running again")
        case "ROLLBACK_FAILED":
            return DeploymentStatus(DeploymentState.FAILED, f"{why}; the rollback to {runs} failed too")
        case "STOPPED":
            # ECS calls it stopped also where it failed and nothing rolls it back (API_ServiceDeployment, stoppedAt).
            if returned or seen.state is DeploymentState.FAILED:
                return seen
            newer = _newer(rollout, service)
            if newer is not None:
                return DeploymentStatus(DeploymentState.REPLACED, f"stopped: {_described(newer)} took over")
            return DeploymentStatus(
                DeploymentState.STOPPED, _with_reason("the service deployment was stopped", ours.status_reason)
            )
    # Still going, or a status newer than this tool. DescribeServices may already know of a failure, but it calls a
    # deployment COMPLETED before its bake time and traffic stages are over.
    if seen.state not in (DeploymentState.IN_PROGRESS, DeploymentState.SUCCEEDED):
        return seen
    if ours.paused_hook:
        return DeploymentStatus(DeploymentState.PAUSED, waiting_for(rollout, service, ours))
    if ours.status == "STOP_REQUESTED":
        return DeploymentStatus(DeploymentState.IN_PROGRESS, "the service deployment is being stopped")
    return DeploymentStatus(DeploymentState.IN_PROGRESS)


def _after_success(rollout: Rollout, service: ServiceState | None) -> DeploymentStatus:
    newer = _newer(rollout, service)
    if newer is None:
        # DescribeServices may lag behind and still show the previous deployment, or ours in progress.
        return DeploymentStatus(DeploymentState.SUCCEEDED, _live_detail(rollout, service))
    if _same_revision(newer.task_definition, rollout.task_definition):
        return DeploymentStatus(
            DeploymentState.SUCCEEDED, f"{_live_detail(rollout, service)}; since then {_described(newer)} was started"
        )
    return DeploymentStatus(DeploymentState.REPLACED, f"went live, then {_described(newer)} took over")


def _by_service(
    rollout: Rollout, service: ServiceState | None, sighting: Sighting, *, said_by_ecs: bool
) -> DeploymentStatus:
    if service is None:
        return DeploymentStatus(DeploymentState.IN_PROGRESS)
    if service.status in ("DRAINING", "INACTIVE"):
        return DeploymentStatus(DeploymentState.FAILED, f"service {service.name} was deleted during the rollout")
    mine, primary = listed(rollout, service), service.primary
    if primary is None:
        return DeploymentStatus(DeploymentState.IN_PROGRESS)
    if mine is primary:
        return _as_primary(rollout, service, mine)
    match change(rollout, service, primary, sighting, said_by_ecs=said_by_ecs):
        case Change.NONE_SEEN:
            return DeploymentStatus(DeploymentState.IN_PROGRESS)
        case Change.RETURN:
            return _returned(service, primary, _why_returned(rollout, service, sighting))
    if _same_revision(primary.task_definition, rollout.task_definition):
        return _follow_replacement(service, primary)
    failed = f"{_failure(mine)}; then " if mine is not None and mine.rollout_state == "FAILED" else ""
    return DeploymentStatus(DeploymentState.REPLACED, f"{failed}{_described(primary)} took over")


def _as_primary(rollout: Rollout, service: ServiceState, mine: Deployment) -> DeploymentStatus:
    if _completed(service, mine):
        return DeploymentStatus(DeploymentState.SUCCEEDED, _live_detail(rollout, service))
    if mine.rollout_state != "FAILED":
        return DeploymentStatus(DeploymentState.IN_PROGRESS)
    if service.circuit_breaker_rollback and _can_roll_back(rollout, service):
        return DeploymentStatus(
            DeploymentState.ROLLING_BACK, f"{_failure(mine)}; ECS is about to roll back to {_previous(rollout)}"
        )
    return DeploymentStatus(DeploymentState.FAILED, f"{_failure(mine)}; ECS does not roll it back")


def _returned(service: ServiceState, primary: Deployment, why: str) -> DeploymentStatus:
    """ECS returned to ``primary``; how far it is."""
    name = revision(primary.task_definition)
    if primary.rollout_state == "FAILED":
        return DeploymentStatus(
            DeploymentState.FAILED, f"{why}; the rollback to {name} failed too: {progress(primary, service)}"
        )
    if primary.rollout_state == "COMPLETED" or (primary.rollout_state is None and _all_running(service, primary)):
        return DeploymentStatus(DeploymentState.ROLLED_BACK, f"{why}; rolled back: {name} is running again")
    return DeploymentStatus(
        DeploymentState.ROLLING_BACK, f"{why}; ECS is rolling back to {name}: {progress(primary, service)}"
    )


def _why_returned(rollout: Rollout, service: ServiceState, sighting: Sighting) -> str:
    why = why_failed(rollout, service, sighting)
    if why is None and listed(rollout, service) is None:
        return "ECS dropped the deployment"
    return _with_reason("the deployment failed", why or "")


def _follow_replacement(service: ServiceState, newer: Deployment) -> DeploymentStatus:
    """Another client forced a new deployment of our revision: its status is ours."""
    if newer.rollout_state == "FAILED":
        return DeploymentStatus(
            DeploymentState.FAILED, f"{_described(newer)} took over and failed: {newer.rollout_state_reason}"
        )
    if _completed(service, newer):
        return DeploymentStatus(
            DeploymentState.SUCCEEDED, f"live through {_described(newer)}, started by another client"
        )
    how_far = progress(newer, service)
    return DeploymentStatus(
        DeploymentState.IN_PROGRESS, f"following {_described(newer)}, started by another client: {how_far}"
    )


def _completed(service: ServiceState, deployment: Deployment) -> bool:
    if deployment.rollout_state is None:
        return len(service.deployments) == 1 and _all_running(service, deployment)
    return deployment.rollout_state == "COMPLETED"


def _all_running(service: ServiceState, deployment: Deployment) -> bool:
    return deployment.running == wanted(deployment, service) and not deployment.pending


def _can_roll_back(rollout: Rollout, service: ServiceState) -> bool:
    """ECS rolls back to a completed deployment only; where the previous one never completed it stays as it is."""
    if not rollout.previous_deployment_id or rollout.previous_deployment_id == rollout.deployment_id:
        return False
    before = next((d for d in service.deployments if d.id == rollout.previous_deployment_id), None)
    return before is None or before.rollout_state in ("COMPLETED", None)


def _newer(rollout: Rollout, service: ServiceState | None) -> Deployment | None:
    """The PRIMARY deployment, where it is neither ours nor the one before ours."""
    primary = service.primary if service else None
    if primary is None or primary.id in (rollout.deployment_id, rollout.previous_deployment_id):
        return None
    return primary


def _is_of(rollout: Rollout, service_deployment: ServiceDeployment | None) -> bool:
    """A service revision's ARN ends in the same digits as the id of the deployment made from it."""
    return service_deployment is not None and _last_part(service_deployment.target_revision) == _last_part(
        rollout.deployment_id
    )


def _live_detail(rollout: Rollout, service: ServiceState | None) -> str:
    live = f"{revision(rollout.task_definition)} is live"
    return f"{live}, but the desired count is 0: nothing runs" if service and service.desired == 0 else live


def _failure(mine: Deployment) -> str:
    return _with_reason("the deployment failed", mine.rollout_state_reason)


def _why_rolled_back(ours: ServiceDeployment) -> str:
    if ours.triggered_alarms:
        return f"alarm {', '.join(ours.triggered_alarms)} went off"
    failures = f"{ours.failure_count} of {ours.failure_threshold} tolerated failures" if ours.failure_count else ""
    return _with_reason("the deployment failed", ours.rollback_reason or ours.status_reason or failures)


def _with_reason(what: str, reason: str) -> str:
    return f"{what} ({reason.strip().rstrip('.')})" if reason.strip() else what


def _previous(rollout: Rollout) -> str:
    return revision(rollout.previous_task_definition) or "the previous version"


def _described(deployment: Deployment) -> str:
    return f"deployment {deployment.id} of {revision(deployment.task_definition)}"


def _same_revision(one: str, other: str) -> bool:
    """Whether two names, ARN or ``family:revision``, mean the same revision."""
    return bool(one) and revision(one) == revision(other)


def _last_part(name: str) -> str:
    return name.rsplit("/", 1)[-1]
