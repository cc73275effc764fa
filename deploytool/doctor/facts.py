"""What the checks need to know of AWS: each fact is reduced to what a check asks, and may be ``Unknown``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from deploytool.config.model import EnvironmentConfig
from deploytool.doctor.facts_account import Account, Github
from deploytool.doctor.result import Unknown
from deploytool.ecs.task_definition import Secret
from deploytool.ledger.record import Record


@dataclass(frozen=True)
class Target:
    """One entry of DescribeTargetHealth."""

    id: str
    state: str
    """healthy, unhealthy, initial, draining, unused or unavailable."""
    reason: str = ""


@dataclass(frozen=True)
class TargetGroup:
    """A target group with its targets."""

    arn: str
    name: str
    type: str = "ip"
    health_path: str = "/"
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True)
class Listener:
    """A listener of a load balancer; ``redirects``: its default action leads to HTTPS."""

    port: int
    protocol: str
    redirects: bool = False
    policy: str = ""
    """Security policy of TLS; empty without TLS."""
    certificates: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadBalancer:
    """A load balancer in front of a service."""

    arn: str
    name: str
    dns: str
    state: str = "active"
    scheme: str = "internet-facing"
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    listeners: tuple[Listener, ...] = ()

    @property
    def tls(self) -> tuple[Listener, ...]:
        return tuple(listener for listener in self.listeners if listener.protocol in ("HTTPS", "TLS"))

    @property
    def plain(self) -> tuple[Listener, ...]:
        """HTTP listeners that do not redirect to HTTPS."""
        return tuple(listener for listener in self.listeners if listener.protocol == "HTTP" and not listener.redirects)


@dataclass(frozen=True)
class Certificate:
    """An ACM certificate in use here."""

    arn: str
    domain: str
    status: str = "ISSUED"
    not_after: datetime | None = None
    renews: bool = True
    """ACM renews it by itself: it is ACM's own, not an imported one."""


@dataclass(frozen=True)
class Origin:
    """Where a distribution fetches from."""

    domain: str
    bucket: bool = False
    protocol: str = ""
    """http-only, https-only or match-viewer; empty for a bucket."""
    signed: bool = False
    """A bucket that only this distribution may read (origin access control or identity)."""


@dataclass(frozen=True)
class Distribution:
    """A CloudFront distribution that leads to the service."""

    id: str
    domain: str
    status: str = "Deployed"
    enabled: bool = True
    aliases: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
    viewers: tuple[str, ...] = ()
    """Viewer protocol policy of each behaviour."""
    certificate: str = ""
    tls: str = "TLSv1.2_2021"


@dataclass(frozen=True)
class DnsRecord:
    """A DNS record that leads to a load balancer or distribution."""

    name: str
    target: str


@dataclass(frozen=True)
class Edge:
    """Everything between the internet and the tasks."""

    target_groups: tuple[TargetGroup, ...] | Unknown = ()
    balancers: tuple[LoadBalancer, ...] | Unknown = ()
    distributions: tuple[Distribution, ...] | Unknown = ()
    certificates: tuple[Certificate, ...] | Unknown = ()
    records: tuple[DnsRecord, ...] | Unknown = ()


WORLD = frozenset({"0.0.0.0/0", "::/0"})


@dataclass(frozen=True)
class Subnet:
    """``public``: its route table, or the VPC's main one, leads to an internet gateway."""

    id: str
    zone: str
    public: bool


@dataclass(frozen=True)
class Network:
    """The VPC that the services run in, with all its subnets by id."""

    vpc: str
    cidr: str
    subnets: Mapping[str, Subnet]

    def public(self, ids: Collection[str]) -> tuple[str, ...]:
        """The public ones among ``ids``, sorted."""
        return tuple(sorted(name for name in ids if name in self.subnets and self.subnets[name].public))

    def zones(self, ids: Collection[str]) -> frozenset[str]:
        """Availability zones of ``ids``."""
        return frozenset(self.subnets[name].zone for name in ids if name in self.subnets)


@dataclass(frozen=True)
class Opening:
    """One ingress rule of a security group; without ports it is all of them."""

    first: int | None
    last: int | None
    cidrs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def to_world(self) -> bool:
        return not WORLD.isdisjoint(self.cidrs)

    @property
    def ports(self) -> str:
        if self.first is None:
            return "every port"
        return f"port {self.first}" if self.first == self.last else f"ports {self.first}-{self.last}"


@dataclass(frozen=True)
class SecurityGroup:
    """What a security group lets in."""

    id: str
    openings: tuple[Opening, ...] = ()

    @property
    def to_world(self) -> tuple[Opening, ...]:
        return tuple(opening for opening in self.openings if opening.to_world)

    def admits(self, groups: Collection[str]) -> bool:
        """A member of one of ``groups`` may connect."""
        return any(not set(opening.groups).isdisjoint(groups) for opening in self.openings)


@dataclass(frozen=True)
class Cluster:
    """An ECS cluster (DescribeClusters)."""

    name: str
    status: str = "ACTIVE"
    insights: bool = True


@dataclass(frozen=True)
class TaskShape:
    """A task definition, reduced to names: no value of an environment variable is in here."""

    family: str
    images: tuple[tuple[str, str], ...] = ()
    """Container and image reference."""
    secrets: tuple[Secret, ...] = ()
    plain: tuple[tuple[str, str], ...] = ()
    """Container and environment variable that holds a secret in the clear."""
    log_groups: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    """Containers without a log driver."""
    unchecked: tuple[str, ...] = ()
    """Essential containers without a health check."""
    execution_role: str = ""
    task_role: str = ""


@dataclass(frozen=True)
class ServiceFact:
    """A service of the configuration as DescribeServices shows it; ``task`` is what it runs."""

    key: str
    name: str
    task: TaskShape
    status: str = "ACTIVE"
    desired: int = 1
    running: int = 1
    controller: str = "ECS"
    breaker: bool = True
    """Deployment circuit breaker with rollback."""
    public_ip: bool = False
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    health: tuple[str, ...] | Unknown = ()
    """Of each running task: HEALTHY, UNHEALTHY or UNKNOWN, which is without a container health check."""


@dataclass(frozen=True)
class Scaling:
    """A scalable target of Application Auto Scaling, by the service's name."""

    service: str
    minimum: int
    maximum: int
    policies: tuple[str, ...] = ()
    """Names, each with what it follows."""
    suspended: bool = False
    scaled: bool = False
    """It has a successful activity; AWS keeps six weeks of them."""


@dataclass(frozen=True)
class Database:
    """An RDS instance (DescribeDBInstances)."""

    id: str
    engine: str = "postgres"
    version: str = "16"
    status: str = "available"
    multi_az: bool = True
    encrypted: bool = True
    public: bool = False
    backup_days: int = 7
    deletion_protection: bool = True
    insights: bool = True
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    master_secret: str = ""
    """ARN of the secret that RDS manages itself; empty where it does not."""
    force_ssl: bool | Unknown | None = None
    """Parameter ``rds.force_ssl``; ``None`` where the engine has none."""


@dataclass(frozen=True)
class Cache:
    """An ElastiCache replication group (DescribeReplicationGroups)."""

    id: str
    status: str = "available"
    nodes: int = 2
    failover: bool = True
    at_rest: bool = True
    transit: bool = True
    auth: bool = True
    snapshot_days: int = 7
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Repository:
    """An ECR repository (DescribeRepositories)."""

    name: str
    immutable: bool = True
    scans: bool = True
    lifecycle: bool | Unknown = True


@dataclass(frozen=True)
class SecretState:
    """A secret that a task definition names; from Secrets Manager, unless ``parameter``."""

    name: str
    """ARN, or the Parameter Store's name."""
    variables: tuple[str, ...] = ()
    """Environment variables and JSON keys that it is read for."""
    exists: bool = True
    deleted: bool = False
    parameter: bool = False
    rotates: bool = False
    rotate_days: int = 0
    """Of its schedule; 0 where that is not in days."""
    rotated_at: datetime | None = None

    @property
    def short(self) -> str:
        """Its name without the ARN's beginning."""
        return self.name.rpartition(":secret:")[2] or self.name


@dataclass(frozen=True)
class LogGroup:
    """A CloudWatch log group; ``retention`` in days, ``None`` never expires."""

    name: str
    exists: bool = True
    retention: int | None = 30


@dataclass(frozen=True)
class Scope:
    """What is checked, and when."""

    app: str
    account: str
    environment: str
    region: str
    cluster: str
    github_environment: str
    now: datetime
    host: str = ""
    """Public host name of the application; empty where the configuration does not say it."""
    migrate: str = ""
    """Task definition family of the migrate task; empty where there is none."""
    checkbox: bool = False
    rollback_workflow: str = "rollback.yml"


@dataclass(frozen=True)
class Facts:
    """Everything that the checks need, read at one moment."""

    scope: Scope
    cluster: Cluster | Unknown | None
    """``None``: there is none of that name."""
    services: tuple[ServiceFact, ...] | Unknown
    missing_services: tuple[str, ...]
    migrate: TaskShape | Unknown | None
    network: Network | Unknown | None
    """``None``: no service has a network of its own (awsvpc)."""
    groups: Mapping[str, SecurityGroup] | Unknown
    flow_logs: tuple[str, ...] | Unknown
    databases: tuple[Database, ...] | Unknown
    caches: tuple[Cache, ...] | Unknown
    repositories: Mapping[str, Repository | None] | Unknown
    """By the name that the configuration gives; ``None``: there is none."""
    secrets: tuple[SecretState, ...] | Unknown
    log_groups: tuple[LogGroup, ...] | Unknown
    scaling: tuple[Scaling, ...] | Unknown
    releases: tuple[Record, ...] | Unknown
    """Newest first."""
    seeds: tuple[str, ...] | Unknown
    """Task definition families of this app with `seed` in their name."""
    edge: Edge
    account: Account
    github: Github


def scope_of(settings: EnvironmentConfig, account: str, now: datetime) -> Scope:
    """``account`` is the account id."""
    return Scope(
        app=settings.app,
        account=account,
        environment=settings.environment,
        region=settings.region,
        cluster=settings.cluster,
        github_environment=settings.github_environment,
        now=now,
        host=_host(settings),
        migrate=settings.migrate.task if settings.migrate else "",
        checkbox=settings.rollback_checkbox,
        rollback_workflow=settings.rollback_workflow,
    )


def _host(settings: EnvironmentConfig) -> str:
    """The host of ``url``, else of the first address that is verified; ``${host}`` is the load balancer's own."""
    verified = (service.verify.url for service in settings.services.values() if service.verify)
    for url in (settings.url, *verified):
        host = urlsplit(url).hostname if url else None
        if host and "$" not in host:
            return host
    return ""
