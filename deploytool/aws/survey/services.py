"""Cluster, services, task definitions, scaling."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from deploytool.aws.parse import service as parsed
from deploytool.aws.survey.reader import Reader, told
from deploytool.core.doctor.facts_services import Cluster, Scaling, ServiceFact, TaskShape
from deploytool.core.doctor.task_shape import shape
from deploytool.core.observed import ServiceState
from deploytool.errors import NotFound

SERVICES_PER_CALL = 10
TASKS_PER_CALL = 100


def cluster(reader: Reader, name: str) -> Cluster | None:
    """DescribeClusters; ``None`` where there is none of that name."""
    found = reader.every("ecs", "describe_clusters", "clusters", clusters=[name], include=["SETTINGS"])
    if not found:
        return None
    insights = {each.get("name"): each.get("value") for each in found[0].get("settings", ())}.get("containerInsights")
    return Cluster(name, found[0].get("status", ""), insights in ("enabled", "enhanced"))


def services(reader: Reader, cluster_name: str, names: Mapping[str, str]) -> tuple[ServiceFact, ...]:
    """Those of ``names``, key to ECS name, that exist."""
    wanted = sorted(set(names.values()))
    states: dict[str, ServiceState] = {}
    for start in range(0, len(wanted), SERVICES_PER_CALL):
        batch = wanted[start : start + SERVICES_PER_CALL]
        try:
            listed = reader.every("ecs", "describe_services", "services", cluster=cluster_name, services=batch)
        except NotFound:
            return ()  # the cluster itself is not there
        states |= {state.name: state for state in map(parsed, listed) if state.status != "INACTIVE"}
    return tuple(_service(reader, cluster_name, key, states[name]) for key, name in names.items() if name in states)


def _service(reader: Reader, cluster_name: str, key: str, state: ServiceState) -> ServiceFact:
    placed = state.network.get("awsvpcConfiguration") or {}
    return ServiceFact(
        key=key,
        name=state.name,
        task=task(reader, state.task_definition),
        status=state.status,
        desired=state.desired,
        running=state.running,
        controller=state.controller,
        breaker=state.circuit_breaker and state.circuit_breaker_rollback,
        public_ip=placed.get("assignPublicIp") == "ENABLED",
        subnets=tuple(placed.get("subnets") or ()),
        groups=tuple(placed.get("securityGroups") or ()),
        target_groups=tuple(each.target_group_arn for each in state.load_balancers),
        health=told(lambda: _health(reader, cluster_name, state.name)),
    )


def task(reader: Reader, name: str) -> TaskShape:
    """A task definition by ARN or family. Raises CloudError."""
    return shape(reader.ask("ecs", "describe_task_definition", taskDefinition=name)["taskDefinition"])


def migrate(reader: Reader, family: str) -> TaskShape | None:
    """The migrate task's definition; ``None`` where there is none, or none is configured."""
    if not family:
        return None
    if not reader.every("ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE"):
        return None
    return task(reader, family)


def seeds(reader: Reader, app: str) -> tuple[str, ...]:
    """Task definition families of the app that are called after seeding."""
    listed = reader.every("ecs", "list_task_definition_families", "families", familyPrefix=app, status="ACTIVE")
    return tuple(name for name in listed if "seed" in name.lower())


def _health(reader: Reader, cluster_name: str, service: str) -> tuple[str, ...]:
    arns = reader.every("ecs", "list_tasks", "taskArns", cluster=cluster_name, serviceName=service)[:TASKS_PER_CALL]
    if not arns:
        return ()
    tasks = reader.every("ecs", "describe_tasks", "tasks", cluster=cluster_name, tasks=arns)
    return tuple(each.get("healthStatus", "UNKNOWN") for each in tasks)


def scaling(reader: Reader, cluster_name: str, found: tuple[ServiceFact, ...]) -> tuple[Scaling, ...]:
    """The scalable targets of the services."""
    names = {f"service/{cluster_name}/{each.name}": each.name for each in found}
    return tuple(each for resource, name in names.items() for each in _targets(reader, resource, name))


def _targets(reader: Reader, resource: str, name: str) -> Collection[Scaling]:
    of_it = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
    targets = reader.every(
        "application-autoscaling", "describe_scalable_targets", "ScalableTargets", ResourceIds=[resource], **of_it
    )
    if not targets:
        return ()
    policies = reader.every(
        "application-autoscaling", "describe_scaling_policies", "ScalingPolicies", ResourceId=resource, **of_it
    )
    activities = reader.every(
        "application-autoscaling", "describe_scaling_activities", "ScalingActivities", ResourceId=resource, **of_it
    )
    raw = targets[0]
    return (
        Scaling(
            service=name,
            minimum=raw["MinCapacity"],
            maximum=raw["MaxCapacity"],
            policies=tuple(each["PolicyName"] for each in policies),
            suspended=any((raw.get("SuspendedState") or {}).values()),
            scaled=any(each.get("StatusCode") == "Successful" for each in activities),
        ),
    )
