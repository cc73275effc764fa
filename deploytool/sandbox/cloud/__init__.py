"""The sandbox's AWS account: CloudFormation makes what is in it; here is what AWS would do by itself afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploytool.sandbox.cloud.example import SERVICES

if TYPE_CHECKING:
    from deploytool.sandbox.cloud.account import Account
    from deploytool.sandbox.cloud.example import Environment


def scale(account: Account, environment: Environment) -> None:
    """Raise the app to the least number of tasks, as autoscaling does, which MiniStack's CloudFormation lacks."""
    account.client("ecs").update_service(cluster=environment.cluster, service="app", desiredCount=environment.app_tasks)


def settled(account: Account, cluster: str) -> bool:
    """Whether every service of the cluster has come to rest: all its tasks run, and all of its newest deployment."""
    services = account.client("ecs").describe_services(cluster=cluster, services=list(SERVICES))["services"]
    return all(_rests(service) for service in services)


def _rests(service: dict[str, Any]) -> bool:
    (primary,) = [deployment for deployment in service["deployments"] if deployment["status"] == "PRIMARY"]
    running = primary["runningCount"] == service["runningCount"] == service["desiredCount"]
    return bool(running and primary["rolloutState"] == "COMPLETED")
