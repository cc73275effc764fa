"""Where data is kept: databases, caches, secrets, images, logs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from deploytool.core.doctor.facts_network import SecurityGroup
from deploytool.core.doctor.finding import CannotTell


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
    force_ssl: bool | CannotTell | None = None
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
    lifecycle: bool | CannotTell = True


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
    """How often it should; 0 where the schedule is not in days."""
    rotated_at: datetime | None = None

    @property
    def short(self) -> str:
        """Its name without the ARN's beginning."""
        return self.name.rpartition(":secret:")[2] or self.name


@dataclass(frozen=True)
class LogGroup:
    """A CloudWatch log group; ``retention`` in days, ``None`` keeps for ever."""

    name: str
    exists: bool = True
    retention: int | None = 30


class Guarded(Protocol):
    """Something behind security groups."""

    @property
    def groups(self) -> tuple[str, ...]:
        """Ids."""
        ...


G = TypeVar("G", bound=Guarded)


def reached(stores: Collection[G], groups: Mapping[str, SecurityGroup], callers: Collection[str]) -> tuple[G, ...]:
    """The stores of a VPC that the tasks may reach; all of them where no rule names the tasks' security groups."""
    admitted = tuple(
        store for store in stores if any(groups[name].admits(callers) for name in store.groups if name in groups)
    )
    return admitted or tuple(stores)
