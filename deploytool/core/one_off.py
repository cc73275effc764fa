"""A command beside the services: in which container of which live revision it runs."""

from __future__ import annotations

from collections.abc import Mapping

from deploytool.core.config.faults import did_you_mean
from deploytool.core.config.model import Service
from deploytool.core.containers import ContainerUnclear, container_for
from deploytool.core.model import LiveService
from deploytool.core.plan_model import StandaloneTask
from deploytool.errors import ConfigurationError


def chosen_service(services: Mapping[str, Service], wanted: str) -> Service:
    """The service called ``wanted``, else the only one there is. Raises ConfigurationError."""
    if wanted in services:
        return services[wanted]
    if wanted:
        raise ConfigurationError(f'there is no service "{wanted}" in deploytool.yml', did_you_mean(wanted, services))
    if len(services) == 1:
        return next(iter(services.values()))
    raise ConfigurationError(f"like which service? There are: {', '.join(services)}", "add --service NAME")


def one_off_task(service: Service, live: LiveService, command: tuple[str, ...], container: str = "") -> StandaloneTask:
    """``command`` in ``container``, else in the one that the service's image runs in. Raises ConfigurationError."""
    definition = live.task_definition
    names = [str(each["name"]) for each in definition["containerDefinitions"]]
    if container and container not in names:
        raise ConfigurationError(
            f"{service.service} has no container {container}", f"name one of them: {', '.join(names)}"
        )
    if not container and len(service.containers) == 1:
        (container,) = service.containers
    try:
        where = f"services.{service.name}"
        return StandaloneTask(container or container_for(definition, service.name, where), command, live.state)
    except ContainerUnclear as unclear:
        raise ConfigurationError(
            f"{service.service} has the containers {', '.join(names)}, and none is named for the command",
            "add --container NAME",
        ) from unclear
