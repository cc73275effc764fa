"""What somebody may have done to the AWS account behind everybody's back, and how it is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploytool.sandbox.cloud import settled
from deploytool.sandbox.cloud.cpu import architecture, runtime_platform
from deploytool.sandbox.cloud.example import PRODUCTION, SERVICES
from deploytool.sandbox.wait import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploytool.sandbox.cloud.account import Account

SECRET = PRODUCTION.secret("openai-api-key")
# What DescribeTaskDefinition adds and RegisterTaskDefinition refuses.
READ_ONLY = (
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
)


def delete_secret(account: Account) -> None:
    """Schedule the secret for deletion: from then on nobody reads it, and it can be had back under the same ARN."""
    account.client("secretsmanager").delete_secret(SecretId=SECRET, RecoveryWindowInDays=7)


def restore_secret(account: Account) -> None:
    """Take the deletion back."""
    account.client("secretsmanager").restore_secret(SecretId=SECRET)


def change_cpu(account: Account) -> None:
    """Move the services to revisions that ask for the CPU this machine has not."""
    cpu = "X86_64" if architecture() == "ARM64" else "ARM64"
    ecs = account.client("ecs")

    def with_that_cpu(revision: str) -> str:
        live: dict[str, Any] = ecs.describe_task_definition(taskDefinition=revision)["taskDefinition"]
        wanted = {key: value for key, value in live.items() if key not in READ_ONLY}
        wanted.pop("runtimePlatform", None)
        made = ecs.register_task_definition(**wanted, **runtime_platform(cpu))
        return str(made["taskDefinition"]["taskDefinitionArn"])

    _move(account, with_that_cpu)


def restore_cpu(account: Account) -> None:
    """Move the services to the revisions that they ran before, whose tags say of which release they are."""

    def before(revision: str) -> str:
        family, _, number = revision.rpartition(":")
        return f"{family}:{int(number) - 1}"

    _move(account, before)


def _move(account: Account, other: Callable[[str], str]) -> None:
    ecs = account.client("ecs")
    for service in ecs.describe_services(cluster=PRODUCTION.cluster, services=list(SERVICES))["services"]:
        revision = other(service["taskDefinition"])
        ecs.update_service(cluster=PRODUCTION.cluster, service=service["serviceName"], taskDefinition=revision)
    # A release is refused while a rollout is going on, and would say so instead of what is to be shown.
    until("the changed services", lambda: settled(account, PRODUCTION.cluster), seconds=60)
