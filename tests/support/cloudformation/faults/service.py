"""Faults of the service template: services, scaling, roles, alarms."""

from __future__ import annotations

from typing import Any

from tests.support.cloudformation.faults.planted import Planted, drop, our, put

APP = ("AppEcsService", "Properties")
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def _circle(resources: dict[str, Any]) -> None:
    resources["AppGroup"]["DependsOn"] = "AppEcsService"


def _reads_every_secret(resources: dict[str, Any]) -> None:
    resources["ExecutionRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][3]["Resource"] = "*"


def _missing_export(resources: dict[str, Any]) -> None:
    name = {"Fn::ImportValue": {"Fn::Sub": "${App}-${Environment}-Vpc"}}
    resources["WorkerGroup"]["Properties"]["VpcId"] = name


def _port_from_balancer(resources: dict[str, Any]) -> None:
    rule = resources["AppGroup"]["Properties"]["SecurityGroupIngress"][0]
    rule["FromPort"] = rule["ToPort"] = {"Ref": "ContainerPort"}


def _one_port_from_balancer(resources: dict[str, Any]) -> None:
    rule = resources["AppGroup"]["Properties"]["SecurityGroupIngress"][0]
    rule["FromPort"] = rule["ToPort"] = 3000


FAULTS = (
    Planted("service", "awsvpc without network", "E3052", drop(*APP, "NetworkConfiguration")),
    Planted(
        "service",
        "container port mismatch",
        "port_matches_target_group",
        put(8080, *APP, "LoadBalancers", 0, "ContainerPort"),
    ),
    Planted(
        "service",
        "circuit breaker off",
        "service_circuit_breaker",
        put(False, "WorkerEcsService", "Properties", "DeploymentConfiguration", "DeploymentCircuitBreaker", "Enable"),
    ),
    Planted(
        "service",
        "task role is administrator",
        "iam_no_wildcard_admin",
        put([ADMIN], "AppRole", "Properties", "ManagedPolicyArns"),
    ),
    Planted("service", "import of an export that is missing", "import_exists", _missing_export),
    Planted(
        "service",
        "typo in an alarm's dimension",
        "alarm_dimension_is_metric",
        put("ServceName", "AppIsBusy", "Properties", "Dimensions", 1, "Name"),
    ),
    Planted("service", "circular dependency", "E3004", _circle),
    our(
        "service",
        "alarm on a service that is not there",
        "alarm_dimension_exists",
        put("web", "AppIsBusy", "Properties", "Dimensions", 1, "Value"),
    ),
    our("service", "alarm tells nobody", "alarm_has_subscriber", drop("AppIsBusy", "Properties", "AlarmActions")),
    our("service", "desired count in the template", "service_no_fixed_count", put(2, *APP, "DesiredCount")),
    our(
        "service",
        "rollout stops the old tasks first",
        "service_minimum_healthy",
        put(0, *APP, "DeploymentConfiguration", "MinimumHealthyPercent"),
    ),
    our("service", "scaling without room", "scaling_range", put(1, "AppScaling", "Properties", "MaxCapacity")),
    our(
        "service",
        "tasks with public addresses",
        "network_no_public_tasks",
        put("ENABLED", *APP, "NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp"),
    ),
    our("service", "tasks let in port 3000 alone", "port_change_keeps_tasks", _one_port_from_balancer),
    our("service", "tasks let in one port", "port_change_keeps_tasks", _port_from_balancer),
    our("service", "execution role reads every secret", "iam_secret_access_named", _reads_every_secret),
)
