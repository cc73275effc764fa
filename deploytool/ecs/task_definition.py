"""Task definitions: what they refer to, when two are the same, how they differ, and what to register."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from deploytool.ecs.model import TaskDefinition
from deploytool.errors import ConfigurationError, PreconditionFailed

CPUS = ("X86_64", "ARM64")
"""Values of ``runtimePlatform.cpuArchitecture`` that images can be built for; the first is ECS's default."""
_IMAGE = re.compile(
    r"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
    re.ASCII,
)


def is_image(reference: str) -> bool:
    """A reference that Docker takes: ``nginx``, ``ghcr.io/acme/shop:1.2``, ``…@sha256:…``."""
    return _IMAGE.fullmatch(reference) is not None


class ContainerUnclear(ConfigurationError):
    """The task definition has several containers and none is named."""


@dataclass(frozen=True)
class Place:
    """A part of ``deploytool.yml`` whose container is not named there."""

    path: str
    """``services.app`` or ``migrate``."""
    image: str = ""
    """The image of ``images`` that it runs."""
    repository: str = ""
    """The repository of that image, with or without its registry."""

    @property
    def fix(self) -> str:
        """How to name the container there."""
        if self.path == "migrate":
            return "name the container under migrate.container"
        return f"write {self.path}.containers: {{CONTAINER: {self.image or 'IMAGE'}}} in place of {self.path}.image"


def container_for(definition: TaskDefinition, name: str, place: Place, live: TaskDefinition | None = None) -> str:
    """The only container, else the one that runs the image's repository, else the one called ``name``, else the only
    essential one, unless another waits for its image.

    ``live`` is what runs now, where ``definition`` is a file. Raises ContainerUnclear.
    """
    containers = definition["containerDefinitions"]
    names = [str(container["name"]) for container in containers]
    if len(names) == 1:
        return names[0]
    ours = {
        str(container["name"])
        for container in (*containers, *(live or {}).get("containerDefinitions", ()))
        if place.repository and repository_of(str(container.get("image") or "")).endswith(f"/{place.repository}")
    }
    if len(ours := ours & set(names)) == 1:
        return ours.pop()
    if name in names:
        return name
    essential = [str(container["name"]) for container in containers if container.get("essential", True)]
    waiting = {str(container["name"]) for container in containers if not is_image(str(container.get("image", "any")))}
    if len(essential) == 1 and waiting <= set(essential):
        return essential[0]
    raise ContainerUnclear(
        f"{place.path}: the task definition has the containers {', '.join(names)}, and none is named to run the image",
        place.fix,
    )


def repository_of(image: str) -> str:
    """``/registry/repository`` of an image reference, without tag and digest; a slash first."""
    name = image.partition("@")[0]
    head, slash, tail = name.rpartition("/")
    return f"/{head}{slash}{tail.partition(':')[0]}"


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
class LogGroup:
    """Where awslogs writes; ``region`` is empty where the task definition does not say."""

    name: str
    region: str = ""


@dataclass(frozen=True)
class References:
    """Names of other AWS resources, each once, in the order of the task definition."""

    secrets: tuple[Secret, ...] = ()
    log_groups: tuple[LogGroup, ...] = ()
    """Those that must exist: where ``awslogs-create-group`` is on, a missing one is made."""
    roles: tuple[str, ...] = ()
    """ARNs (or names) of execution role and task role."""


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


def region_and_account(arn: str) -> tuple[str, str]:
    """Of an ARN; both empty for a name, and the region for IAM, which has none."""
    fields = arn.split(":", 5) if arn.startswith("arn:") else []
    return (fields[3], fields[4]) if len(fields) > 5 else ("", "")


def _secrets(container: Mapping[str, Any]) -> Iterator[Secret]:
    listed = (*container.get("secrets", ()), *(container.get("logConfiguration") or {}).get("secretOptions", ()))
    for secret in listed:
        yield Secret(container["name"], secret["name"], secret["valueFrom"])
    if credentials := (container.get("repositoryCredentials") or {}).get("credentialsParameter"):
        yield Secret(container["name"], "", credentials)


def _log_groups(container: Mapping[str, Any]) -> Iterator[LogGroup]:
    logging = container.get("logConfiguration") or {}
    options = logging.get("options") or {}
    must_exist = logging.get("logDriver") == "awslogs" and options.get("awslogs-create-group") != "true"
    if must_exist and (group := options.get("awslogs-group")):
        yield LogGroup(group, options.get("awslogs-region", ""))


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
"""What ECS assumes where a field is missing, by the field that contains it."""

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
    mode = plain.get("networkMode", "bridge")
    for container in plain.get("containerDefinitions", ()):
        _drop_host_ports(container, mode)
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


def _drop_host_ports(container: dict[str, Any], mode: str) -> None:
    """ECS fills in the host port: with awsvpc it can only be the container's; with bridge, 0 means any.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PortMapping.html
    """
    for mapping in container.get("portMappings", ()):
        filled_in = {"awsvpc": mapping.get("containerPort"), "bridge": "0"}
        if mapping.get("hostPort") == filled_in.get(mode, ""):
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


_SHOWN_FIELDS = frozenset(
    {
        "command",
        "cpu",
        "cpuArchitecture",
        "entryPoint",
        "essential",
        "executionRoleArn",
        "memory",
        "memoryReservation",
        "networkMode",
        "operatingSystemFamily",
        "taskRoleArn",
        "user",
        "workingDirectory",
    }
)
"""Fields whose values hold no secrets."""

_WRITTEN_OUT = {"essential": True}
_DIGEST_SHOWN = len("sha256:") + 12


def diff(before: TaskDefinition, after: TaskDefinition) -> tuple[str, ...]:
    """One line per difference that matters to ECS; empty where the two are the same.

    Of environment variables and secrets only the names are shown, never values.
    """
    old, new = shape(before), shape(after)
    old_parts, new_parts = _named(old.pop("containerDefinitions", ())), _named(new.pop("containerDefinitions", ()))
    for definition in (old, new):
        definition.pop("family", None)
        definition.update(definition.pop("runtimePlatform", {}))
    lines = list(_fields(old, new))
    for name in _either(old_parts, new_parts):
        if name not in new_parts:
            lines.append(f"container {name} removed")
        elif name not in old_parts:
            lines.append(f"container {name} added, image {_image(new_parts[name].get('image'))}")
        else:
            lines.extend(f"{name}: {line}" for line in _container(old_parts[name], new_parts[name]))
    return tuple(lines)


def tag_changes(before: TaskDefinition, after: TaskDefinition) -> tuple[str, ...]:
    """One line per tag of the user's that differs. By themselves they are no reason for a new revision."""
    return tuple(_names("tag", _own_tags(before), _own_tags(after)))


def _own_tags(definition: TaskDefinition) -> dict[str, Any]:
    """Tags that the user gave, which the next revision keeps."""
    return {tag["key"]: tag for tag in definition.get("tags") or () if not _is_not_carried_over(tag)}


def _container(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    if old.get("image") != new.get("image"):
        yield f"image changes from {_image(old.get('image'))} to {_image(new.get('image'))}"
    for key, what in (("environment", "environment"), ("secrets", "secret")):
        yield from _names(what, _named(old.get(key, ())), _named(new.get(key, ())))
    apart = {"image", "environment", "secrets"}
    yield from _fields(
        {key: value for key, value in old.items() if key not in apart},
        {key: value for key, value in new.items() if key not in apart},
    )


def _names(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in _either(old, new):
        if name not in new:
            yield f"{what} {name} removed"
        elif name not in old:
            yield f"{what} {name} added"
        elif old[name] != new[name]:
            yield f"{what} {name} changed"


def _fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key in _either(old, new):
        if old.get(key) == new.get(key):
            continue
        if key in _SHOWN_FIELDS:
            yield f"{key} {_value(key, old)} → {_value(key, new)}"
        else:
            yield f"{key} {'added' if key not in old else 'removed' if key not in new else 'changed'}"


def _value(key: str, fields: Mapping[str, Any]) -> str:
    value = fields.get(key, _WRITTEN_OUT.get(key))
    if value is None:
        return "none"
    if isinstance(value, list):
        return "[" + " ".join(str(part) for part in value) + "]"
    return str(value).rsplit(":role/", 1)[-1] if key.endswith("RoleArn") else str(value)


def _image(reference: str | None) -> str:
    """Name, tag and the digest's beginning, without the registry: enough to tell two apart."""
    name, _, digest = (reference or "none").rpartition("/")[2].partition("@")
    return f"{name}@{digest[:_DIGEST_SHOWN]}…" if digest else name


def _named(parts: Any) -> dict[str, dict[str, Any]]:
    return {str(part.get("name")): part for part in parts}


def _either(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys((*old, *new)))


_NOT_CARRIED_OVER = ("aws:", "deploytool:")
"""Tags of the previous revision that AWS reserves, or that name the previous release."""


def _is_not_carried_over(tag: Mapping[str, Any]) -> bool:
    return str(tag.get("key", "")).startswith(_NOT_CARRIED_OVER)


class UnknownContainer(PreconditionFailed):
    """An image is meant for a container that the task definition does not have."""

    def __init__(self, name: str, family: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f"task definition {family} has no container {name}",
            f"use one of its containers ({', '.join(known)}) in deploytool.yml, or add {name} to the task definition",
        )


def to_register(live: TaskDefinition, images: Mapping[str, str]) -> dict[str, Any]:
    """What to give RegisterTaskDefinition for ``live`` (as DescribeTaskDefinition returns it) with ``images`` in it.

    ``images`` maps container names to image references. Only fields that ECS sets itself are dropped; fields this tool
    does not know survive. Raises UnknownContainer.
    """
    payload = {
        key: deepcopy(value)
        for key, value in live.items()
        if key not in READ_ONLY and value is not None and value != ""
    }
    if kept := [tag for tag in payload.pop("tags", ()) if not _is_not_carried_over(tag)]:
        payload["tags"] = kept
    by_name = {container["name"]: container for container in payload.get("containerDefinitions", ())}
    for name, image in images.items():
        if name not in by_name:
            raise UnknownContainer(name, str(live.get("family", "")), tuple(by_name))
        by_name[name]["image"] = image
    return payload


def from_template(template: Mapping[str, Any], images: Mapping[str, str], family: str) -> dict[str, Any]:
    """The same for a file of the repository, registered as ``family``.

    The file may be a RegisterTaskDefinition payload or a saved answer of DescribeTaskDefinition. Raises
    UnknownContainer.
    """
    return to_register({**template.get("taskDefinition", template), "family": family}, images)


def containers(definition: TaskDefinition) -> tuple[str, ...]:
    """Container names."""
    return tuple(str(container["name"]) for container in definition.get("containerDefinitions", ()))


def cpu_architecture(definition: TaskDefinition) -> str:
    """``X86_64``, the default of ECS, or ``ARM64``, from ``runtimePlatform.cpuArchitecture``."""
    return str((definition.get("runtimePlatform") or {}).get("cpuArchitecture") or CPUS[0])


def operating_system(definition: TaskDefinition) -> str:
    """``LINUX``, the default of ECS, or ``WINDOWS_SERVER_2022_CORE`` and the like."""
    return str((definition.get("runtimePlatform") or {}).get("operatingSystemFamily") or "LINUX")


def listens(definition: TaskDefinition, container: str, port: int) -> bool | None:
    """Whether the container maps ``port``, by itself or in a range; ``None`` where there is no such container."""
    for part in definition["containerDefinitions"]:
        if part["name"] == container:
            return any(_has_port(mapping, port) for mapping in part.get("portMappings") or ())
    return None


def _has_port(mapping: Mapping[str, Any], port: int) -> bool:
    first, dash, last = str(mapping.get("containerPortRange", "")).partition("-")
    if dash and first.isdigit() and last.isdigit():
        return int(first) <= port <= int(last)
    return mapping.get("containerPort") == port
