"""Drafts `deploytool.yml` from services that run in a cluster, and finds those that are released together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from deploytool.ecs.model import ServiceState, TaskDefinition
from deploytool.errors import PreconditionFailed
from deploytool.scaffold.container import read_dockerfile, target_for
from deploytool.scaffold.contents import APP, MIGRATE
from deploytool.scaffold.model import Check, Draft, Environment, Image, Migrate, Service


@dataclass(frozen=True)
class ExistingService:
    """A service with its task definition and the health check of its load balancer."""

    state: ServiceState
    definition: TaskDefinition
    health_path: str = ""
    """Of its target group; empty without a load balancer."""
    is_secure: bool = False
    """The load balancer has an HTTPS listener."""

    @property
    def name(self) -> str:
        return self.state.name

    @property
    def main_container(self) -> Mapping[str, Any]:
        """The one behind the load balancer, else the one named like the service, else the first essential one."""
        containers: Sequence[Mapping[str, Any]] = self.definition["containerDefinitions"]
        balanced = {balancer.container_name for balancer in self.state.load_balancers}
        essential = [container for container in containers if container.get("essential", True)] or containers
        for names in (balanced, {self.name}):
            if container := next((container for container in containers if container["name"] in names), None):
                return container
        return essential[0]


@dataclass(frozen=True)
class ExistingCluster:
    """A cluster of one account and region."""

    name: str
    region: str
    account: str
    registry: str
    """Host of the account's ECR; images in another registry cannot be released."""
    services: tuple[ExistingService, ...]
    families: tuple[TaskDefinition, ...] = ()
    """Newest revisions of task definition families that may be migrations."""

    def repository(self, image: str) -> str:
        """The ECR repository of an image reference; empty where it is in another registry."""
        host, _, rest = image.partition("/")
        return rest.partition("@")[0].partition(":")[0] if host == self.registry else ""


class ServiceAbsent(PreconditionFailed):
    """A service of --from-service is not in the cluster."""


class ImageElsewhere(PreconditionFailed):
    """A service runs an image of another registry than the account's."""


def named_services(cluster: ExistingCluster, names: Sequence[str]) -> tuple[ExistingService, ...]:
    """The services with these names, in this order. Raises ServiceAbsent."""
    services = {service.name: service for service in cluster.services}
    if absent := [name for name in names if name not in services]:
        raise ServiceAbsent(
            f"no service {', '.join(absent)} in cluster {cluster.name}",
            f"use one of: {', '.join(sorted(services))}" if services else "check the region: it has no service",
        )
    return tuple(services[name] for name in names)


def released_together(cluster: ExistingCluster, names: Sequence[str]) -> tuple[ExistingService, ...]:
    """The named services; where only one is named, also those that run an image of its repository.

    Raises ServiceAbsent, ImageElsewhere.
    """
    named = named_services(cluster, names)
    for service in named:
        if not cluster.repository(image := service.main_container["image"]):
            raise ImageElsewhere(
                f"service {service.name} runs {image}, which is not in registry {cluster.registry}",
                "push its image to an ECR repository of this account first",
            )
    if len(named) > 1:
        return named
    repository = cluster.repository(named[0].main_container["image"])
    others = (service for service in cluster.services if service.name != named[0].name)
    return (*named, *(item for item in others if cluster.repository(item.main_container["image"]) == repository))


def common_prefix(services: Sequence[ExistingService]) -> str:
    """The common prefix of their families, up to a dash: `shop-` of `shop-app` and `shop-worker`."""
    families = [str(service.definition["family"]) for service in services]
    same = takewhile(lambda characters: len(set(characters)) == 1, zip(*families, strict=False))
    prefix = "".join(characters[0] for characters in same)
    return prefix[: prefix.rfind("-") + 1]


def is_migration(family: str) -> bool:
    return "migrat" in family.lower()


Images = Mapping[str, str]
"""ECR repository to the name of its image in `deploytool.yml`."""


def draft_existing(
    cluster: ExistingCluster,
    services: Sequence[ExistingService],
    environment: str,
    *,
    app: str = "",
    dockerfile: str = "",
    migration_files: str = "",
    health_path: str = "",
    returns_version: bool = False,
) -> Draft:
    """A draft for ``services``, which are released together; the first is the web service.

    ``dockerfile`` is the text of the one that builds them. ``health_path`` overrides the load balancer's, for the first
    service. ``returns_version``: the response there has the commit.
    """
    first = replace(services[0], health_path=health_path or services[0].health_path)
    services = (first, *services[1:])
    prefix = common_prefix(services)
    repositories = list(dict.fromkeys(cluster.repository(service.main_container["image"]) for service in services))
    images = {name: APP if name == repositories[0] else _short(name, prefix) for name in repositories}
    existing = read_dockerfile(dockerfile)
    drafted = [
        Image(
            name,
            existing.app if name == APP else target_for(dockerfile, name),
            existing.declares_commit,
            "" if name == APP else repository,
        )
        for repository, name in images.items()
    ]
    migrate = _migrate(cluster, services, existing.migrate, migration_files)
    if migrate and migrate.image == MIGRATE:
        drafted.append(Image(MIGRATE, existing.migrate))
    return Draft(
        app=app or prefix.rstrip("-") or _short(repositories[0], ""),
        images=tuple(drafted),
        services=tuple(
            _service(cluster, service, images, returns_version=returns_version and existing.declares_commit)
            for service in services
        ),
        environments=(
            Environment(environment, cluster.region, cluster.name, repositories[0], account=cluster.account),
        ),
        migrate=migrate,
    )


def migrations(cluster: ExistingCluster, services: Sequence[ExistingService]) -> tuple[TaskDefinition, ...]:
    """Other families that run an image of these services."""
    own = {service.definition["family"] for service in services}
    repositories = {cluster.repository(service.main_container["image"]) for service in services}
    return tuple(
        family
        for family in cluster.families
        if family["family"] not in own
        and any(cluster.repository(item["image"]) in repositories for item in family["containerDefinitions"])
    )


def _short(repository: str, prefix: str) -> str:
    return repository.rpartition("/")[2].removeprefix(prefix)


def _service(cluster: ExistingCluster, service: ExistingService, images: Images, *, returns_version: bool) -> Service:
    containers: Sequence[Mapping[str, Any]] = service.definition["containerDefinitions"]
    released = {
        str(container["name"]): images[repository]
        for container in containers
        if (repository := cluster.repository(container["image"])) in images
    }
    check = None
    if service.health_path:
        scheme = "https" if service.is_secure else "http"
        check = Check(f"{scheme}://${{host}}{service.health_path}", returns_version)
    if len(containers) == 1:
        return Service(service.name, image=next(iter(released.values())), check=check)
    return Service(service.name, containers=released, check=check)


def _migrate(cluster: ExistingCluster, services: Sequence[ExistingService], target: str, files: str) -> Migrate | None:
    families = migrations(cluster, services)
    if len(families) != 1:
        return None
    return Migrate(str(families[0]["family"]), MIGRATE if target else APP, services[0].name, files)
