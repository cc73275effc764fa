"""Faults of the service template's task definitions."""

from __future__ import annotations

from typing import Any

from tests.support.cloudformation.faults.planted import Planted, our, put

TASK = ("AppTask", "Properties")
CONTAINER = (*TASK, "ContainerDefinitions", 0)


def _password_in_plain_sight(resources: dict[str, Any]) -> None:
    container = resources["AppTask"]["Properties"]["ContainerDefinitions"][0]
    container["Environment"].append({"Name": "DATABASE_PASSWORD", "Value": "correct-horse"})


def _secret_resolved_into_plain_sight(resources: dict[str, Any]) -> None:
    container = resources["AppTask"]["Properties"]["ContainerDefinitions"][0]
    container["Environment"].append({"Name": "DSN", "Value": "{{resolve:secretsmanager:shop/production/database}}"})


def _forgotten_permission(resources: dict[str, Any]) -> None:
    del resources["ExecutionRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][3]["Resource"][1]


def _unknown_key(resources: dict[str, Any]) -> None:
    container = resources["AppTask"]["Properties"]["ContainerDefinitions"][0]
    container["Secrets"][0]["ValueFrom"]["Fn::Sub"][0] = "${Arn}:hostname::"


FAULTS = (
    Planted("service", "CPU and memory that Fargate does not have", "fargate_size", put("512", *TASK, "Memory")),
    Planted(
        "service",
        "image by tag latest",
        "container_image_is_digest",
        put("123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:latest", *CONTAINER, "Image"),
    ),
    Planted(
        "service",
        "health check uses curl",
        "container_health_check_runnable",
        put(["CMD-SHELL", "curl -f http://localhost:3000/api/health || exit 1"], *CONTAINER, "HealthCheck", "Command"),
    ),
    Planted("service", "secret as plain environment", "container_secret_not_plain", _password_in_plain_sight),
    our(
        "service",
        "secret resolved into the environment",
        "container_secret_not_plain",
        _secret_resolved_into_plain_sight,
    ),
    our(
        "service",
        "replaced revision is deregistered",
        "task_definition_retained",
        put("Delete", "AppTask", "UpdateReplacePolicy"),
    ),
    our("service", "key that the secret lacks", "container_secret_key_exists", _unknown_key),
    our("service", "secret that the execution role may not read", "container_secret_readable", _forgotten_permission),
    our(
        "service",
        "log group that nobody makes",
        "container_log_group_exists",
        put("/ecs/shop-app", *CONTAINER, "LogConfiguration", "Options", "awslogs-group"),
    ),
)
