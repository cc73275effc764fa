"""Faults of the service template: services, scaling, roles, alarms."""

from __future__ import annotations

from typing import Any

from tests.cloudformation.faults.planted import Planted, drop, our, put

APP = ("AppEcsService", "Properties")
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def _circle(resources: dict[str, Any]) -> None:
    resources["AppGroup"]["DependsOn"] = "AppEcsService"


def _reads_every_secret(resources: dict[str, Any]) -> None:
    resources["ExecutionRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][3]["Resource"] = "*"


def _missing_export(resources: dict[str, Any]) -> None:
    name = {"Fn::ImportValue": {"Fn::Sub": "${App}-${Environment}-Vpc"}}
    resources["WorkerGroup"]["Properties"]["VpcId"] = name


FAULTS = (
    Planted("service", "awsvpc without network", "E3052", drop(*APP, "NetworkConfiguration")),
    Planted(
        "service",
        "container port mismatch",
        "containers_listen_where_they_are_asked",
        put(8080, *APP, "LoadBalancers", 0, "ContainerPort"),
    ),
    Planted(
        "service",
        "circuit breaker off",
        "breakers_are_on",
        put(False, "WorkerEcsService", "Properties", "DeploymentConfiguration", "DeploymentCircuitBreaker", "Enable"),
    ),
    Planted(
        "service",
        "task role is administrator",
        "nobody_may_do_everything",
        put([ADMIN], "AppRole", "Properties", "ManagedPolicyArns"),
    ),
    Planted("service", "import of an export that is missing", "imports_exist", _missing_export),
    Planted(
        "service",
        "typo in an alarm's dimension",
        "dimensions_are_metrics",
        put("ServceName", "AppIsBusy", "Properties", "Dimensions", 1, "Name"),
    ),
    Planted("service", "circular dependency", "E3004", _circle),
    our(
        "service",
        "alarm on a service that is not there",
        "dimensions_name_what_is_there",
        put("web", "AppIsBusy", "Properties", "Dimensions", 1, "Value"),
    ),
    our("service", "alarm tells nobody", "alarms_tell_somebody", drop("AppIsBusy", "Properties", "AlarmActions")),
    our("service", "desired count in the template", "count_is_left_to_scaling", put(2, *APP, "DesiredCount")),
    our(
        "service",
        "rollout stops the old tasks first",
        "rollouts_keep_serving",
        put(0, *APP, "DeploymentConfiguration", "MinimumHealthyPercent"),
    ),
    our("service", "scaling without room", "scaling_has_room", put(1, "AppScaling", "Properties", "MaxCapacity")),
    our(
        "service",
        "tasks with public addresses",
        "tasks_have_no_public_address",
        put("ENABLED", *APP, "NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp"),
    ),
    our("service", "execution role reads every secret", "secrets_are_read_by_name", _reads_every_secret),
)
