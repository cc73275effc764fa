"""What became of a rollout: judged by the deployment we made, never by the service being stable.

A service is stable after a rollback too, so ``services-stable`` cannot tell success from failure. Ours is known by its
id, from UpdateService's answer.
"""

from __future__ import annotations

from deploytool.core.ecs_rollback import Change, change, listed, why_failed
from deploytool.core.observed import Deployment, ServiceDeployment, ServiceState, revision
from deploytool.core.verdict_model import NOT_SEEN, Fate, Rollout, Sighting, Verdict
from deploytool.core.waiting import progress, waiting_for, wanted

__all__ = ["Fate", "Rollout", "Verdict", "judge"]

_ROLLBACK = ("ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")


def judge(
    rollout: Rollout,
    service: ServiceState | None,
    service_deployment: ServiceDeployment | None,
    out_of_time: bool,
    sighting: Sighting = NOT_SEEN,
) -> Verdict:
    """The fate of ``rollout`` from one reading of ECS.

    ``service`` is ``None`` when DescribeServices did not answer this time. ``service_deployment`` is ``None`` where
    DescribeServiceDeployments is denied or empty; DescribeServices alone then decides. ``sighting`` is what earlier
    readings showed. With ``out_of_time`` the verdict is always settled.
    """
    ours = service_deployment if _is_of(rollout, service_deployment) else None
    seen = _by_service(rollout, service, sighting, said_by_ecs=ours is not None and ours.status in _ROLLBACK)
    verdict = _by_service_deployment(rollout, service, ours, seen) if ours else seen
    if verdict.fate is Fate.WAITING and not verdict.detail:
        verdict = Verdict(Fate.WAITING, waiting_for(rollout, service, ours))
    if out_of_time and not verdict.settled:
        return Verdict(Fate.TIMED_OUT, f"out of time while {verdict.fate}: {verdict.detail}")
    return verdict


def _by_service_deployment(
    rollout: Rollout, service: ServiceState | None, ours: ServiceDeployment, seen: Verdict
) -> Verdict:
    why = _why_rolled_back(ours)
    primary = service.primary if service else None
    restored = primary if primary is not None and primary.id != rollout.deployment_id else None
    returned = restored is not None and seen.fate in (Fate.ROLLING_BACK, Fate.ROLLED_BACK)
    runs = revision(restored.task_definition) if restored is not None and returned else _previous(rollout)
    match ours.status:
        case "SUCCESSFUL":
            return _after_success(rollout, service)
        case "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS":
            if seen.fate is Fate.ROLLED_BACK and not ours.lifecycle_stage:
                # This status is read seldom, and stages of traffic are all it knows better.
                return Verdict(Fate.ROLLED_BACK, f"{why}; {runs} serves again")
            return Verdict(Fate.ROLLING_BACK, f"{why}; ECS is putting {runs} back")
        case "ROLLBACK_SUCCESSFUL":
            return Verdict(Fate.ROLLED_BACK, f"{why}; {runs} serves again")
        case "ROLLBACK_FAILED":
            return Verdict(Fate.FAILED, f"{why}; the rollback to {runs} failed too")
        case "STOPPED":
            if returned:
                return seen
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


def _by_service(rollout: Rollout, service: ServiceState | None, sighting: Sighting, *, said_by_ecs: bool) -> Verdict:
    if service is None:
        return Verdict(Fate.WAITING)
    if service.status in ("DRAINING", "INACTIVE"):
        return Verdict(Fate.FAILED, f"service {service.name} was deleted while it rolled")
    mine, primary = listed(rollout, service), service.primary
    if primary is None:
        return Verdict(Fate.WAITING)
    if mine is primary:
        return _as_primary(rollout, service, mine)
    match change(rollout, service, primary, sighting, said_by_ecs=said_by_ecs):
        case Change.NONE_SEEN:
            return Verdict(Fate.WAITING)
        case Change.RETURN:
            return _returned(service, primary, _why_returned(rollout, service, sighting))
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


def _returned(service: ServiceState, primary: Deployment, why: str) -> Verdict:
    """ECS returned to ``primary``; how far it is."""
    name = revision(primary.task_definition)
    if primary.rollout_state == "FAILED":
        return Verdict(Fate.FAILED, f"{why}; the rollback to {name} failed too: {progress(primary, service)}")
    if primary.rollout_state == "COMPLETED" or (primary.rollout_state is None and _all_running(service, primary)):
        return Verdict(Fate.ROLLED_BACK, f"{why}; {name} serves again")
    return Verdict(Fate.ROLLING_BACK, f"{why}; ECS is putting {name} back: {progress(primary, service)}")


def _why_returned(rollout: Rollout, service: ServiceState, sighting: Sighting) -> str:
    why = why_failed(rollout, service, sighting)
    if why is None and listed(rollout, service) is None:
        return "ECS dropped the deployment"
    return _with_reason("the deployment failed", why or "")


def _followed(service: ServiceState, newer: Deployment) -> Verdict:
    """Somebody forced a new deployment of our revision: what becomes of that one is what becomes of ours."""
    if newer.rollout_state == "FAILED":
        return Verdict(Fate.FAILED, f"{_described(newer)} took over and failed: {newer.rollout_state_reason}")
    if _completed(service, newer):
        return Verdict(Fate.LIVE, f"live through {_described(newer)}, which somebody else started")
    how_far = progress(newer, service)
    return Verdict(Fate.WAITING, f"following {_described(newer)}, which somebody else started: {how_far}")


def _completed(service: ServiceState, deployment: Deployment) -> bool:
    if deployment.rollout_state is None:
        return len(service.deployments) == 1 and _all_running(service, deployment)
    return deployment.rollout_state == "COMPLETED"


def _all_running(service: ServiceState, deployment: Deployment) -> bool:
    return deployment.running == wanted(deployment, service) and not deployment.pending


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
    return revision(rollout.previous_task_definition) or "the version before"


def _described(deployment: Deployment) -> str:
    return f"deployment {deployment.id} of {revision(deployment.task_definition)}"


def _same_revision(one: str, other: str) -> bool:
    """Whether two names, ARN or ``family:revision``, mean the same revision."""
    return bool(one) and revision(one) == revision(other)


def _last_part(name: str) -> str:
    return name.rsplit("/", 1)[-1]
