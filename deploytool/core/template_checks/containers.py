"""What task definitions say of their containers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.core.template_checks.cloud import Cloud, Resource
from deploytool.core.template_checks.fault import TemplateFault
from deploytool.core.template_checks.simplify import listed

_SECRET_NAME = re.compile(
    r"PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|(API|ACCESS|PRIVATE)_KEY|(DATABASE|REDIS)_URL", re.IGNORECASE
)
_RESOLVED_SECRET = re.compile(r"\{\{resolve:(secretsmanager|ssm-secure):")
_MANAGED_BY_RDS = frozenset({"username", "password"})


def images_are_digests(cloud: Cloud) -> Iterator[TemplateFault]:
    """A tag may be another image tomorrow: nothing to roll back to, and two tasks of one service may differ."""
    for task, container in _containers(cloud):
        image = container.get("Image")
        if isinstance(image, str) and "@sha256:" not in image:
            yield _of(task, container, f"its image {image} is not named by digest", "name it as REPOSITORY@sha256:…")


def health_checks_can_run(cloud: Cloud) -> Iterator[TemplateFault]:
    """Images of Node.js have no curl: each task would be replaced for ever."""
    for task, container in _containers(cloud):
        command = (container.get("HealthCheck") or {}).get("Command") or []
        if any(isinstance(word, str) and re.search(r"\bcurl\b", word) for word in command):
            yield _of(
                task, container, "its health check runs curl, which slim images lack", "ask with what the image has"
            )


def secrets_are_secrets(cloud: Cloud) -> Iterator[TemplateFault]:
    """What is in ``Environment`` is there for all to read who may describe the task definition."""
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


def secret_keys_exist(cloud: Cloud) -> Iterator[TemplateFault]:
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


def secrets_may_be_read(cloud: Cloud) -> Iterator[TemplateFault]:
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


def log_groups_exist(cloud: Cloud) -> Iterator[TemplateFault]:
    """A task whose log group is missing never starts."""
    groups = [group.properties.get("LogGroupName") for group in cloud.of_type("AWS::Logs::LogGroup")]
    for task, container in _containers(cloud):
        options = (container.get("LogConfiguration") or {}).get("Options") or {}
        name = options.get("awslogs-group")
        if isinstance(name, str) and name not in groups:
            yield _of(task, container, f"there is no log group {name}", "make it in one of the stacks")


def _containers(cloud: Cloud) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
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


def _readable(cloud: Cloud, role: Resource) -> set[Resource]:
    statements = [
        statement
        for policy in role.properties.get("Policies") or []
        for statement in listed((policy.get("PolicyDocument") or {}).get("Statement", []))
        if "secretsmanager:GetSecretValue" in listed(statement.get("Action"))
    ]
    return {found for statement in statements for found in cloud.targets(role.stack, listed(statement.get("Resource")))}


CHECKS = (
    images_are_digests,
    health_checks_can_run,
    secrets_are_secrets,
    secret_keys_exist,
    secrets_may_be_read,
    log_groups_exist,
)
