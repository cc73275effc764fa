"""What becomes of a service deployment, told from what DescribeServices shows over time. Pure."""

from dataclasses import dataclass, replace

from tests.support.aws_fault_proxy.services import breaker_of, breaker_threshold, primary_of, suffix
from tests.support.aws_fault_proxy.wire import Json

FINAL = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
BREAKER_REASON = "Service deployment rolled back because the circuit breaker threshold was exceeded."
STOP_REASON = "Service deployment rolled back because of a StopServiceDeployment request."
SUPERSEDED_REASON = "Service deployment stopped because a new service deployment was started."


@dataclass(frozen=True)
class ServiceDeployment:
    """One service deployment; `revision` is the suffix its service revision shares with the ECS deployment's id.

    Times are seconds since the epoch. `rolls_back_to` is the deployment id whose completion ends the rollback.
    """

    revision: str
    task_definition: str
    status: str
    created_at: float
    updated_at: float
    source: str = ""
    finished_at: float | None = None
    reason: str = ""
    rollback_reason: str = ""
    rollback_started_at: float | None = None
    rolls_back_to: str = ""
    breaker_status: str = "DISABLED"
    failures: int = 0
    threshold: int = 0
    requested: int = 0
    running: int = 0
    pending: int = 0


def advance(
    tracked: tuple[ServiceDeployment, ...], service: Json, now: float, requested: bool = False
) -> tuple[ServiceDeployment, ...]:
    """The service's deployments, oldest first, after one more look at the service.

    `requested` says that the service was just changed by its owner: a PRIMARY not seen before is then a deployment of
    its own; without that, and with one failing, it is the rollback of the failing one.
    """
    primary = primary_of(service)
    if primary is None:
        return tracked
    shown = {suffix(d["id"]): d for d in service["deployments"]}
    known = {t.revision for t in tracked} | {suffix(t.rolls_back_to) for t in tracked if t.rolls_back_to}
    rolling_back = any(
        t.status not in FINAL and shown.get(t.revision, {}).get("rolloutState") == "FAILED" for t in tracked
    )
    judged = tuple(_judged(t, shown.get(t.revision), primary, service, now) for t in tracked)
    if suffix(primary["id"]) in known or (rolling_back and not requested):
        return judged
    begun = _begun(primary, _standing(judged))
    return (*judged, _judged(begun, primary, primary, service, now))


def _standing(tracked: tuple[ServiceDeployment, ...]) -> str:
    """The revision a new deployment replaces and goes back to: the last one that held."""
    return next((t.revision for t in reversed(tracked) if t.status == "SUCCESSFUL"), "")


def _begun(primary: Json, source: str) -> ServiceDeployment:
    created = float(primary.get("createdAt") or 0)
    return ServiceDeployment(
        suffix(primary["id"]), primary["taskDefinition"], "PENDING", created, created, source=source
    )


def _judged(t: ServiceDeployment, shown: Json | None, primary: Json, service: Json, now: float) -> ServiceDeployment:
    if t.status in FINAL:
        return t
    t = _counted(t, shown, service)
    is_primary = suffix(primary["id"]) == t.revision
    state = (shown or {}).get("rolloutState")
    if t.rolls_back_to:
        return _rolling_back(t, primary, now)
    if state == "FAILED" and is_primary:
        # No deployment to go back to, or rollback switched off: it only stops.
        return replace(
            _ended(t, "STOPPED", now), breaker_status="TRIGGERED", reason=str((shown or {}).get("rolloutStateReason"))
        )
    if state == "FAILED":
        begun = replace(
            t,
            status="ROLLBACK_IN_PROGRESS",
            breaker_status="TRIGGERED",
            reason=BREAKER_REASON,
            rollback_reason=BREAKER_REASON,
            rollback_started_at=now,
            rolls_back_to=primary["id"],
            updated_at=now,
        )
        return _rolling_back(begun, primary, now)
    if state == "COMPLETED":
        return replace(_ended(t, "SUCCESSFUL", now), breaker_status=_after_watch(t))
    if not is_primary:
        return replace(_ended(t, "STOPPED", now), reason=SUPERSEDED_REASON, breaker_status=_after_watch(t))
    if t.status == "PENDING" and (t.running or t.pending or t.failures):
        return replace(t, status="IN_PROGRESS", updated_at=now)
    return t


def _rolling_back(t: ServiceDeployment, primary: Json, now: float) -> ServiceDeployment:
    if primary["id"] != t.rolls_back_to:
        return replace(_ended(t, "STOPPED", now), reason=SUPERSEDED_REASON)
    if primary.get("rolloutState") == "COMPLETED":
        return _ended(t, "ROLLBACK_SUCCESSFUL", now)
    if primary.get("rolloutState") == "FAILED":
        return _ended(t, "ROLLBACK_FAILED", now)
    return replace(t, status="ROLLBACK_IN_PROGRESS", updated_at=now)


def stop_requested(t: ServiceDeployment, rollback_id: str, now: float) -> ServiceDeployment:
    """The deployment after StopServiceDeployment(ROLLBACK), whose rollback runs upstream as `rollback_id`."""
    return replace(
        t,
        status="STOP_REQUESTED",
        reason=STOP_REASON,
        rollback_reason=STOP_REASON,
        rollback_started_at=now,
        rolls_back_to=rollback_id,
        updated_at=now,
    )


def _counted(t: ServiceDeployment, shown: Json | None, service: Json) -> ServiceDeployment:
    if shown is None:
        return replace(t, running=0, pending=0)
    enabled = bool(breaker_of(service))
    return replace(
        t,
        failures=max(t.failures, int(shown.get("failedTasks", 0))),
        threshold=breaker_threshold(service) if enabled else 0,
        breaker_status="MONITORING" if enabled and t.breaker_status == "DISABLED" else t.breaker_status,
        requested=int(shown.get("desiredCount", 0)),
        running=int(shown.get("runningCount", 0)),
        pending=int(shown.get("pendingCount", 0)),
    )


def _after_watch(t: ServiceDeployment) -> str:
    return "DISABLED" if t.breaker_status == "DISABLED" else "MONITORING_COMPLETE"


def _ended(t: ServiceDeployment, status: str, now: float) -> ServiceDeployment:
    return replace(t, status=status, finished_at=now, updated_at=now)
