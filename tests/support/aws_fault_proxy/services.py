"""Reading ECS service descriptions as they pass."""

from collections.abc import Callable

from tests.support.aws_fault_proxy.wire import Json

SERVICE_ACTIONS = frozenset({"CreateService", "UpdateService", "DescribeServices"})


def services_in(payload: Json) -> list[Json]:
    """The services an answer shows."""
    one = payload.get("service")
    return [one] if isinstance(one, dict) else list(payload.get("services") or [])


def map_services(payload: Json, change: Callable[[Json], Json]) -> Json:
    """The answer with every service in it changed."""
    if isinstance(payload.get("service"), dict):
        return {**payload, "service": change(payload["service"])}
    if "services" in payload:
        return {**payload, "services": [change(service) for service in payload["services"]]}
    return payload


def primary_of(service: Json) -> Json | None:
    """The PRIMARY deployment, if the service has one."""
    return next((d for d in service.get("deployments") or [] if d.get("status") == "PRIMARY"), None)


def suffix(deployment_id: str) -> str:
    """What follows `ecs-svc/` in a deployment's id; AWS uses the same digits in the service revision's ARN."""
    return deployment_id.rsplit("/", 1)[-1]


def breaker_of(service: Json) -> Json:
    """The service's circuit breaker settings; empty when it has none."""
    breaker = (service.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker") or {}
    return breaker if breaker.get("enable") else {}


def breaker_threshold(service: Json) -> int:
    """Failed tasks that trip the circuit breaker: half of the desired count, at least 3, at most 200, unless set.

    Source: ECS developer guide, "How the Amazon ECS deployment circuit breaker detects failures".
    """
    desired = int(service.get("desiredCount", 0))
    threshold = breaker_of(service).get("thresholdConfiguration") or {}
    value, kind = float(threshold.get("value", 50)), threshold.get("type", "BOUNDED_PERCENT")
    if kind == "COUNT":
        return max(1, int(value))
    share = -int(-value * desired // 100)
    return max(1, share) if kind == "UNBOUNDED_PERCENT" else min(200, max(3, share))
