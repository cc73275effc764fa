"""Drafts `deploytool.yml` from services that run in a cluster, and finds those that are released together."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from deploytool.ecs.model import ServiceState, TaskDefinition
from deploytool.errors import PreconditionFailed
from deploytool.scaffold.container import context_of, read_dockerfile, target_for
from deploytool.scaffold.contents import APP, DOCKERFILE, MIGRATE
from deploytool.scaffold.model import Check, Draft, Environment, Image, Migrate, ProjectScan, Service


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
    """The named services; where only one is named, also those that run an image of its repositories.

    Raises ServiceAbsent, ImageElsewhere.
    """
    named = named_services(cluster, names)
    for service in named:
        if not repositories_of(cluster, service):
            image = service.main_container["image"]
            raise ImageElsewhere(
                f"service {service.name} runs {image}, which is not in registry {cluster.registry}",
                "push its image to an ECR repository of this account first",
            )
    if len(named) > 1:
        return named
    own = set(repositories_of(cluster, named[0]))
    others = (service for service in cluster.services if service.name != named[0].name)
    return (*named, *(item for item in others if own & set(repositories_of(cluster, item))))


def repositories_of(cluster: ExistingCluster, service: ExistingService) -> tuple[str, ...]:
    """Of all its containers that run an image of the registry, the main one first."""
    containers: Sequence[Mapping[str, Any]] = service.definition["containerDefinitions"]
    images = [service.main_container["image"], *(container["image"] for container in containers)]
    return tuple(dict.fromkeys(filter(None, map(cluster.repository, images))))


def common_prefix(services: Sequence[ExistingService]) -> str:
    """The common prefix of their families, up to a dash: `shop-` of `shop-app` and `shop-worker`."""
    families = [str(service.definition["family"]) for service in services]
    same = takewhile(lambda characters: len(set(characters)) == 1, zip(*families, strict=False))
    prefix = "".join(characters[0] for characters in same)
    return prefix[: prefix.rfind("-") + 1]


def is_migration(family: str) -> bool:
    return "migrat" in family.lower()


NO_PROJECT = ProjectScan("")
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
    scan: ProjectScan = NO_PROJECT,
) -> Draft:
    """A draft for ``services``, which are released together; the first is the web service.

    ``dockerfile`` is the text of the one that builds them. ``health_path`` overrides the load balancer's, for the first
    service. ``returns_version``: the response there has the commit.
    """
    first = replace(services[0], health_path=health_path or services[0].health_path)
    services = (first, *services[1:])
    prefix = common_prefix(services)
    repositories = list(dict.fromkeys(name for service in services for name in repositories_of(cluster, service)))
    main = _app_repository(cluster, services, repositories)
    images = {name: APP if name == main else _short(name, prefix) for name in repositories}
    existing = read_dockerfile(dockerfile)
    own = {name: _own_file(name, scan) for name in images.values() if name != APP}
    drafted = [
        Image(
            name,
            existing.app if name == APP else target_for(dockerfile, name),
            existing.declares_commit if name == APP or not own[name] else False,
            "" if name == APP else repository,
            dockerfile=own.get(name) or DOCKERFILE,
            context=context_of(scan.texts.get(own[name], ""), scan, own[name]) if own.get(name) else "",
        )
        for repository, name in images.items()
    ]
    unclear = [image.name for image in drafted if image.name != APP and not own[image.name] and not image.target]
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
        environments=(Environment(environment, cluster.region, cluster.name, main, account=cluster.account),),
        migrate=migrate,
        decisions=tuple(
            f"nothing says which Dockerfile builds image {name}: set dockerfile or target of images.{name} in "
            "deploytool.yml, or remove the image and the containers that run it"
            for name in unclear
        ),
    )


_SIDECARS = re.compile(r"nginx|proxy|envoy|traefik|caddy|haproxy|router|log|agent|collector|otel|statsd|datadog|cache")


def _app_repository(cluster: ExistingCluster, services: Sequence[ExistingService], repositories: Sequence[str]) -> str:
    """The repository of the app: that of the first service's main container, unless a proxy stands before the app."""
    own = [name for name in repositories if name in repositories_of(cluster, services[0])]
    plain = [name for name in own if not _SIDECARS.search(name)]
    # What other services run as well is the app's.
    shared = [name for name in own if any(name in repositories_of(cluster, service) for service in services[1:])]
    return next((name for name in (*own[:1], *shared, *plain, *own) if name in plain or len(plain) == 0), own[0])


def _own_file(name: str, scan: ProjectScan) -> str:
    """The Dockerfile named after an image: `Dockerfile.NAME`, `NAME.Dockerfile`, `NAME/Dockerfile`; or empty."""
    pattern = re.compile(
        rf"(?i)(?:[\w.-]+/){{0,2}}(?:dockerfile[._-]{re.escape(name)}|{re.escape(name)}\.dockerfile|"
        rf"{re.escape(name)}/dockerfile)"
    )
    return min(
        (path for path in scan.paths if pattern.fullmatch(path)), key=lambda path: (path.count("/"), path), default=""
    )


def migrations(cluster: ExistingCluster, services: Sequence[ExistingService]) -> tuple[TaskDefinition, ...]:
    """Other families that run an image of these services."""
    own = {service.definition["family"] for service in services}
    repositories = {name for service in services for name in repositories_of(cluster, service)}
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
