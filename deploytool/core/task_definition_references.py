"""What a task definition needs to exist before a task of it can start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploytool.core.observed import TaskDefinition

_FIELDS_OF_A_SECRET_ARN = 7
"""``arn:partition:secretsmanager:region:account:secret:name``; ECS appends ``:json-key:version-stage:version-id``."""


@dataclass(frozen=True, order=True)
class Secret:
    """A value from Secrets Manager or the Parameter Store."""

    container: str
    name: str
    """The environment variable or log option it becomes; empty for registry credentials."""
    value_from: str

    @property
    def resource(self) -> str:
        """The secret's ARN without JSON key and version, or the parameter's ARN or name."""
        if ":secretsmanager:" not in self.value_from:
            return self.value_from
        return ":".join(self.value_from.split(":")[:_FIELDS_OF_A_SECRET_ARN])


@dataclass(frozen=True)
class References:
    """Names of other AWS resources, each once, in the order of the task definition."""

    secrets: tuple[Secret, ...] = ()
    log_groups: tuple[str, ...] = ()
    """Those that must exist: where ``awslogs-create-group`` is on, a missing one is made."""
    roles: tuple[str, ...] = ()
    """ARNs of execution role and task role."""


def references(definition: TaskDefinition) -> References:
    """Everything that ``definition`` names and ECS must find."""
    parts = definition.get("containerDefinitions", ())
    return References(
        secrets=tuple(dict.fromkeys(secret for part in parts for secret in _secrets(part))),
        log_groups=tuple(dict.fromkeys(group for part in parts for group in _log_groups(part))),
        roles=tuple(
            dict.fromkeys(role for key in ("executionRoleArn", "taskRoleArn") if (role := definition.get(key)))
        ),
    )


def _secrets(container: Mapping[str, Any]) -> Iterator[Secret]:
    listed = (*container.get("secrets", ()), *(container.get("logConfiguration") or {}).get("secretOptions", ()))
    for secret in listed:
        yield Secret(container["name"], secret["name"], secret["valueFrom"])
    if credentials := (container.get("repositoryCredentials") or {}).get("credentialsParameter"):
        yield Secret(container["name"], "", credentials)


def _log_groups(container: Mapping[str, Any]) -> Iterator[str]:
    logging = container.get("logConfiguration") or {}
    options = logging.get("options") or {}
    must_exist = logging.get("logDriver") == "awslogs" and options.get("awslogs-create-group") != "true"
    if must_exist and (group := options.get("awslogs-group")):
        yield group
