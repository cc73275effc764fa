"""MiniStack as the sandbox runs it: nearer to AWS in what the stacks need, and its databases are the sandbox's own.

Run as a script by the Python of MiniStack's environment, where nothing of ours can be imported. It replaces functions
of the version that is pinned there; where a later one has them no more, MiniStack does not start, and says which.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ministack import app
from ministack.services import ecs, elasticache
from ministack.services.cloudformation import changesets, provisioners, stacks

STORES = "DEPLOYTOOL_STORES"
"""Variable with the path of a file: ``{resource id: {"rds": [host, port], "elasticache": [host, port]}}``.

It is set in a whole sandbox only. A MiniStack alone, as tests start one, waits for no tasks: their images are made up.
"""
NOWHERE = ("localhost", 6379)
STEADY_SECONDS = 180
SERVICE = "AWS::ECS::Service"
# MiniStack counts a task that fails to start against the maximum, and looks no more when that is gone: a service that
# is put back meanwhile would wait for ever. This leaves room for old, failing and new tasks.
MAXIMUM_PERCENT = 300
INTEGERS = frozenset({"containerPort", "hostPort", "interval", "timeout", "retries", "startPeriod", "stopTimeout"})
"""Members of a container definition that are numbers; a template's parameters are text."""
AS_THEY_ARE = frozenset({"Options", "DockerLabels"})
"""Their keys are the user's own."""
TRIGGERED = (
    "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was "
    "triggered'.\" (HandlerErrorCode: GeneralServiceException)"
)

Made = tuple[str, dict[str, Any]]


def spelled(part: Any) -> Any:
    """A part of a container definition as ECS spells it."""
    if isinstance(part, list):
        return [spelled(each) for each in part]
    if not isinstance(part, dict):
        return part
    found = {}
    for key, value in part.items():
        name = key[:1].lower() + key[1:]
        found[name] = value if key in AS_THEY_ARE else spelled(value)
        if name in INTEGERS:
            found[name] = int(value)
    return found


_make_task_definition = provisioners._ecs_task_def_create


def make_task_definition(logical_id: str, props: Mapping[str, Any], stack_name: str) -> Made:
    """MiniStack forgets the CPU, and what RegisterTaskDefinition fills in."""
    arn, attributes = _make_task_definition(logical_id, props, stack_name)
    definition = ecs._task_defs[arn.rpartition("/")[2]]
    if "RuntimePlatform" in props:
        definition["runtimePlatform"] = spelled(props["RuntimePlatform"])
    for container in definition["containerDefinitions"]:
        container.setdefault("cpu", 0)
        container.setdefault("essential", True)
    return arn, attributes


def with_ports(props: Mapping[str, Any]) -> dict[str, Any]:
    """A service's properties with ports that are numbers."""
    balancers = [{**each, "ContainerPort": int(each["ContainerPort"])} for each in props.get("LoadBalancers") or []]
    return {**props, "LoadBalancers": balancers}


_configuration = provisioners._ecs_deployment_configuration


def deployment_configuration(props: Mapping[str, Any]) -> dict[str, Any]:
    """See MAXIMUM_PERCENT."""
    return {**(_configuration(props) or {}), "maximumPercent": MAXIMUM_PERCENT}


_make_service = provisioners._ecs_service_create
_change_service = provisioners._ecs_service_update


def make_service(logical_id: str, props: Mapping[str, Any], stack_name: str) -> Made:
    """As CloudFormation does: done once the service is steady; one that never is goes again."""
    arn, attributes = _make_service(logical_id, with_ports(props), stack_name)
    service = ecs._services["/".join(arn.split("/")[-2:])]
    if os.environ.get(STORES):
        # The first deployment, too, is one that may fail.
        service["deployments"][0]["rolloutState"] = "IN_PROGRESS"
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
    """As CloudFormation does: done once the service is steady."""
    changed: Made = _change_service(arn, with_ports(before), with_ports(after), stack_name)
    service = ecs._services["/".join(arn.split("/")[-2:])]
    service["propagateTags"] = after.get("PropagateTags", "NONE")
    await_steady(service)
    return changed


def await_steady(service: Mapping[str, Any]) -> None:
    """Return once the tasks run that are wanted now. Raises ValueError where ECS gave them up, or after a long time."""
    if not os.environ.get(STORES):
        return
    mine = ecs._primary_deployment(service)
    deadline = time.monotonic() + STEADY_SECONDS
    while not rests(service):
        if time.monotonic() > deadline:
            raise ValueError(f"Resource of type '{SERVICE}' did not stabilize. (HandlerErrorCode: NotStabilized)")
        time.sleep(0.05)
    if mine["rolloutState"] == "FAILED":
        raise ValueError(TRIGGERED)


def rests(service: Mapping[str, Any]) -> bool:
    """Nothing of it is under way any more: it runs, or was given up and has nothing to go back to."""
    primary = ecs._primary_deployment(service)
    runs = primary["runningCount"] == service["runningCount"] == service["desiredCount"]
    return bool(runs and primary["rolloutState"] == "COMPLETED") or primary["rolloutState"] == "FAILED"


def store(identifier: str, kind: str) -> tuple[str, int] | None:
    """Where the sandbox runs this database; the file is written while MiniStack starts."""
    path = Path(os.environ.get(STORES, ""))
    known = json.loads(path.read_text()).get(identifier, {}) if path.is_file() else {}
    return (str(known[kind][0]), int(known[kind][1])) if kind in known else None


_make_database = provisioners._rds_db_instance_create


def make_database(logical_id: str, props: Mapping[str, Any], stack_name: str) -> Made:
    """MiniStack makes the record of one; what answers is the sandbox's PostgreSQL."""
    identifier, attributes = _make_database(logical_id, props, stack_name)
    found = store(identifier, "rds")
    if found:
        instance = provisioners._rds._instances[identifier]
        instance["Endpoint"] |= {"Address": found[0], "Port": found[1]}
        attributes = provisioners._rds_db_instance_attrs(instance)
    return identifier, attributes


def find_redis(labels: Mapping[str, str], **_: Any) -> tuple[str, int, None]:
    """In place of a container that MiniStack would start from an image that may not be there."""
    return (*(store(labels.get("rg_id", ""), "elasticache") or NOWHERE), None)


_on_a_thread = stacks._runs_on_worker_thread


def on_a_thread(resource_type: str) -> bool:
    """What waits."""
    return resource_type == SERVICE or _on_a_thread(resource_type)


_taken_over: dict[str, frozenset[str]] = {}
"""Logical ids that the running operation of a stack imports, by the stack's id."""
_deploy = changesets._deploy_stack_async
_wrong = stacks._validation_errors


def deploy(stack_name: str, stack_id: str, *rest: Any, **named: Any) -> Any:
    """Remember what is imported; see ``wrong``."""
    _taken_over[stack_id] = frozenset(named.get("imports") or ())
    return _deploy(stack_name, stack_id, *rest, **named)


def wrong(*given: Any) -> list[tuple[str, ...]]:
    """MiniStack plans to take over a bucket that is there, and then refuses it, since it is there."""
    imported = _taken_over.get(given[6], frozenset())
    return [each for each in _wrong(*given) if each[0] not in imported or each[2] != "NAME_CONFLICT_VALIDATION"]


def correct() -> None:
    """Put all of it in place."""
    handlers = provisioners._RESOURCE_HANDLERS
    provisioners._normalize_container_defs = spelled
    provisioners._ecs_task_def_create = make_task_definition
    handlers["AWS::ECS::TaskDefinition"]["create"] = make_task_definition
    provisioners._ecs_deployment_configuration = deployment_configuration
    handlers[SERVICE] |= {"create": make_service, "update": change_service}
    stacks._runs_on_worker_thread = on_a_thread
    stacks._validation_errors = wrong
    changesets._deploy_stack_async = deploy
    handlers["AWS::RDS::DBInstance"]["create"] = make_database
    elasticache._spawn_redis_container = find_redis


if __name__ == "__main__":
    correct()
    app.main()
