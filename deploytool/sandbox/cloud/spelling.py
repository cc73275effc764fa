"""Container definitions spelled so that MiniStack keeps them right.

It turns the keys of a container definition from CloudFormation's spelling to ECS's, but not those inside some of them:
ECS would then read empty secrets and no health check. What is spelled as ECS does from the start stays so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NOT_TURNED = ("Secrets", "HealthCheck", "DependsOn", "LinuxParameters", "Ulimits", "RepositoryCredentials")


def spelled_as_ecs_does(template: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same template, but for those keys of its task definitions."""
    resources = {
        name: _task_definition(each) if each.get("Type") == "AWS::ECS::TaskDefinition" else each
        for name, each in template.get("Resources", {}).items()
    }
    return {**template, "Resources": resources}


def _task_definition(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = resource.get("Properties", {})
    containers = [_container(each) for each in properties.get("ContainerDefinitions", ())]
    return {**resource, "Properties": {**properties, "ContainerDefinitions": containers}}


def _container(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: _lowered(each) if key in _NOT_TURNED else each for key, each in definition.items()}


def _lowered(part: Any) -> Any:
    """Keys with a small first letter; intrinsic functions keep their names, and so does what is in them."""
    match part:
        case {"Ref": _} | {"Fn::GetAtt": _} | {"Fn::Sub": _} | {"Fn::ImportValue": _} | {"Fn::Join": _}:
            return part
        case {"Fn::If": [condition, yes, no]}:
            return {"Fn::If": [condition, _lowered(yes), _lowered(no)]}
        case dict():
            return {key[:1].lower() + key[1:]: _lowered(each) for key, each in part.items()}
        case list():
            return [_lowered(each) for each in part]
        case _:
            return part
