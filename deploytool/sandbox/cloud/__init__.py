"""What the sandbox's AWS account holds before the first release."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deploytool.core.ledger_table import TABLE
from deploytool.sandbox.cloud.foundation import lay_foundation
from deploytool.sandbox.cloud.network import make_load_balancer, make_network
from deploytool.sandbox.cloud.services import create_services, register_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploytool.sandbox.cloud.account import Account
    from deploytool.sandbox.cloud.stack import Stack


LEDGER = "deploytool"
"""The table of releases and locks that the configuration names unless told otherwise."""


@dataclass(frozen=True)
class Addresses:
    """Where the databases are, as the tasks' containers reach them."""

    postgres: str
    redis: str


def seed(account: Account, stacks: list[Stack], addresses: Addresses, placeholder: Callable[[], str]) -> None:
    """Make every stack: roles, logs, secrets, load balancer, task definitions, services running the placeholder.

    ``placeholder`` returns the image reference, by digest; it runs beside the rest, which does not need it.
    """
    account.client("dynamodb").create_table(TableName=LEDGER, **TABLE)
    account.client("ecr").create_repository(repositoryName=stacks[0].repository, imageTagMutability="IMMUTABLE")
    with ThreadPoolExecutor(1) as pool:
        image = pool.submit(placeholder)
        network = make_network(account)
        foundations = [lay_foundation(account, stack, addresses.postgres, addresses.redis) for stack in stacks]
        target_groups = [make_load_balancer(account, stack, network) for stack in stacks]
        for stack, foundation, target_group in zip(stacks, foundations, target_groups, strict=True):
            definitions = register_all(account, stack, foundation, image.result())
            create_services(account, stack, definitions, network, target_group)


def settled(account: Account, cluster: str) -> bool:
    """Whether every service of the cluster has come to rest: all its tasks run, and all of its newest deployment."""
    services = account.client("ecs").describe_services(cluster=cluster, services=["app", "worker"])["services"]
    return all(_rests(service) for service in services)


def _rests(service: dict[str, Any]) -> bool:
    (primary,) = [deployment for deployment in service["deployments"] if deployment["status"] == "PRIMARY"]
    running = primary["runningCount"] == service["runningCount"] == service["desiredCount"]
    return bool(running and primary["rolloutState"] == "COMPLETED")
