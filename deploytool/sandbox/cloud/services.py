"""Task definitions and services as a release finds them: breaker with rollback, secrets by ARN, awslogs."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from deploytool.sandbox.cloud.network import APP_PORT
from deploytool.sandbox.cloud.stack import APP, ROLES

if TYPE_CHECKING:
    from deploytool.sandbox.cloud.account import Account
    from deploytool.sandbox.cloud.foundation import Foundation
    from deploytool.sandbox.cloud.network import Network
    from deploytool.sandbox.cloud.stack import Stack

ARM = ("aarch64", "arm64")
STOP_SECONDS = 10


def architecture() -> str:
    """This machine's CPU, as ECS calls it: the containers run here."""
    return "ARM64" if platform.machine().lower() in ARM else "X86_64"


def runtime_platform(cpu: str) -> dict[str, Any]:
    """The part of a task definition that asks for a CPU; empty for X86_64, which ECS takes when nothing is said.

    Where it is said, MiniStack tries twice to start a container, and the second error hides the first.
    """
    return {} if cpu == "X86_64" else {"runtimePlatform": {"cpuArchitecture": cpu, "operatingSystemFamily": "LINUX"}}


def register_all(account: Account, stack: Stack, foundation: Foundation, image: str) -> dict[str, str]:
    """Register `app`, `worker` and `migrate`, all running ``image``; their ARNs by role."""
    ecs = account.client("ecs")
    registered = {
        role: ecs.register_task_definition(**task_definition(account, stack, foundation, image, role)) for role in ROLES
    }
    return {role: answer["taskDefinition"]["taskDefinitionArn"] for role, answer in registered.items()}


def task_definition(account: Account, stack: Stack, foundation: Foundation, image: str, role: str) -> dict[str, Any]:
    """The arguments of RegisterTaskDefinition for one role."""
    container: dict[str, Any] = {
        "name": role,
        "image": image,
        "essential": True,
        "command": [f"architecturedeck-{role}"],
        "environment": [{"name": "ENVIRONMENT", "value": stack.environment}],
        "secrets": [{"name": variable, "valueFrom": arn} for variable, arn in foundation.secrets.items()],
        "stopTimeout": STOP_SECONDS,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": stack.log_group(role),
                "awslogs-region": account.region,
                "awslogs-stream-prefix": role,
            },
        },
    }
    if role == "app":
        container["portMappings"] = [{"containerPort": APP_PORT, "protocol": "tcp"}]
        check = ["CMD", "architecturedeck-health"]
        container["healthCheck"] = {"command": check, "interval": 5, "timeout": 3, "retries": 3}
    definition: dict[str, Any] = {
        "family": stack.family(role),
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": foundation.execution_role,
        "taskRoleArn": foundation.task_roles[role],
        "containerDefinitions": [container],
        "tags": [{"key": "app", "value": APP}, {"key": "environment", "value": stack.environment}],
    }
    return definition | runtime_platform(architecture())


def create_services(
    account: Account, stack: Stack, definitions: dict[str, str], network: Network, target_group: str
) -> None:
    """Create `app`, behind the load balancer, and `worker`."""
    common: dict[str, Any] = {
        "cluster": stack.name,
        "launchType": "FARGATE",
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "minimumHealthyPercent": 100,
            # 200 is usual. MiniStack counts a task that fails to start against it, and looks no more when that is gone:
            # a service that is put back meanwhile would wait for ever. 300 has room for old, failing and new.
            "maximumPercent": 300,
        },
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": network.subnets,
                "securityGroups": [network.security_group],
                "assignPublicIp": "DISABLED",
            },
        },
        "propagateTags": "SERVICE",
        "tags": [{"key": "app", "value": APP}, {"key": "environment", "value": stack.environment}],
    }
    ecs = account.client("ecs")
    ecs.create_service(
        **common,
        serviceName="app",
        taskDefinition=definitions["app"],
        desiredCount=stack.app_tasks,
        loadBalancers=[{"targetGroupArn": target_group, "containerName": "app", "containerPort": APP_PORT}],
        healthCheckGracePeriodSeconds=10,
    )
    ecs.create_service(**common, serviceName="worker", taskDefinition=definitions["worker"], desiredCount=1)
