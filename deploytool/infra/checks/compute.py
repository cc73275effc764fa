"""Task definitions, their containers, and what ECS services need for a safe rollout and rollback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.infra.checks.model import Resource, TemplateSet, check
from deploytool.infra.intrinsics import as_text, is_true, listed, number

TASK, SERVICE = "AWS::ECS::TaskDefinition", "AWS::ECS::Service"
_SECRET_NAME = re.compile(
    r"PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|(API|ACCESS|PRIVATE)_KEY|(DATABASE|REDIS)_URL", re.IGNORECASE
)
_RESOLVED_SECRET = re.compile(r"\{\{resolve:(secretsmanager|ssm-secure):")
_MANAGED_BY_RDS = frozenset({"username", "password"})
_GIB = 1024
_MEMORY = {
    256: (512, 1 * _GIB, 2 * _GIB),
    512: range(1 * _GIB, 4 * _GIB + 1, _GIB),
    1024: range(2 * _GIB, 8 * _GIB + 1, _GIB),
    2048: range(4 * _GIB, 16 * _GIB + 1, _GIB),
    4096: range(8 * _GIB, 30 * _GIB + 1, _GIB),
    8192: range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB),
    16384: range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB),
}
"""MiB by CPU units (1024 is one vCPU).

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#task_size
"""


@check(TASK)
def container_image_is_digest(_: TemplateSet, task: Resource) -> Iterator[tuple[str, str]]:
    """A tag may be another image tomorrow: nothing to roll back to, and two tasks of one service may differ."""
    for name, container in _containers(task):
        image = container.get("Image")
        if isinstance(image, str) and "@sha256:" not in image:
            yield f"{name}: its image {image} is not pinned by digest", "use REPOSITORY@sha256:…"


@check(TASK)
def container_health_check_runnable(_: TemplateSet, task: Resource) -> Iterator[tuple[str, str]]:
    """Images of Node.js have no curl: ECS would replace each task again and again."""
    for name, container in _containers(task):
        command = (container.get("HealthCheck") or {}).get("Command") or []
        if any(isinstance(word, str) and re.search(r"\bcurl\b", word) for word in command):
            yield f"{name}: its health check runs curl, which slim images lack", "use a program that the image has"


@check(TASK)
def container_secret_not_plain(_: TemplateSet, task: Resource) -> Iterator[tuple[str, str]]:
    """What is in ``Environment`` is readable to everyone who may describe the task definition."""
    for name, container in _containers(task):
        for variable in container.get("Environment") or []:
            is_secret = _SECRET_NAME.search(str(variable.get("Name", "")))
            if is_secret or _RESOLVED_SECRET.search(json.dumps(variable.get("Value"))):
                yield (
                    f"{name}: {variable.get('Name')} is in plain text",
                    "put it into Secrets Manager, and name it under Secrets",
                )


@check(TASK)
def container_secret_key_exists(templates: TemplateSet, task: Resource) -> Iterator[tuple[str, str]]:
    """A task whose secret lacks the key never starts."""
    for name, secret, source in _secrets(templates, task):
        keys, key = _keys_of(source), _json_key(secret.get("ValueFrom"))
        if key and keys is not None and key not in keys:
            yield (
                f"{name}: {secret.get('Name')} is key {key} of a secret that has {', '.join(sorted(keys))}",
                "use an existing key",
            )


@check(TASK)
def container_secret_readable(templates: TemplateSet, task: Resource) -> Iterator[tuple[str, str]]:
    """The execution role may read each secret that it hands to a container."""
    role = templates.target(task.stack, task.properties.get("ExecutionRoleArn"))
    if role is None:
        return
    readable = _readable(templates, role)
    for name, secret, source in _secrets(templates, task):
        if source and source not in readable:
            yield (
                f"{name}: {role.name} may not read {secret.get('Name')}",
                f"allow it secretsmanager:GetSecretValue on {source.name}",
            )


@check(TASK)
def container_log_group_exists(templates: TemplateSet, task: Resource) -> Iterator[tuple[str, str]]:
    """A task whose log group is missing never starts."""
    groups = [group.properties.get("LogGroupName") for group in templates.of_type("AWS::Logs::LogGroup")]
    for name, container in _containers(task):
        group = ((container.get("LogConfiguration") or {}).get("Options") or {}).get("awslogs-group")
        if isinstance(group, str) and group not in groups:
            yield f"{name}: log group {group} does not exist", "create it in one of the stacks"


@check(TASK)
def fargate_size(_: TemplateSet, task: Resource) -> Iterator[tuple[str, str]]:
    """ECS refuses other pairs when the revision is registered; cfn-lint does not look through the mapping of sizes."""
    cpu, memory = number(task.properties.get("Cpu")), number(task.properties.get("Memory"))
    if cpu is not None and memory is not None and memory not in _MEMORY.get(cpu, ()):
        yield (
            f"Fargate has no task of {cpu} CPU units with {memory} MiB",
            f"use {', '.join(map(str, list(_MEMORY.get(cpu, ()))[:3])) or '256, 512, 1024, 2048, …'}",
        )


@check(TASK)
def task_definition_retained(_: TemplateSet, task: Resource) -> Iterator[tuple[str, str]]:
    """CloudFormation deregisters what it replaces, and ECS moves no service to such a revision."""
    if task.update_replace_policy != "Retain":
        yield (
            "the next change deregisters the revision that a rollback needs",
            "set UpdateReplacePolicy to Retain",
        )


@check(SERVICE)
def service_circuit_breaker(_: TemplateSet, service: Resource) -> Iterator[tuple[str, str]]:
    """Without it ECS starts a crashing version again and again."""
    breaker = _deployment(service).get("DeploymentCircuitBreaker") or {}
    if not all(is_true(breaker.get(key, False)) for key in ("Enable", "Rollback")):
        yield "ECS keeps starting a version that crashes", "turn the circuit breaker and its rollback on"


@check(SERVICE)
def service_minimum_healthy(_: TemplateSet, service: Resource) -> Iterator[tuple[str, str]]:
    """New tasks are healthy before old ones stop."""
    least = number(_deployment(service).get("MinimumHealthyPercent", 100))
    most = number(_deployment(service).get("MaximumPercent", 200))
    if (least is not None and least < 100) or (most is not None and most <= 100):
        yield (
            "a rollout stops old tasks before the new ones are healthy",
            "set MinimumHealthyPercent to 100 and MaximumPercent to 200",
        )


@check(SERVICE)
def port_matches_target_group(templates: TemplateSet, service: Resource) -> Iterator[tuple[str, str]]:
    """The load balancer sends to a port that a container of the task definition has."""
    task = templates.target(service.stack, service.properties.get("TaskDefinition"))
    if task is None:
        return
    ports = {
        (container.get("Name"), as_text(mapping.get("ContainerPort")))
        for container in task.properties.get("ContainerDefinitions") or []
        for mapping in container.get("PortMappings") or []
    }
    for balancer in service.properties.get("LoadBalancers") or []:
        container, port = balancer.get("ContainerName"), as_text(balancer.get("ContainerPort"))
        if (container, port) not in ports:
            yield (
                f"the load balancer sends to container {container} at port {port}, which {task.name} does not have",
                "use the same port in both",
            )


@check(SERVICE)
def target_group_type_ip(templates: TemplateSet, service: Resource) -> Iterator[tuple[str, str]]:
    """A task on Fargate is registered by its address: it has no instance."""
    for balancer in service.properties.get("LoadBalancers") or []:
        group = templates.target(service.stack, balancer.get("TargetGroupArn"))
        if group and service.properties.get("LaunchType") == "FARGATE" and group.properties.get("TargetType") != "ip":
            yield f"it registers addresses in target group {group.name}", "set TargetType of the target group to ip"


@check(SERVICE)
def service_no_fixed_count(_: TemplateSet, service: Resource) -> Iterator[tuple[str, str]]:
    """A count in the template is restored whenever anything of the service changes."""
    if "DesiredCount" in service.properties:
        yield "every stack update resets the task count that autoscaling chose", "leave DesiredCount out"


@check("AWS::ApplicationAutoScaling::ScalableTarget")
def scaling_range(_: TemplateSet, target: Resource) -> Iterator[tuple[str, str]]:
    """At least one task, and more when there is more to do."""
    least, most = (number(target.properties.get(key)) for key in ("MinCapacity", "MaxCapacity"))
    if least is not None and most is not None and not 1 <= least < most:
        yield f"it scales between {least} and {most} tasks", "let 1 <= MinCapacity < MaxCapacity"


def _containers(task: Resource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for container in task.properties.get("ContainerDefinitions") or []:
        yield f"container {container.get('Name')}", container


def _secrets(templates: TemplateSet, task: Resource) -> Iterator[tuple[str, Mapping[str, Any], Resource | None]]:
    """Each secret that a container gets, and the resource that it comes from."""
    for name, container in _containers(task):
        for secret in container.get("Secrets") or []:
            yield name, secret, templates.target(task.stack, secret.get("ValueFrom"))


def _json_key(value_from: Any) -> str:
    """``key`` of ``${Arn}:key::``."""
    match value_from:
        case {"Fn::Sub": [str(text), _]} if ":" in text.rpartition("}")[2]:
            return text.rpartition("}")[2].split(":")[1]
        case _:
            return ""


def _keys_of(source: Resource | None) -> frozenset[str] | None:
    """Keys of the secret's JSON; ``None`` where they are unknown."""
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
        document = json.loads(text)
    except ValueError:
        return None
    return frozenset(document) if isinstance(document, dict) else None


def _readable(templates: TemplateSet, role: Resource) -> set[Resource]:
    return {
        secret
        for policy in role.properties.get("Policies") or []
        for statement in listed((policy.get("PolicyDocument") or {}).get("Statement", []))
        if "secretsmanager:GetSecretValue" in listed(statement.get("Action"))
        for secret in templates.targets(role.stack, listed(statement.get("Resource")))
    }


def _deployment(service: Resource) -> Mapping[str, Any]:
    configuration: Mapping[str, Any] = service.properties.get("DeploymentConfiguration") or {}
    return configuration
