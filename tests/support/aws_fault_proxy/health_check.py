"""A container health check as ECS runs it, and what its results mean. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tests.support.aws_fault_proxy.wire import Json

HealthStatus = Literal["HEALTHY", "UNHEALTHY", "UNKNOWN"]


@dataclass(frozen=True)
class HealthCheck:
    """Times in seconds; the defaults are ECS's (API reference, HealthCheck)."""

    command: tuple[str, ...]
    interval: float = 30
    timeout: float = 5
    retries: int = 3
    start_period: float = 0


@dataclass(frozen=True)
class Health:
    """What is known of one container: its status and how many probes failed in a row."""

    status: HealthStatus = "UNKNOWN"
    failures: int = 0


def health_check(container_definition: Json) -> HealthCheck | None:
    """The check a container definition asks for; None when it has none, or NONE."""
    declared = container_definition.get("healthCheck") or {}
    command = tuple(declared.get("command") or ())
    if not command or command[0] == "NONE":
        return None
    executed = ("/bin/sh", "-c", *command[1:]) if command[0] == "CMD-SHELL" else command[command[0] == "CMD" :]
    check = HealthCheck(executed)
    return replace(
        check,
        interval=float(declared.get("interval") or check.interval),
        timeout=float(declared.get("timeout") or check.timeout),
        retries=int(declared.get("retries") or check.retries),
        start_period=float(declared.get("startPeriod") or 0),
    )


def probed(health: Health, check: HealthCheck, passed: bool, age: float) -> Health:
    """The health after one more probe of a container `age` seconds old: failures in the start period do not count."""
    if passed:
        return Health("HEALTHY")
    if health.status == "UNKNOWN" and age < check.start_period:
        return health
    failures = health.failures + 1
    return Health("UNHEALTHY" if failures >= check.retries else health.status, failures)


def checked_essentials(definition: Json) -> frozenset[str]:
    """The names of a task definition's essential containers that have a health check: they decide the task's health."""
    return frozenset(
        container["name"]
        for container in definition.get("containerDefinitions") or []
        if container.get("essential", True) and health_check(container)
    )


def task_health(essentials: frozenset[str], of_container: Mapping[str, HealthStatus]) -> HealthStatus:
    """The task's health, as the developer guide's "task health using container health checks" tells it."""
    states = {of_container.get(name, "UNKNOWN") for name in essentials}
    if "UNHEALTHY" in states:
        return "UNHEALTHY"
    return "HEALTHY" if states == {"HEALTHY"} else "UNKNOWN"
