"""Task definitions: the live revision, or a file of the repository, with our images in it and nothing else changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from deploytool.core.model import Request
from deploytool.core.observed import TaskDefinition
from deploytool.core.task_definition_diff import diff
from deploytool.core.task_definition_references import References, Secret, references
from deploytool.core.task_definition_shape import READ_ONLY, same
from deploytool.errors import Refused

__all__ = [
    "READ_ONLY",
    "References",
    "Secret",
    "UnknownContainer",
    "containers",
    "cpu_architecture",
    "diff",
    "from_template",
    "references",
    "same",
    "tags",
    "to_register",
]

_UNFIT_FOR_TAGS = re.compile(r"[^\w +\-=.:/@]")
_TAG_LENGTH = 256
RELEASE_TAG = "deploytool:release"
_NOT_CARRIED_OVER = ("aws:", "deploytool:")
"""Tags of the revision before that AWS reserves, or that tell of the release before."""


class UnknownContainer(Refused):
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
    if kept := [tag for tag in payload.pop("tags", ()) if not tag["key"].startswith(_NOT_CARRIED_OVER)]:
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


def tags(request: Request) -> dict[str, str]:
    """What a revision is tagged with, so that it tells which release made it.

    Characters that ECS does not allow in tag values are replaced by ``_``; values are cut at 256 characters.
    """
    pull_request = request.origin.pull_request
    wanted = {
        RELEASE_TAG: request.release_id,
        "deploytool:commit": request.commit.sha,
        "deploytool:pull-request": str(pull_request) if pull_request is not None else "",
        "deploytool:run": request.origin.run_url or request.origin.run_id,
    }
    return {key: _UNFIT_FOR_TAGS.sub("_", value)[:_TAG_LENGTH] for key, value in wanted.items() if value}


def containers(definition: TaskDefinition) -> tuple[str, ...]:
    """The names of its containers, in its order."""
    return tuple(str(container["name"]) for container in definition.get("containerDefinitions", ()))


def cpu_architecture(definition: TaskDefinition) -> str:
    """``X86_64`` or ``ARM64``, from ``runtimePlatform.cpuArchitecture``; X86_64 where it does not say, as in ECS."""
    return (definition.get("runtimePlatform") or {}).get("cpuArchitecture") or "X86_64"
