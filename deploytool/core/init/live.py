"""What runs in a cluster, and which of it is released together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from deploytool.core.observed import ServiceState, TaskDefinition
from deploytool.errors import Refused


@dataclass(frozen=True)
class LiveService:
    """A service with the revision that it runs, and how its load balancer asks whether it is well."""

    state: ServiceState
    definition: TaskDefinition
    health_path: str = ""
    """Of its target group; empty where there is no load balancer."""
    is_secure: bool = False
    """The load balancer has an HTTPS listener."""

    @property
    def name(self) -> str:
        return self.state.name

    @property
    def main_container(self) -> Mapping[str, Any]:
        """The one behind the load balancer, else the one called as the service, else the first essential one."""
        containers: Sequence[Mapping[str, Any]] = self.definition["containerDefinitions"]
        balanced = {balancer.container_name for balancer in self.state.load_balancers}
        essential = [each for each in containers if each.get("essential", True)] or containers
        for wanted in (balanced, {self.name}):
            if found := next((each for each in containers if each["name"] in wanted), None):
                return found
        return essential[0]


@dataclass(frozen=True)
class LiveCluster:
    """A cluster of one account and region."""

    name: str
    region: str
    account: str
    registry: str
    """Host of the account's ECR; images in another registry cannot be released."""
    services: tuple[LiveService, ...]
    families: tuple[TaskDefinition, ...] = ()
    """The newest revision of task definition families that may be migrations."""

    def repository(self, image: str) -> str:
        """The ECR repository of an image reference; empty where it is in another registry."""
        host, _, rest = image.partition("/")
        return rest.partition("@")[0].partition(":")[0] if host == self.registry else ""


class ServiceAbsent(Refused):
    """A service that was named is not in the cluster."""


class ImageElsewhere(Refused):
    """A service runs an image that is not in the account's registry."""


def named_services(cluster: LiveCluster, names: Sequence[str]) -> tuple[LiveService, ...]:
    """The services with these names, in this order. Raises ServiceAbsent."""
    there = {service.name: service for service in cluster.services}
    if absent := [name for name in names if name not in there]:
        raise ServiceAbsent(
            f"there is no service {', '.join(absent)} in cluster {cluster.name}",
            f"there is: {', '.join(sorted(there))}" if there else "it has no service; look into another region",
        )
    return tuple(there[name] for name in names)


def released_together(cluster: LiveCluster, names: Sequence[str]) -> tuple[LiveService, ...]:
    """The named services; where only one is named, also those that run an image of its repository.

    Raises ServiceAbsent, ImageElsewhere.
    """
    named = named_services(cluster, names)
    for service in named:
        if not cluster.repository(image := service.main_container["image"]):
            raise ImageElsewhere(
                f"service {service.name} runs {image}, which is not in the registry {cluster.registry}",
                "push its image to an ECR repository of this account first",
            )
    if len(named) > 1:
        return named
    repository = cluster.repository(named[0].main_container["image"])
    others = (service for service in cluster.services if service.name != named[0].name)
    return (*named, *(each for each in others if cluster.repository(each.main_container["image"]) == repository))


def common_prefix(services: Sequence[LiveService]) -> str:
    """What the names of their families begin with, up to a dash: `shop-` of `shop-app` and `shop-worker`."""
    families = [str(service.definition["family"]) for service in services]
    same = takewhile(lambda characters: len(set(characters)) == 1, zip(*families, strict=False))
    prefix = "".join(characters[0] for characters in same)
    return prefix[: prefix.rfind("-") + 1]


def is_migration(family: str) -> bool:
    """A task definition family is called like one that migrates."""
    return "migrat" in family.lower()
