"""Clusters as `init --from-service` finds them."""

from __future__ import annotations

from typing import Any

from deploytool.ecs.model import LoadBalancer, ServiceState, TaskDefinition
from deploytool.scaffold.existing import ExistingCluster, ExistingService

REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


def container(name: str, image: str, **more: Any) -> dict[str, Any]:
    """`shop:tag` is in the account's registry, what has a host is elsewhere."""
    return {"name": name, "image": image if "." in image.partition("/")[0] else f"{REGISTRY}/{image}", **more}


def family(name: str, *containers: dict[str, Any]) -> TaskDefinition:
    return {"family": name, "containerDefinitions": list(containers)}


def service(
    name: str, definition: TaskDefinition, behind: str = "", health_path: str = "", *, is_secure: bool = False
) -> ExistingService:
    balancers = (LoadBalancer("arn:targets", behind, 3000),) if behind else ()
    state = ServiceState(name, f"arn:{name}", "arn:shop", "ACTIVE", "arn:revision", 1, 1, 0, load_balancers=balancers)
    return ExistingService(state, definition, health_path, is_secure)


def cluster(*services: ExistingService, families: tuple[TaskDefinition, ...] = ()) -> ExistingCluster:
    return ExistingCluster("shop", "us-east-1", "123456789012", REGISTRY, services, families)


WEB = service("web", family("shop-web", container("web", "shop:1")), "web", "/api/health", is_secure=True)
WORKER = service("worker", family("shop-worker", container("worker", "shop@sha256:ab")))
MIGRATE = family("shop-migrate", container("migrate", "shop:1"))
