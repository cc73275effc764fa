"""What ECS services need to roll out safely, and to come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.core.template_checks.cloud import Cloud, Resource
from deploytool.core.template_checks.fault import TemplateFault
from deploytool.core.template_checks.simplify import as_text, is_true, number


def breakers_are_on(cloud: Cloud) -> Iterator[TemplateFault]:
    """Without it ECS starts a crashing version for ever."""
    for service in cloud.of_type("AWS::ECS::Service"):
        breaker = _deployment(service).get("DeploymentCircuitBreaker") or {}
        if not all(is_true(breaker.get(key, False)) for key in ("Enable", "Rollback")):
            yield _fault(
                service, "a version that crashes is started for ever", "turn the circuit breaker and its rollback on"
            )


def rollouts_keep_serving(cloud: Cloud) -> Iterator[TemplateFault]:
    """New tasks are healthy before old ones stop."""
    for service in cloud.of_type("AWS::ECS::Service"):
        least = number(_deployment(service).get("MinimumHealthyPercent", 100))
        most = number(_deployment(service).get("MaximumPercent", 200))
        if (least is not None and least < 100) or (most is not None and most <= 100):
            yield _fault(
                service,
                "a rollout stops tasks before their successors serve",
                "set MinimumHealthyPercent to 100 and MaximumPercent to 200",
            )


def containers_listen_where_they_are_asked(cloud: Cloud) -> Iterator[TemplateFault]:
    """The load balancer asks a port that a container of the task definition has."""
    for service, balancer in _balanced(cloud):
        task = cloud.target(service.stack, service.properties.get("TaskDefinition"))
        if task is None:
            continue
        ports = {
            (container.get("Name"), as_text(mapping.get("ContainerPort")))
            for container in task.properties.get("ContainerDefinitions") or []
            for mapping in container.get("PortMappings") or []
        }
        wanted = (balancer.get("ContainerName"), as_text(balancer.get("ContainerPort")))
        if wanted not in ports:
            yield _fault(
                service,
                f"the load balancer asks container {wanted[0]} at port {wanted[1]}, which {task.name} does not have",
                "let both name the same port",
            )


def targets_are_addresses(cloud: Cloud) -> Iterator[TemplateFault]:
    """A task on Fargate has an address of its own, and no instance to be found by."""
    for service, balancer in _balanced(cloud):
        group = cloud.target(service.stack, balancer.get("TargetGroupArn"))
        if group and service.properties.get("LaunchType") == "FARGATE" and group.properties.get("TargetType") != "ip":
            yield _fault(group, f"service {service.name} on Fargate registers addresses there", "set TargetType to ip")


def count_is_left_to_scaling(cloud: Cloud) -> Iterator[TemplateFault]:
    """A count in the template is put back whenever anything of the service changes."""
    for service in cloud.of_type("AWS::ECS::Service"):
        if "DesiredCount" in service.properties:
            yield _fault(service, "it takes the number of tasks back from autoscaling", "leave DesiredCount out")


def scaling_has_room(cloud: Cloud) -> Iterator[TemplateFault]:
    """At least one task, and more when there is more to do."""
    for target in cloud.of_type("AWS::ApplicationAutoScaling::ScalableTarget"):
        least, most = (number(target.properties.get(key)) for key in ("MinCapacity", "MaxCapacity"))
        if least is not None and most is not None and not 1 <= least < most:
            yield _fault(target, f"it scales between {least} and {most} tasks", "let 1 <= MinCapacity < MaxCapacity")


def revisions_stay(cloud: Cloud) -> Iterator[TemplateFault]:
    """CloudFormation deregisters what it replaces, and ECS moves no service to such a revision."""
    for task in cloud.of_type("AWS::ECS::TaskDefinition"):
        if task.update_replace_policy != "Retain":
            yield _fault(
                task,
                "the revision that a rollback wants is deregistered by the next change",
                "set UpdateReplacePolicy to Retain",
            )


def _balanced(cloud: Cloud) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    for service in cloud.of_type("AWS::ECS::Service"):
        for balancer in service.properties.get("LoadBalancers") or []:
            yield service, balancer


def _deployment(service: Resource) -> Mapping[str, Any]:
    found: Mapping[str, Any] = service.properties.get("DeploymentConfiguration") or {}
    return found


def _fault(resource: Resource, cause: str, fix: str) -> TemplateFault:
    return TemplateFault(resource.stack, resource.name, cause, fix)


CHECKS = (
    breakers_are_on,
    rollouts_keep_serving,
    containers_listen_where_they_are_asked,
    targets_are_addresses,
    count_is_left_to_scaling,
    scaling_has_room,
    revisions_stay,
)
