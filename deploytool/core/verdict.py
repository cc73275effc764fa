"""What became of a rollout: judged by the deployment we made, never by the service being stable.

A service is stable after a rollback too, so ``services-stable`` cannot tell success from failure. Ours is known by its
id, from UpdateService's answer.
"""

from __future__ import annotations

from deploytool.core.observed import Deployment, ServiceDeployment, ServiceState, revision
from deploytool.core.verdict_model import Fate, Rollout, Verdict
from deploytool.core.waiting import deployment_of, progress, waiting_for

__all__ = ["Fate", "Rollout", "Verdict", "judge"]


def judge(
    rollout: Rollout,
    service: ServiceState | None,
    service_deployment: ServiceDeployment | None,
    out_of_time: bool,
) -> Verdict:
    """The fate of ``rollout`` from one reading of ECS.

    ``service`` is ``None`` when DescribeServices did not answer this time. ``service_deployment`` is ``None`` where
    DescribeServiceDeployments is denied or empty; DescribeServices alone then decides. With ``out_of_time`` the verdict
    is always settled.
    """
    ours = service_deployment if _is_of(rollout, service_deployment) else None
    verdict = _by_service_deployment(rollout, service, ours) if ours else _by_service(rollout, service)
    if verdict.fate is Fate.WAITING and not verdict.detail:
        verdict = Verdict(Fate.WAITING, waiting_for(rollout, service, ours))
    if out_of_time and not verdict.settled:
        return Verdict(Fate.TIMED_OUT, f"out of time while {verdict.fate}: {verdict.detail}")
    return verdict


def _by_service_deployment(rollout: Rollout, service: ServiceState | None, ours: ServiceDeployment) -> Verdict:
    seen = _by_service(rollout, service)
    why = _why_rolled_back(ours)
    match ours.status:
        case "SUCCESSFUL":
            return _after_success(rollout, service)
        case "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS":
            return Verdict(Fate.ROLLING_BACK, f"{why}; ECS is putting {_previous(rollout)} back")
        case "ROLLBACK_SUCCESSFUL":
            return Verdict(Fate.ROLLED_BACK, f"{why}; {_previous(rollout)} serves again")
        case "ROLLBACK_FAILED":
            return Verdict(Fate.FAILED, f"{why}; the rollback to {_previous(rollout)} failed too")
        case "STOPPED":
            newer = _newer(rollout, service)
            if newer is not None:
                return Verdict(Fate.SUPERSEDED, f"stopped: {_described(newer)} took over")
            return Verdict(Fate.STOPPED, _with_reason("the service deployment was stopped", ours.status_reason))
    # Still going, or a status newer than this tool. DescribeServices may already know of a failure, but it calls a
    # deployment COMPLETED before its bake time and traffic stages are over.
    if seen.fate not in (Fate.WAITING, Fate.LIVE):
        return seen
    if ours.paused_hook:
        return Verdict(Fate.PAUSED, waiting_for(rollout, service, ours))
    if ours.status == "STOP_REQUESTED":
        return Verdict(Fate.WAITING, "the service deployment is being stopped")
    return Verdict(Fate.WAITING)


def _after_success(rollout: Rollout, service: ServiceState | None) -> Verdict:
    newer = _newer(rollout, service)
    if newer is None:
        # DescribeServices may lag behind and still show the predecessor, or ours in progress.
        return Verdict(Fate.LIVE, _live(rollout, service))
    if _same_revision(newer.task_definition, rollout.task_definition):
        return Verdict(Fate.LIVE, f"{_live(rollout, service)}; since then {_described(newer)} was started")
    return Verdict(Fate.SUPERSEDED, f"went live, then {_described(newer)} took over")


def _by_service(rollout: Rollout, service: ServiceState | None) -> Verdict:
    if service is None:
        return Verdict(Fate.WAITING)
    if service.status in ("DRAINING", "INACTIVE"):
        return Verdict(Fate.FAILED, f"service {service.name} was deleted while it rolled")
    mine, primary = deployment_of(rollout, service), service.primary
    if primary is None:
        return Verdict(Fate.WAITING)
    if mine is primary:
        return _as_primary(rollout, service, mine)
    if mine is None and primary.id == rollout.previous_deployment_id:
        # Right after UpdateService a reading may still be from before it. AWS rolls back with a new deployment id, and
        # MiniStack keeps ours listed as FAILED, so this is never a rollback.
        return Verdict(Fate.WAITING)
    if _is_way_back(rollout, mine, primary):
        return _on_the_way_back(rollout, mine, primary)
    if _same_revision(primary.task_definition, rollout.task_definition):
        return _followed(service, primary)
    failed = f"{_failure(mine)}; then " if mine is not None and mine.rollout_state == "FAILED" else ""
    return Verdict(Fate.SUPERSEDED, f"{failed}{_described(primary)} took over")


def _as_primary(rollout: Rollout, service: ServiceState, mine: Deployment) -> Verdict:
    if _completed(service, mine):
        return Verdict(Fate.LIVE, _live(rollout, service))
    if mine.rollout_state != "FAILED":
        return Verdict(Fate.WAITING)
    if service.circuit_breaker_rollback and _can_go_back(rollout, service):
        return Verdict(Fate.ROLLING_BACK, f"{_failure(mine)}; ECS is about to put {_previous(rollout)} back")
    return Verdict(Fate.FAILED, f"{_failure(mine)}; ECS does not roll it back")


def _is_way_back(rollout: Rollout, mine: Deployment | None, primary: Deployment) -> bool:
    """Whether ``primary``, which is not ours, is ECS's return to the predecessor."""
    if primary.id == rollout.previous_deployment_id:
        return True
    if not _same_revision(primary.task_definition, rollout.previous_task_definition):
        return False
    # Rolling out the revision that was live already (a forced deployment): a newer deployment of it is somebody else's
    # only while ours is listed and has not failed. Otherwise it may be a rollback, and a rollback is never success.
    same = _same_revision(rollout.task_definition, rollout.previous_task_definition)
    return not same or mine is None or mine.rollout_state == "FAILED"


def _on_the_way_back(rollout: Rollout, mine: Deployment | None, primary: Deployment) -> Verdict:
    why = _failure(mine)
    if primary.rollout_state == "FAILED":
        return Verdict(Fate.FAILED, f"{why}; the rollback to {_previous(rollout)} failed too: {progress(primary)}")
    back = primary.rollout_state == "COMPLETED" or (primary.rollout_state is None and _all_running(primary))
    if back:
        return Verdict(Fate.ROLLED_BACK, f"{why}; {_previous(rollout)} serves again")
    return Verdict(Fate.ROLLING_BACK, f"{why}; ECS is putting {_previous(rollout)} back: {progress(primary)}")


def _followed(service: ServiceState, newer: Deployment) -> Verdict:
    """Somebody forced a new deployment of our revision: what becomes of that one is what becomes of ours."""
    if newer.rollout_state == "FAILED":
        return Verdict(Fate.FAILED, f"{_described(newer)} took over and failed: {newer.rollout_state_reason}")
    if _completed(service, newer):
        return Verdict(Fate.LIVE, f"live through {_described(newer)}, which somebody else started")
    return Verdict(Fate.WAITING, f"following {_described(newer)}, which somebody else started: {progress(newer)}")


def _completed(service: ServiceState, deployment: Deployment) -> bool:
    if deployment.rollout_state is None:
        return len(service.deployments) == 1 and _all_running(deployment)
    return deployment.rollout_state == "COMPLETED"


def _all_running(deployment: Deployment) -> bool:
    return deployment.running == deployment.desired and not deployment.pending


def _can_go_back(rollout: Rollout, service: ServiceState) -> bool:
    """ECS rolls back to a completed deployment only; where the predecessor never completed it stays as it is."""
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


def _live(rollout: Rollout, service: ServiceState | None) -> str:
    live = f"{revision(rollout.task_definition)} is live"
    return f"{live}, but the desired count is 0: nothing runs" if service and service.desired == 0 else live


def _failure(mine: Deployment | None) -> str:
    if mine is None:
        return "ECS dropped the deployment"
    return _with_reason("the deployment failed", mine.rollout_state_reason)


def _why_rolled_back(ours: ServiceDeployment) -> str:
    if ours.triggered_alarms:
        return f"alarm {', '.join(ours.triggered_alarms)} went off"
    failures = f"{ours.failure_count} of {ours.failure_threshold} tolerated failures" if ours.failure_count else ""
    return _with_reason("the deployment failed", ours.rollback_reason or ours.status_reason or failures)


def _with_reason(what: str, reason: str) -> str:
    return f"{what} ({reason.strip().rstrip('.')})" if reason.strip() else what


def _previous(rollout: Rollout) -> str:
    return revision(rollout.previous_task_definition) or "the version before"


def _described(deployment: Deployment) -> str:
    return f"deployment {deployment.id} of {revision(deployment.task_definition)}"


def _same_revision(one: str, other: str) -> bool:
    """Whether two names, ARN or ``family:revision``, mean the same revision."""
    return bool(one) and revision(one) == revision(other)


def _last_part(name: str) -> str:
    return name.rsplit("/", 1)[-1]
