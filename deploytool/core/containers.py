"""Which container of a task definition runs the image, where the configuration does not name it."""

from __future__ import annotations

from deploytool.core.observed import TaskDefinition
from deploytool.errors import ConfigurationError


class ContainerUnclear(ConfigurationError):
    """The task definition has several containers and none is named."""


def container_for(definition: TaskDefinition, name: str, where: str) -> str:
    """The only container, else the one called ``name``, else the only essential one.

    ``where`` is the place in ``deploytool.yml`` that is told when it is unclear. Raises ContainerUnclear.
    """
    containers = definition["containerDefinitions"]
    names = [str(container["name"]) for container in containers]
    if len(names) == 1:
        return names[0]
    if name in names:
        return name
    essential = [str(container["name"]) for container in containers if container.get("essential", True)]
    if len(essential) == 1:
        return essential[0]
    raise ContainerUnclear(
        f"{where}: the task definition has the containers {', '.join(names)}, and none is named to run the image",
        f"write {where}.containers with the container's name and its image",
    )
