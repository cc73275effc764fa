"""When two task definitions mean the same, whatever ECS filled in or put in another order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from deploytool.core.observed import TaskDefinition

READ_ONLY = frozenset(
    {
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
        "deleteRequestedAt",
    }
)
"""Fields of DescribeTaskDefinition that RegisterTaskDefinition does not take."""

_TOP = ""
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    _TOP: {"enableFaultInjection": False},
    "containerDefinitions": {
        "cpu": "0",
        "essential": True,
        "disableNetworking": False,
        "interactive": False,
        "privileged": False,
        "pseudoTerminal": False,
        "readonlyRootFilesystem": False,
    },
    "healthCheck": {"interval": "30", "timeout": "5", "retries": "3", "startPeriod": "0"},
    "linuxParameters": {"initProcessEnabled": False},
    "mountPoints": {"readOnly": False},
    "portMappings": {"protocol": "tcp"},
    "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
    "volumesFrom": {"readOnly": False},
}
"""What ECS assumes where nothing is said, by the field that holds it."""

_UNORDERED = frozenset(
    {
        "containerDefinitions",
        "dependsOn",
        "environment",
        "mountPoints",
        "placementConstraints",
        "portMappings",
        "requiresCompatibilities",
        "resourceRequirements",
        "secretOptions",
        "secrets",
        "systemControls",
        "ulimits",
        "volumes",
    }
)
_UNITS = {"vcpu": 1024, "gb": 1024}
_EMPTY: tuple[Any, ...] = (None, "", [], {})


def same(one: TaskDefinition, other: TaskDefinition) -> bool:
    """Whether registering one where the other is live would change nothing."""
    return shape(one) == shape(other)


def shape(definition: TaskDefinition) -> dict[str, Any]:
    """``definition`` in one form for all ways to write it: no defaults, no ECS's own fields, one order."""
    fields = {key: value for key, value in definition.items() if key not in READ_ONLY and key != "tags"}
    for key in ("cpu", "memory"):
        fields[key] = _units(fields.get(key))
    if "FARGATE" in (fields.get("requiresCompatibilities") or ()):
        fields["networkMode"] = fields.get("networkMode") or "awsvpc"
    plain: dict[str, Any] = _plain(fields, _TOP)
    if plain.get("networkMode") == "awsvpc":
        for container in plain.get("containerDefinitions", ()):
            _drop_host_ports(container)
    return plain


def _plain(value: Any, key: str) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        defaults = _DEFAULTS.get(key, {})
        inner = {name: _plain(part, name) for name, part in value.items()}
        return {name: part for name, part in inner.items() if part not in _EMPTY and defaults.get(name) != part}
    if isinstance(value, (list, tuple)):
        parts = [_plain(part, key) for part in value]
        return sorted(parts, key=_by_text) if key in _UNORDERED and len(parts) > 1 else parts
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return value


def _drop_host_ports(container: dict[str, Any]) -> None:
    """With awsvpc the host port can only be the container's, and ECS fills it in."""
    for mapping in container.get("portMappings", ()):
        if mapping.get("hostPort") == mapping.get("containerPort"):
            mapping.pop("hostPort", None)
    container.get("portMappings", []).sort(key=_by_text)


def _units(size: Any) -> Any:
    """``1 vCPU`` and ``0.5 GB`` as ECS stores them: in CPU units and MiB."""
    number, _, unit = str(size).strip().partition(" ")
    factor = _UNITS.get(unit.strip().lower())
    try:
        return str(round(float(number) * factor)) if factor else size
    except ValueError:
        return size


def _by_text(part: Any) -> str:
    return json.dumps(part, sort_keys=True, default=str)
