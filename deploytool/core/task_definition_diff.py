"""What changes between two task definitions, in words.

Values of environment variables and secrets are never told: only their names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.core.observed import TaskDefinition
from deploytool.core.task_definition_shape import shape

_TOLD = frozenset(
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
    """One line per difference that matters to ECS; empty where the two are the same."""
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
        if key in _TOLD:
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
