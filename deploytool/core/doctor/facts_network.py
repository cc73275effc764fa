"""Networks as EC2 describes them, reduced to what the checks ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

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
        """Those of ``ids`` that the internet can reach, sorted."""
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
        """Anybody may come in."""
        return not WORLD.isdisjoint(self.cidrs)

    @property
    def ports(self) -> str:
        """For people."""
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
        """What it opens to anybody."""
        return tuple(opening for opening in self.openings if opening.to_world)

    def admits(self, groups: Collection[str]) -> bool:
        """A member of one of ``groups`` may come in."""
        return any(not set(opening.groups).isdisjoint(groups) for opening in self.openings)
