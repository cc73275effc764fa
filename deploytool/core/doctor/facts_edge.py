"""The way in: load balancer, certificates, CDN, DNS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from deploytool.core.doctor.finding import CannotTell


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
        """Listeners that speak TLS."""
        return tuple(each for each in self.listeners if each.protocol in ("HTTPS", "TLS"))


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
class Record:
    """A DNS record that leads to a load balancer or distribution."""

    name: str
    target: str


@dataclass(frozen=True)
class Edge:
    """All of it; each fact may be unseen by itself."""

    target_groups: tuple[TargetGroup, ...] | CannotTell = ()
    balancers: tuple[LoadBalancer, ...] | CannotTell = ()
    distributions: tuple[Distribution, ...] | CannotTell = ()
    certificates: tuple[Certificate, ...] | CannotTell = ()
    records: tuple[Record, ...] | CannotTell = ()
