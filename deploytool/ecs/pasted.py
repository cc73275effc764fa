"""What a person pastes: answers of ECS as the AWS CLI prints them, every type checked before it is used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from deploytool.ecs.model import RunTaskFailure, ServiceDeployment, ServiceState, Task
from deploytool.ecs.parse import parse_service, parse_service_deployment, parse_task
from deploytool.errors import ConfigurationError

MOST_ENTRIES = 1_000
"""AWS answers with at most 100 tasks, 10 services, and 100 events of each."""
LONGEST = 4_000
"""Characters of one text that are judged; ECS cuts its own at 1024."""
KEYS = ("tasks", "taskDefinition", "services", "serviceDeployments", "failures")
Json = Mapping[str, Any]


class PastedError(ConfigurationError):
    """What was pasted cannot be read."""


@dataclass(frozen=True)
class Pasted:
    """What was pasted, by kind."""

    tasks: tuple[Task, ...] = ()
    services: tuple[ServiceState, ...] = ()
    service_deployments: tuple[ServiceDeployment, ...] = ()
    failures: tuple[RunTaskFailure, ...] = ()
    lines: tuple[str, ...] = ()
    """Messages of events, and lines of a log."""


@dataclass(frozen=True)
class _Filled:
    """A field that is required, and what stands for it where it is left out."""

    kind: type
    value: Any = ""


_ALWAYS = datetime.max.replace(tzinfo=UTC)
"""The time of an event that has none: it is newer than any deployment."""
_CONTAINER_DEFINITION = {
    "name": _Filled(str),
    "image": str,
    "essential": bool,
    "command": [str],
    "healthCheck": {"command": [str]},
    "memory": int,
    "logConfiguration": {"logDriver": str, "options": {}},
}
_DEFINITION = {
    "taskDefinitionArn": str,
    "family": str,
    "memory": (str, int),
    "runtimePlatform": {"cpuArchitecture": str},
    "containerDefinitions": [_CONTAINER_DEFINITION],
}
_TASK = {
    "taskArn": _Filled(str),
    "taskDefinitionArn": _Filled(str),
    "lastStatus": str,
    "startedBy": str,
    "group": str,
    "stopCode": str,
    "stoppedReason": str,
    "healthStatus": str,
    "createdAt": datetime,
    "startedAt": datetime,
    "stoppedAt": datetime,
    "containers": [{
        "name": _Filled(str), "lastStatus": str, "exitCode": int, "reason": str, "healthStatus": str, "image": str,
    }],
}  # fmt: skip
_DEPLOYMENT = {
    "id": _Filled(str),
    "status": _Filled(str),
    "taskDefinition": _Filled(str),
    "rolloutState": str,
    "rolloutStateReason": str,
    "desiredCount": int,
    "runningCount": int,
    "pendingCount": int,
    "failedTasks": int,
    "createdAt": datetime,
}
_EVENT = {"id": _Filled(str), "createdAt": _Filled(datetime, _ALWAYS), "message": _Filled(str)}
_BREAKER = {"enable": bool, "rollback": bool}
_SERVICE = {
    "serviceName": _Filled(str),
    "serviceArn": _Filled(str),
    "clusterArn": _Filled(str),
    "status": _Filled(str, "ACTIVE"),
    "taskDefinition": str,
    "desiredCount": int,
    "runningCount": int,
    "pendingCount": int,
    "deployments": [_DEPLOYMENT],
    "events": [_EVENT],
    "deploymentConfiguration": {"deploymentCircuitBreaker": _BREAKER},
    "deploymentController": {"type": str},
    "loadBalancers": [{"targetGroupArn": str, "containerName": str, "containerPort": int}],
    "healthCheckGracePeriodSeconds": int,
    "networkConfiguration": {},
    "launchType": str,
    "capacityProviderStrategy": [{}],
    "platformVersion": str,
    "currentServiceDeployment": str,
    "createdAt": datetime,
}
_SERVICE_DEPLOYMENT = {
    "serviceDeploymentArn": _Filled(str),
    "status": _Filled(str),
    "targetServiceRevision": {"arn": str},
    "statusReason": str,
    "lifecycleStage": str,
    "rollback": {"reason": str},
    "deploymentCircuitBreaker": {"failureCount": int, "threshold": int},
    "alarms": {"triggeredAlarmNames": [str]},
    "lifecycleHookDetails": [{
        "hookId": str, "targetArn": str, "targetType": str, "status": str,
        "expiresAt": datetime, "timeoutAction": str,
    }],
}  # fmt: skip
_DOCUMENT = {
    "tasks": [_TASK],
    "taskDefinition": _DEFINITION,
    "services": [_SERVICE],
    "serviceDeployments": [_SERVICE_DEPLOYMENT],
    "failures": [{"reason": _Filled(str), "arn": _Filled(str), "detail": _Filled(str)}],
    "events": [{"message": _Filled(str)}],
    "log": [str],
}
"""``events`` also as CloudWatch Logs prints them, and ``log``: lines of it."""
_SINGLE = {"task": "tasks", "service": "services", "serviceDeployment": "serviceDeployments", "failure": "failures"}
"""Keys of answers about one thing, such as UpdateService's."""
_BARE = {
    "taskArn": "tasks", "stoppedReason": "tasks", "containerDefinitions": "taskDefinition",
    "serviceDeploymentArn": "serviceDeployments", "serviceName": "services", "deployments": "services",
}  # fmt: skip
"""What an entry is of which only itself was pasted, by a key that it has."""
_NAMES = {str: "text", int: "a whole number", bool: "true or false", datetime: "a time", dict: "an object",
          list: "a list"}  # fmt: skip


def read_pasted(text: str) -> Pasted | str:
    """What a JSON document holds; a text that is no JSON document, or one JSON string, is given back. Raises "
    "PastedError."""
    stripped = text.strip()
    if not stripped:
        raise PastedError("the input is empty", "paste a stoppedReason, an event, an API error, log lines or JSON")
    try:
        raw = json.loads(stripped)
    except RecursionError:
        raise PastedError("the JSON is nested too deeply", "paste it as the AWS CLI prints it") from None
    except ValueError as error:
        if stripped[0] not in "{[" or _is_log(stripped):
            return stripped
        raise PastedError(f"the input is not valid JSON: {error}", "paste it whole, as the AWS CLI prints it") from None
    if isinstance(raw, str) and raw.strip():
        return raw.strip().encode("utf-8", "replace").decode("utf-8")
    if not isinstance(raw, dict):
        raise PastedError(
            f"the input is {_name(raw)}, not a JSON object", f"paste an object with any of {', '.join(KEYS)}, or text"
        )
    return _read(_document(raw))


def _is_log(text: str) -> bool:
    """Whether it begins like JSON and is none: a log, each line of it with a bracket or an object of its own."""
    first, _, rest = text.partition("\n")
    if first[0] == "[":
        return not first[1:].lstrip().startswith(("{", '"', "]")) and first.strip() != "["
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return bool(rest)


def _document(raw: Json) -> Json:
    """``raw`` with the keys of an answer, whatever part of one it is."""
    detail = raw.get("detail")
    if isinstance(detail, dict):  # an event of EventBridge
        raw = detail if "taskArn" in detail else {"log": [detail.get("reason") or detail.get("eventName") or ""]}
    document = {**raw, **{plural: [raw[key]] for key, plural in _SINGLE.items() if key in raw and plural not in raw}}
    kind = next((_BARE[key] for key in _BARE if key in raw), None)
    if kind and not any(key in document for key in KEYS):
        document = {kind: raw if kind == "taskDefinition" else [raw]}
    if not any(key in document for key in _DOCUMENT):
        raise PastedError(
            "the object has none of the keys " + ", ".join(KEYS), "paste the whole answer, as the AWS CLI prints it"
        )
    conforming: Json = _conform({key: document[key] for key in _DOCUMENT if key in document}, _DOCUMENT, "")
    return conforming


def _read(document: Json) -> Pasted:
    definition = document.get("taskDefinition", {})
    return Pasted(
        tasks=tuple(parse_task(each, _definition_of(each, definition)) for each in document.get("tasks", ())),
        services=tuple(map(parse_service, document.get("services", ()))),
        service_deployments=tuple(map(parse_service_deployment, document.get("serviceDeployments", ()))),
        failures=tuple(
            RunTaskFailure(each["reason"], each["arn"], each["detail"]) for each in document.get("failures", ())
        ),
        lines=(*(each["message"] for each in document.get("events", ())), *document.get("log", ())),
    )


def _definition_of(task: Json, definition: Json) -> Json:
    """``definition``, unless it is another one than the task's: its image and command would mislead."""
    arn = definition.get("taskDefinitionArn", "")
    return definition if not arn or not task["taskDefinitionArn"] or arn == task["taskDefinitionArn"] else {}


def _conform(value: Any, shape: Any, path: str) -> Any:
    """``value`` without nulls, its required fields filled, its times parsed. Raises PastedError where a type is "
    "wrong."""
    if isinstance(shape, _Filled):
        shape = shape.kind
    if isinstance(shape, dict):
        return _object(_checked(value, dict, path), shape, path)
    if isinstance(shape, list):
        items = _checked(value, list, path)
        if len(items) > MOST_ENTRIES:
            raise PastedError(f"{path} has more than {MOST_ENTRIES} entries", "paste the part that failed")
        return [_conform(each, shape[0], f"{path}[{number}]") for number, each in enumerate(items)]
    if shape is datetime:
        return _moment(value, path)
    if isinstance(shape, tuple):
        return value if isinstance(value, shape) else _checked(value, shape[0], path)
    return _checked(value, shape, path)


def _object(value: Json, shape: Json, path: str) -> Json:
    result = {key: inner for key, inner in value.items() if inner is not None}
    for key, inner in shape.items():
        if key in result:
            result[key] = _conform(result[key], inner, f"{path}.{key}".lstrip("."))
        elif isinstance(inner, _Filled):
            result[key] = inner.value
    return result


def _checked(value: Any, kind: type, path: str) -> Any:
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return _printable(value) if isinstance(value, str) else value
    raise PastedError(
        f"{path or 'the input'} is {_name(value)}, not {_NAMES[kind]}", "paste it as the AWS CLI prints it"
    )


def _moment(value: Any, path: str) -> datetime:
    """A time as the CLI prints it: ISO 8601, or seconds since 1970 in its first version."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise PastedError(f"{path} is not a time", "paste it as the AWS CLI prints it")


def _printable(text: str) -> str:
    """Without halves of surrogate pairs, which JSON can escape, and not longer than is judged."""
    return text[:LONGEST].encode("utf-8", "replace").decode("utf-8")


def _name(value: Any) -> str:
    if value is None:
        return "null"
    return next((_NAMES[kind] for kind in (bool, str, int, dict, list) if isinstance(value, kind)), "a number")
