"""What runs in a cluster, and which of it is released together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from deploytool.aws.call import batches, call, paginate
from deploytool.aws.session import Session
from deploytool.ecs.client import parse_service
from deploytool.ecs.model import ServiceState, TaskDefinition
from deploytool.errors import NotFound, PreconditionFailed
from deploytool.scaffold.dockerfile import read_dockerfile, target_for
from deploytool.scaffold.model import Check, Draft, Environment, Image, Migrate, Service
from deploytool.scaffold.new_infrastructure import APP, MIGRATE

# SEG core.init.live
# What runs in a cluster, and which of it is released together.


@dataclass(frozen=True)
class ExistingService:
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
class ExistingCluster:
    """A cluster of one account and region."""

    name: str
    region: str
    account: str
    registry: str
    """Host of the account's ECR; images in another registry cannot be released."""
    services: tuple[ExistingService, ...]
    families: tuple[TaskDefinition, ...] = ()
    """The newest revision of task definition families that may be migrations."""

    def repository(self, image: str) -> str:
        """The ECR repository of an image reference; empty where it is in another registry."""
        host, _, rest = image.partition("/")
        return rest.partition("@")[0].partition(":")[0] if host == self.registry else ""


class ServiceAbsent(PreconditionFailed):
    """A service that was named is not in the cluster."""


class ImageElsewhere(PreconditionFailed):
    """A service runs an image that is not in the account's registry."""


def named_services(cluster: ExistingCluster, names: Sequence[str]) -> tuple[ExistingService, ...]:
    """The services with these names, in this order. Raises ServiceAbsent."""
    there = {service.name: service for service in cluster.services}
    if absent := [name for name in names if name not in there]:
        raise ServiceAbsent(
            f"there is no service {', '.join(absent)} in cluster {cluster.name}",
            f"there is: {', '.join(sorted(there))}" if there else "it has no service; look into another region",
        )
    return tuple(there[name] for name in names)


def released_together(cluster: ExistingCluster, names: Sequence[str]) -> tuple[ExistingService, ...]:
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


def common_prefix(services: Sequence[ExistingService]) -> str:
    """What the names of their families begin with, up to a dash: `shop-` of `shop-app` and `shop-worker`."""
    families = [str(service.definition["family"]) for service in services]
    same = takewhile(lambda characters: len(set(characters)) == 1, zip(*families, strict=False))
    prefix = "".join(characters[0] for characters in same)
    return prefix[: prefix.rfind("-") + 1]


def is_migration(family: str) -> bool:
    """A task definition family is called like one that migrates."""
    return "migrat" in family.lower()


# SEG aws.live_cluster
# A cluster as `deploytool init --from-service` reads it. Every call may raise CloudError.

SERVICES_PER_CALL = 10


def services(session: Session, cluster: str) -> tuple[ExistingService, ...]:
    """Every active service of the cluster with what it runs (ListServices, DescribeServices). Raises NotFound."""
    ecs = session.client("ecs")
    clusters = call(ecs, "describe_clusters", clusters=[cluster])["clusters"]
    if not any(each["status"] == "ACTIVE" for each in clusters):
        raise NotFound(f"there is no active cluster {cluster} in {session.region}", "correct its name or give --region")
    arns = list(paginate(ecs, "list_services", "serviceArns", cluster=cluster))
    states: list[ServiceState] = []
    for batch in batches(arns, SERVICES_PER_CALL):
        states += map(parse_service, call(ecs, "describe_services", cluster=cluster, services=batch)["services"])
    active = [state for state in states if state.status == "ACTIVE" and state.task_definition]
    with ThreadPoolExecutor(max_workers=8) as pool:
        definitions = pool.map(lambda state: _definition(session, state.task_definition), active)
        return tuple(ExistingService(*each) for each in zip(active, definitions, strict=True))


def with_balancer(session: Session, service: ExistingService) -> ExistingService:
    """The service, and what the first load balancer in front of it asks (DescribeTargetGroups, DescribeListeners)."""
    if not service.state.load_balancers:
        return service
    client = session.client("elbv2")
    arn = service.state.load_balancers[0].target_group_arn
    group = call(client, "describe_target_groups", TargetGroupArns=[arn])["TargetGroups"][0]
    protocols = {
        listener.get("Protocol")
        for balancer in group.get("LoadBalancerArns", ())[:1]
        for listener in call(client, "describe_listeners", LoadBalancerArn=balancer)["Listeners"]
    }
    # A network load balancer asks by TCP, and has no path.
    return replace(service, health_path=group.get("HealthCheckPath", ""), is_secure="HTTPS" in protocols)


def migration_families(session: Session, prefix: str) -> tuple[TaskDefinition, ...]:
    """The newest revision of each active family with this prefix that is called like a migration."""
    listed = paginate(
        session.client("ecs"), "list_task_definition_families", "families", familyPrefix=prefix, status="ACTIVE"
    )
    return tuple(_definition(session, family) for family in listed if is_migration(family))


def _definition(session: Session, name: str) -> TaskDefinition:
    found: TaskDefinition = call(session.client("ecs"), "describe_task_definition", taskDefinition=name)
    definition: TaskDefinition = found["taskDefinition"]
    return definition


# SEG core.init.from_live
# A draft for services that run already: what ECS says of them, as `deploytool.yml` says it.

Images = Mapping[str, str]
"""ECR repository to the name of its image in `deploytool.yml`."""


def draft_of_live(
    cluster: ExistingCluster,
    services: Sequence[ExistingService],
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


def migrations(cluster: ExistingCluster, services: Sequence[ExistingService]) -> tuple[TaskDefinition, ...]:
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


def _service(cluster: ExistingCluster, service: ExistingService, images: Images, *, tells_version: bool) -> Service:
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


def _migrate(cluster: ExistingCluster, services: Sequence[ExistingService], target: str, files: str) -> Migrate | None:
    found = migrations(cluster, services)
    if len(found) != 1:
        return None
    return Migrate(str(found[0]["family"]), MIGRATE if target else APP, services[0].name, files)
