"""MiniStack with corrections: closer to AWS where the stacks need it, and with the sandbox's own databases.

Run as a script by the Python of MiniStack's environment, where nothing of ours can be imported. It replaces functions
of the pinned version; if a later one lacks them, MiniStack does not start, and names the missing one.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from ministack import app
from ministack.services import ecs, elasticache
from ministack.services.cloudformation import changesets, provisioners, stacks

STORES = "DEPLOYTOOL_STORES"
"""Variable with the path of a file: ``{resource id: {"rds": [host, port], "elasticache": [host, port]}}``.

Set in a complete sandbox only. A MiniStack alone, as in tests, waits for no tasks: their images do not exist.
"""
NOWHERE = ("localhost", 6379)
STEADY_SECONDS = 180
SERVICE = "AWS::ECS::Service"
# MiniStack counts a task that fails to start against the maximum, and starts no more at the maximum: a service that is
# rolled back meanwhile would wait forever. This leaves room for old, failing and new tasks.
MAXIMUM_PERCENT = 300
INTEGERS = frozenset({"containerPort", "hostPort", "interval", "timeout", "retries", "startPeriod", "stopTimeout"})
"""Members of a container definition that are numbers; a template's parameters are text."""
FREE_KEYS = frozenset({"Options", "DockerLabels"})
"""Members whose keys are the user's own."""
TRIGGERED = (
    "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was "
    "triggered'.\" (HandlerErrorCode: GeneralServiceException)"
)

Made = tuple[str, dict[str, Any]]


def beside(name: str) -> ModuleType:
    """A module of this directory, which is not on the path: there its others would replace MiniStack's."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec, name
    assert spec.loader, name
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ministack_ecs = beside("ministack_ecs")
ministack_ecs_api = beside("ministack_ecs_api")


def ecs_spelling(part: Any) -> Any:
    """A part of a container definition as ECS spells it."""
    if isinstance(part, list):
        return [ecs_spelling(item) for item in part]
    if not isinstance(part, dict):
        return part
    result = {}
    for key, value in part.items():
        name = key[:1].lower() + key[1:]
        result[name] = int(value) if name in INTEGERS else value if key in FREE_KEYS else ecs_spelling(value)
    return result


_make_task_definition = provisioners._ecs_task_def_create


def make_task_definition(logical_id: str, props: Mapping[str, Any], stack_name: str) -> Made:
    """MiniStack forgets the CPU, and what RegisterTaskDefinition fills in."""
    arn, attributes = _make_task_definition(logical_id, props, stack_name)
    definition = ecs._task_defs[arn.rpartition("/")[2]]
    if "RuntimePlatform" in props:
        definition["runtimePlatform"] = ecs_spelling(props["RuntimePlatform"])
    for container in definition["containerDefinitions"]:
        container.setdefault("cpu", 0)
        container.setdefault("essential", True)
    return arn, attributes


def with_ports(props: Mapping[str, Any]) -> dict[str, Any]:
    balancers = props.get("LoadBalancers") or []
    return {**props, "LoadBalancers": [{**item, "ContainerPort": int(item["ContainerPort"])} for item in balancers]}


_configuration = provisioners._ecs_deployment_configuration


def deployment_configuration(props: Mapping[str, Any]) -> dict[str, Any]:
    return {**(_configuration(props) or {}), "maximumPercent": MAXIMUM_PERCENT}


_make_service = provisioners._ecs_service_create
_change_service = provisioners._ecs_service_update


def make_service(logical_id: str, props: Mapping[str, Any], stack_name: str) -> Made:
    """As in CloudFormation: done once the service is steady; deleted if it never is."""
    arn, attributes = _make_service(logical_id, with_ports(props), stack_name)
    service = ecs._services["/".join(arn.split("/")[-2:])]
    if not os.environ.get(STORES):
        ministack_ecs.settle(service)
    service["healthCheckGracePeriodSeconds"] = int(props.get("HealthCheckGracePeriodSeconds", 0))
    service["propagateTags"] = props.get("PropagateTags", "NONE")
    service["enableECSManagedTags"] = bool(props.get("EnableECSManagedTags", False))
    try:
        await_steady(service)
    except ValueError:
        provisioners._ecs_service_delete(arn, props)
        raise
    return arn, attributes


def change_service(arn: str, before: Mapping[str, Any], after: Mapping[str, Any], stack_name: str) -> Made:
    """As in CloudFormation: done once the service is steady."""
    changed: Made = _change_service(arn, with_ports(before), with_ports(after), stack_name)
    service = ecs._services["/".join(arn.split("/")[-2:])]
    service["propagateTags"] = after.get("PropagateTags", "NONE")
    await_steady(service)
    return changed


def await_steady(service: Mapping[str, Any]) -> None:
    """Return once the desired tasks run. Raises ValueError where the deployment failed, or after STEADY_SECONDS."""
    if not os.environ.get(STORES):
        return
    deployment = ecs._primary_deployment(service)
    deadline = time.monotonic() + STEADY_SECONDS
    while not is_settled(service):
        if time.monotonic() > deadline:
            raise ValueError(f"Resource of type '{SERVICE}' did not stabilize. (HandlerErrorCode: NotStabilized)")
        time.sleep(0.05)
    if deployment["rolloutState"] == "FAILED":
        raise ValueError(TRIGGERED)


def is_settled(service: Mapping[str, Any]) -> bool:
    """Whether nothing is in progress: the service is steady, or its deployment failed with nothing to go back to."""
    primary = ecs._primary_deployment(service)
    steady = primary["runningCount"] == service["runningCount"] == service["desiredCount"]
    return bool(steady and primary["rolloutState"] == "COMPLETED") or primary["rolloutState"] == "FAILED"


def store(identifier: str, kind: str) -> tuple[str, int] | None:
    """The address of this database in the sandbox; the file is written while MiniStack starts."""
    path = Path(os.environ.get(STORES, ""))
    addresses = json.loads(path.read_text()).get(identifier, {}) if path.is_file() else {}
    return (str(addresses[kind][0]), int(addresses[kind][1])) if kind in addresses else None


_make_database = provisioners._rds_db_instance_create


def make_database(logical_id: str, props: Mapping[str, Any], stack_name: str) -> Made:
    """MiniStack creates the record; what answers is the sandbox's PostgreSQL."""
    identifier, attributes = _make_database(logical_id, props, stack_name)
    address = store(identifier, "rds")
    if address:
        instance = provisioners._rds._instances[identifier]
        instance["Endpoint"] |= {"Address": address[0], "Port": address[1]}
        attributes = provisioners._rds_db_instance_attrs(instance)
    return identifier, attributes


def find_redis(labels: Mapping[str, str], **_: Any) -> tuple[str, int, None]:
    """Instead of a container that MiniStack would start from an image that may be missing."""
    return (*(store(labels.get("rg_id", ""), "elasticache") or NOWHERE), None)


_runs_on_thread = stacks._runs_on_worker_thread


def runs_on_thread(resource_type: str) -> bool:
    """A service, too: it waits."""
    return resource_type == SERVICE or _runs_on_thread(resource_type)


_imported: dict[str, frozenset[str]] = {}
"""Logical ids that the running operation of a stack imports, by the stack's id."""
_deploy = changesets._deploy_stack_async
_validate = stacks._validation_errors


def deploy(stack_name: str, stack_id: str, *rest: Any, **named: Any) -> Any:
    """Remember what is imported, for ``validate``."""
    _imported[stack_id] = frozenset(named.get("imports") or ())
    return _deploy(stack_name, stack_id, *rest, **named)


def validate(*arguments: Any) -> list[tuple[str, ...]]:
    """MiniStack plans to import an existing bucket, and then refuses it because it exists."""
    imported = _imported.get(arguments[6], frozenset())
    return [
        error for error in _validate(*arguments) if error[0] not in imported or error[2] != "NAME_CONFLICT_VALIDATION"
    ]


def install_corrections() -> None:
    ministack_ecs.install()
    ministack_ecs_api.install()
    handlers = provisioners._RESOURCE_HANDLERS
    provisioners._normalize_container_defs = ecs_spelling
    provisioners._ecs_task_def_create = make_task_definition
    handlers["AWS::ECS::TaskDefinition"]["create"] = make_task_definition
    provisioners._ecs_deployment_configuration = deployment_configuration
    handlers[SERVICE] |= {"create": make_service, "update": change_service}
    stacks._runs_on_worker_thread = runs_on_thread
    stacks._validation_errors = validate
    changesets._deploy_stack_async = deploy
    handlers["AWS::RDS::DBInstance"]["create"] = make_database
    elasticache._spawn_redis_container = find_redis


if __name__ == "__main__":
    install_corrections()
    app.main()
