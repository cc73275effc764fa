"""What task definitions say of their containers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.infra.checks.model import Resource, TemplateFault, TemplateSet, as_text, is_true, listed, number

# SEG core.template_checks.containers
# What task definitions say of their containers.

_SECRET_NAME = re.compile(
    r"PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|(API|ACCESS|PRIVATE)_KEY|(DATABASE|REDIS)_URL", re.IGNORECASE
)
_RESOLVED_SECRET = re.compile(r"\{\{resolve:(secretsmanager|ssm-secure):")
_MANAGED_BY_RDS = frozenset({"username", "password"})


def container_image_is_digest(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """A tag may be another image tomorrow: nothing to roll back to, and two tasks of one service may differ."""
    for task, container in _containers(cloud):
        image = container.get("Image")
        if isinstance(image, str) and "@sha256:" not in image:
            yield _of(task, container, f"its image {image} is not named by digest", "name it as REPOSITORY@sha256:…")


def container_health_check_runnable(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """Images of Node.js have no curl: each task would be replaced for ever."""
    for task, container in _containers(cloud):
        command = (container.get("HealthCheck") or {}).get("Command") or []
        if any(isinstance(word, str) and re.search(r"\bcurl\b", word) for word in command):
            yield _of(
                task, container, "its health check runs curl, which slim images lack", "ask with what the image has"
            )


def container_secret_not_plain(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """What is in ``ExampleEnvironment`` is there for all to read who may describe the task definition."""
    for task, container in _containers(cloud):
        for variable in container.get("Environment") or []:
            named = _SECRET_NAME.search(str(variable.get("Name", "")))
            if named or _RESOLVED_SECRET.search(json.dumps(variable.get("Value"))):
                yield _of(
                    task,
                    container,
                    f"{variable.get('Name')} is in plain sight",
                    "put it into Secrets Manager, and name it under Secrets",
                )


def container_secret_key_exists(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """A task that is promised a key that its secret lacks never starts."""
    for task, container in _containers(cloud):
        for secret in container.get("Secrets") or []:
            source = cloud.target(task.stack, secret.get("ValueFrom"))
            keys, wanted = _keys_of(source), _json_key(secret.get("ValueFrom"))
            if wanted and keys is not None and wanted not in keys:
                yield _of(
                    task,
                    container,
                    f"{secret.get('Name')} is key {wanted} of a secret that has {', '.join(sorted(keys))}",
                    "name a key that is there",
                )


def container_secret_readable(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """The execution role may read each secret that it hands to a container."""
    for task, container in _containers(cloud):
        role = cloud.target(task.stack, task.properties.get("ExecutionRoleArn"))
        if role is None:
            continue
        readable = _readable(cloud, role)
        for secret in container.get("Secrets") or []:
            source = cloud.target(task.stack, secret.get("ValueFrom"))
            if source and source not in readable:
                yield _of(
                    task,
                    container,
                    f"{role.name} may not read {secret.get('Name')}",
                    f"allow it secretsmanager:GetSecretValue on {source.name}",
                )


def container_log_group_exists(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """A task whose log group is missing never starts."""
    groups = [group.properties.get("LogGroupName") for group in cloud.of_type("AWS::Logs::LogGroup")]
    for task, container in _containers(cloud):
        options = (container.get("LogConfiguration") or {}).get("Options") or {}
        name = options.get("awslogs-group")
        if isinstance(name, str) and name not in groups:
            yield _of(task, container, f"there is no log group {name}", "make it in one of the stacks")


def _containers(cloud: TemplateSet) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    for task in cloud.of_type("AWS::ECS::TaskDefinition"):
        for container in task.properties.get("ContainerDefinitions") or []:
            yield task, container


def _of(task: Resource, container: Mapping[str, Any], cause: str, fix: str) -> TemplateFault:
    return TemplateFault(task.stack, task.name, f"container {container.get('Name')}: {cause}", fix)


def _json_key(value_from: Any) -> str:
    """``key`` of ``${Arn}:key::``."""
    match value_from:
        case {"Fn::Sub": [str(text), _]}:
            return text.rpartition("}")[2].split(":")[1] if ":" in text.rpartition("}")[2] else ""
        case _:
            return ""


def _keys_of(source: Resource | None) -> frozenset[str] | None:
    """Keys of the secret's JSON; ``None`` where nobody can tell."""
    if source is None:
        return None
    if source.type == "AWS::RDS::DBInstance":
        return _MANAGED_BY_RDS
    match source.properties:
        case {"SecretString": str(text)} | {"SecretString": {"Fn::Sub": [str(text), _]}}:
            return _keys(text)
        case {"GenerateSecretString": {"SecretStringTemplate": str(text), "GenerateStringKey": str(key)}}:
            return None if (keys := _keys(text)) is None else keys | {key}
        case _:
            return None


def _keys(text: str) -> frozenset[str] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return frozenset(found) if isinstance(found, dict) else None


def _readable(cloud: TemplateSet, role: Resource) -> set[Resource]:
    statements = [
        statement
        for policy in role.properties.get("Policies") or []
        for statement in listed((policy.get("PolicyDocument") or {}).get("Statement", []))
        if "secretsmanager:GetSecretValue" in listed(statement.get("Action"))
    ]
    return {found for statement in statements for found in cloud.targets(role.stack, listed(statement.get("Resource")))}


CONTAINER_CHECKS = (
    container_image_is_digest,
    container_health_check_runnable,
    container_secret_not_plain,
    container_secret_key_exists,
    container_secret_readable,
    container_log_group_exists,
)


# SEG core.template_checks.services
# What ECS services need to roll out safely, and to come back.


def service_circuit_breaker(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """Without it ECS starts a crashing version for ever."""
    for service in cloud.of_type("AWS::ECS::Service"):
        breaker = _deployment(service).get("DeploymentCircuitBreaker") or {}
        if not all(is_true(breaker.get(key, False)) for key in ("Enable", "Rollback")):
            yield _service_fault(
                service, "a version that crashes is started for ever", "turn the circuit breaker and its rollback on"
            )


def service_minimum_healthy(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """New tasks are healthy before old ones stop."""
    for service in cloud.of_type("AWS::ECS::Service"):
        least = number(_deployment(service).get("MinimumHealthyPercent", 100))
        most = number(_deployment(service).get("MaximumPercent", 200))
        if (least is not None and least < 100) or (most is not None and most <= 100):
            yield _service_fault(
                service,
                "a rollout stops tasks before their successors serve",
                "set MinimumHealthyPercent to 100 and MaximumPercent to 200",
            )


def port_matches_target_group(cloud: TemplateSet) -> Iterator[TemplateFault]:
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
            yield _service_fault(
                service,
                f"the load balancer asks container {wanted[0]} at port {wanted[1]}, which {task.name} does not have",
                "let both name the same port",
            )


def target_group_type_ip(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """A task on Fargate has an address of its own, and no instance to be found by."""
    for service, balancer in _balanced(cloud):
        group = cloud.target(service.stack, balancer.get("TargetGroupArn"))
        if group and service.properties.get("LaunchType") == "FARGATE" and group.properties.get("TargetType") != "ip":
            yield _service_fault(
                group, f"service {service.name} on Fargate registers addresses there", "set TargetType to ip"
            )


def service_no_fixed_count(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """A count in the template is put back whenever anything of the service changes."""
    for service in cloud.of_type("AWS::ECS::Service"):
        if "DesiredCount" in service.properties:
            yield _service_fault(
                service, "it takes the number of tasks back from autoscaling", "leave DesiredCount out"
            )


def scaling_range(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """At least one task, and more when there is more to do."""
    for target in cloud.of_type("AWS::ApplicationAutoScaling::ScalableTarget"):
        least, most = (number(target.properties.get(key)) for key in ("MinCapacity", "MaxCapacity"))
        if least is not None and most is not None and not 1 <= least < most:
            yield _service_fault(
                target, f"it scales between {least} and {most} tasks", "let 1 <= MinCapacity < MaxCapacity"
            )


def task_definition_retained(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """CloudFormation deregisters what it replaces, and ECS moves no service to such a revision."""
    for task in cloud.of_type("AWS::ECS::TaskDefinition"):
        if task.update_replace_policy != "Retain":
            yield _service_fault(
                task,
                "the revision that a rollback wants is deregistered by the next change",
                "set UpdateReplacePolicy to Retain",
            )


def _balanced(cloud: TemplateSet) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    for service in cloud.of_type("AWS::ECS::Service"):
        for balancer in service.properties.get("LoadBalancers") or []:
            yield service, balancer


def _deployment(service: Resource) -> Mapping[str, Any]:
    found: Mapping[str, Any] = service.properties.get("DeploymentConfiguration") or {}
    return found


def _service_fault(resource: Resource, cause: str, fix: str) -> TemplateFault:
    return TemplateFault(resource.stack, resource.name, cause, fix)


SERVICE_CHECKS = (
    service_circuit_breaker,
    service_minimum_healthy,
    port_matches_target_group,
    target_group_type_ip,
    service_no_fixed_count,
    scaling_range,
    task_definition_retained,
)
