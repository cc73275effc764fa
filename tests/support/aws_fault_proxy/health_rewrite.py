"""Tasks and services as AWS shows them when containers have health checks. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.aws_fault_proxy.health_check import HealthStatus, task_health
from tests.support.aws_fault_proxy.services import primary_of
from tests.support.aws_fault_proxy.wire import Json

STOPPED_REASON = "Task failed container health checks"


def shown_task(task: Json, essentials: frozenset[str], of_container: Mapping[str, HealthStatus], killed: bool) -> Json:
    """The task with the health of its containers; one that was ended for it says so."""
    containers = [
        {**container, "healthStatus": of_container.get(container["name"], "UNKNOWN")}
        for container in task.get("containers") or []
    ]
    shown = {**task, "containers": containers, "healthStatus": task_health(essentials, of_container)}
    if killed and task.get("lastStatus") == "STOPPED":
        shown |= {"stoppedReason": STOPPED_REASON, "stopCode": "ServiceSchedulerInitiated"}
    return shown


@dataclass(frozen=True)
class Failed:
    """A deployment that the front's own circuit breaker ended; `shown` is how the service listed it last."""

    shown: Json
    rolls_back: bool


def _failed_deployment(failed: Failed) -> Json:
    return {
        **failed.shown,
        "status": "ACTIVE" if failed.rolls_back else "PRIMARY",
        "rolloutState": "FAILED",
        "rolloutStateReason": "ECS deployment circuit breaker: tasks failed to start.",
        "desiredCount": 0,
        "runningCount": 0,
        "pendingCount": 0,
    }


def shown_service(service: Json, held_back: bool, failures: Mapping[str, int], failed: Mapping[str, Failed]) -> Json:
    """The service with its PRIMARY held IN_PROGRESS while its tasks are not healthy, with the failed tasks that only
    the front saw fail, and with the deployments that failed for it."""
    primary = primary_of(service)
    deployments = []
    for deployment in service.get("deployments") or []:
        ident = deployment["id"]
        count = max(int(deployment.get("failedTasks", 0)), failures.get(ident, 0))
        if ident in failed:
            deployments.append(_failed_deployment(failed[ident]) | {"failedTasks": count})
            continue
        shown = {**deployment, "failedTasks": count}
        if deployment is primary and held_back and shown.get("rolloutState") == "COMPLETED":
            reason = f"ECS deployment {ident} in progress."
            shown |= {"rolloutState": "IN_PROGRESS", "rolloutStateReason": reason}
        deployments.append(shown)
    listed = {deployment["id"] for deployment in deployments}
    for ident, gone in failed.items():
        if ident not in listed:
            deployments.append(_failed_deployment(gone) | {"failedTasks": failures.get(ident, 0)})
    return {**service, "deployments": deployments}
