"""What runs: cluster, services, their task definitions and how they scale."""

from __future__ import annotations

from dataclasses import dataclass

from deploytool.core.doctor.finding import CannotTell
from deploytool.core.task_definition_references import Secret


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
    """Containers whose output goes nowhere."""
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
    health: tuple[str, ...] | CannotTell = ()
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
    """An activity that ended well is remembered; AWS keeps six weeks of them."""
