"""Everything that the checks look at, gathered at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from deploytool.core.doctor.facts_account import Account
from deploytool.core.doctor.facts_edge import Edge
from deploytool.core.doctor.facts_github import Github
from deploytool.core.doctor.facts_network import Network, SecurityGroup
from deploytool.core.doctor.facts_services import Cluster, Scaling, ServiceFact, TaskShape
from deploytool.core.doctor.facts_stores import Cache, Database, LogGroup, Repository, SecretState
from deploytool.core.doctor.finding import CannotTell
from deploytool.core.ledger import Record


@dataclass(frozen=True)
class Scope:
    """What is examined: what the configuration names, and when."""

    app: str
    account: str
    environment: str
    region: str
    cluster: str
    github_environment: str
    now: datetime
    host: str = ""
    """Name under which people reach the application, where the configuration says it."""
    migrate: str = ""
    """Task definition family of the migrate task; empty where there is none."""
    checkbox: bool = False
    rollback_workflow: str = "rollback.yml"


@dataclass(frozen=True)
class Facts:
    """A fact that could not be read is a CannotTell in its place."""

    scope: Scope
    cluster: Cluster | CannotTell | None
    """``None``: there is none of that name."""
    services: tuple[ServiceFact, ...] | CannotTell
    missing_services: tuple[str, ...]
    migrate: TaskShape | CannotTell | None
    network: Network | CannotTell | None
    """``None``: no service has a network of its own (awsvpc)."""
    groups: Mapping[str, SecurityGroup] | CannotTell
    flow_logs: tuple[str, ...] | CannotTell
    databases: tuple[Database, ...] | CannotTell
    caches: tuple[Cache, ...] | CannotTell
    repositories: Mapping[str, Repository | None] | CannotTell
    """By the name that the configuration gives; ``None``: there is none."""
    secrets: tuple[SecretState, ...] | CannotTell
    log_groups: tuple[LogGroup, ...] | CannotTell
    scaling: tuple[Scaling, ...] | CannotTell
    releases: tuple[Record, ...] | CannotTell
    """Newest first."""
    seeds: tuple[str, ...] | CannotTell
    """Task definition families of this app that are called after seeding."""
    edge: Edge
    account: Account
    github: Github
