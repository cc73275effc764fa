"""A task definition reduced to what the checks ask. Values of its variables are looked at here and go no further."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.core.doctor.facts_services import TaskShape
from deploytool.core.observed import TaskDefinition
from deploytool.core.task_definition_references import references

_NAME = re.compile(
    r"(PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIALS?|(API|ACCESS|PRIVATE|AUTH|SIGNING|ENCRYPTION)_?KEY)$", re.IGNORECASE
)
_VALUE = re.compile(r"://[^/\s:@]*:[^/\s@]+@|\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\bsk-[\w-]{20,}")
"""A password within a URL, an AWS key, a private key, an API key by its usual beginning."""


def shape(definition: TaskDefinition) -> TaskShape:
    """What DescribeTaskDefinition answered, by names alone."""
    parts = definition.get("containerDefinitions", ())
    named = references(definition)
    return TaskShape(
        family=str(definition.get("family", "")),
        images=tuple((part["name"], part.get("image", "")) for part in parts),
        secrets=named.secrets,
        plain=tuple((part["name"], name) for part in parts for name in _plain(part)),
        log_groups=named.log_groups,
        silent=tuple(part["name"] for part in parts if not (part.get("logConfiguration") or {}).get("logDriver")),
        unchecked=tuple(part["name"] for part in parts if part.get("essential", True) and not _checked(part)),
        execution_role=definition.get("executionRoleArn", ""),
        task_role=definition.get("taskRoleArn", ""),
    )


def _plain(container: Mapping[str, Any]) -> Iterator[str]:
    for variable in container.get("environment") or ():
        name, value = str(variable.get("name", "")), str(variable.get("value", ""))
        if value and (_NAME.search(name) or _VALUE.search(value)):
            yield name


def _checked(container: Mapping[str, Any]) -> bool:
    return bool((container.get("healthCheck") or {}).get("command"))
