"""A draft for services that run already: what ECS says of them, as `deploytool.yml` says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from deploytool.core.init.existing_dockerfile import read_dockerfile, target_for
from deploytool.core.init.live import LiveCluster, LiveService, common_prefix
from deploytool.core.init.model import Check, Draft, Environment, Image, Migrate, Service
from deploytool.core.init.new_cloud import APP, MIGRATE
from deploytool.core.observed import TaskDefinition

Images = Mapping[str, str]
"""ECR repository to the name of its image in `deploytool.yml`."""


def draft_of_live(
    cluster: LiveCluster,
    services: Sequence[LiveService],
    environment: str,
    *,
    app: str = "",
    dockerfile: str = "",
    migration_files: str = "",
    health_path: str = "",
    tells_version: bool = False,
) -> Draft:
    """What `deploytool.yml` is to say of ``services``, which are released together, the first one foremost.

    ``dockerfile`` is the text of the one that builds them. ``health_path`` is that of the first one, where its load
    balancer is not to say it. ``tells_version``: what answers there says the commit, if it is given one.
    """
    first = replace(services[0], health_path=health_path or services[0].health_path)
    services = (first, *services[1:])
    prefix = common_prefix(services)
    repositories = list(dict.fromkeys(cluster.repository(service.main_container["image"]) for service in services))
    images = {each: APP if each == repositories[0] else _short(each, prefix) for each in repositories}
    existing = read_dockerfile(dockerfile)
    drafted = [
        Image(
            name,
            existing.app if name == APP else target_for(dockerfile, name),
            existing.takes_commit,
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
            _service(cluster, each, images, tells_version=tells_version and existing.takes_commit) for each in services
        ),
        environments=(
            Environment(environment, cluster.region, cluster.name, repositories[0], account=cluster.account),
        ),
        migrate=migrate,
    )


def migrations(cluster: LiveCluster, services: Sequence[LiveService]) -> tuple[TaskDefinition, ...]:
    """Families of the cluster's account that run an image of these services and are none of theirs."""
    own = {service.definition["family"] for service in services}
    repositories = {cluster.repository(service.main_container["image"]) for service in services}
    return tuple(
        family
        for family in cluster.families
        if family["family"] not in own
        and any(cluster.repository(each["image"]) in repositories for each in family["containerDefinitions"])
    )


def _short(repository: str, prefix: str) -> str:
    return repository.rpartition("/")[2].removeprefix(prefix)


def _service(cluster: LiveCluster, service: LiveService, images: Images, *, tells_version: bool) -> Service:
    containers: Sequence[Mapping[str, Any]] = service.definition["containerDefinitions"]
    ours = {
        str(each["name"]): images[repository]
        for each in containers
        if (repository := cluster.repository(each["image"])) in images
    }
    check = None
    if service.health_path:
        scheme = "https" if service.is_secure else "http"
        check = Check(f"{scheme}://${{host}}{service.health_path}", tells_version)
    if len(containers) == 1:
        return Service(service.name, image=next(iter(ours.values())), check=check)
    return Service(service.name, containers=ours, check=check)


def _migrate(cluster: LiveCluster, services: Sequence[LiveService], target: str, files: str) -> Migrate | None:
    found = migrations(cluster, services)
    if len(found) != 1:
        return None
    return Migrate(str(found[0]["family"]), MIGRATE if target else APP, services[0].name, files)
