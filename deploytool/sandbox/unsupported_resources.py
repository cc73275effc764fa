"""A CloudFormation template as MiniStack can deploy it: unsupported resources are left out, master secrets added."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

UNSUPPORTED_TYPES = frozenset({
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudTrail::Trail",
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::ECS::ClusterCapacityProviderAssociations",
    "AWS::GuardDuty::Detector",
    "AWS::IAM::OIDCProvider",
    "AWS::Route53::RecordSetGroup",
    "AWS::SecretsManager::RotationSchedule",
})  # fmt: skip
"""What MiniStack answers ``Unrecognized resource types`` to, of what our templates use."""

_VARIABLE = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}")

Replace = Callable[[str, str], str | None]
"""From a resource and an attribute (empty for ``Ref``) to what replaces them: text, ``${Name.Attribute}``, or None."""


def without_unsupported(
    template: Mapping[str, Any], unsupported: frozenset[str] = UNSUPPORTED_TYPES
) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """The template without resources of types in ``unsupported``, and the types of those by logical id.

    References to them become text.
    Functions are in their long form. The text says what was left out (``left-out-Nat``, ``left-out-Nat.Arn``):
    MiniStack takes any text for an id, and outputs that others import stay.
    """
    resources = template.get("Resources", {})
    omitted = {
        name: str(resource["Type"]) for name, resource in resources.items() if resource.get("Type") in unsupported
    }
    if not omitted:
        return template, {}

    def replace(name: str, attribute: str) -> str | None:
        return f"left-out-{name}{attribute and '.' + attribute}" if name in omitted else None

    kept = {name: resource for name, resource in resources.items() if name not in omitted}
    return _rewrite({**template, "Resources": kept}, replace), omitted


def with_master_secrets(template: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add a secret, ``{Database}MasterUserSecret``, for each database with ``ManageMasterUserPassword``.

    MiniStack creates none. It has the keys of RDS's, `username` and `password`, and replaces it in all references.
    """
    databases = {
        name: resource["Properties"]
        for name, resource in template.get("Resources", {}).items()
        if resource.get("Type") == "AWS::RDS::DBInstance"
        and resource.get("Properties", {}).get("ManageMasterUserPassword")
    }
    if not databases:
        return template

    def replace(name: str, attribute: str) -> str | None:
        is_secret = name in databases and attribute == "MasterUserSecret.SecretArn"
        return f"${{{name}MasterUserSecret.Id}}" if is_secret else None

    rewritten = _rewrite(template, replace)
    secrets = {f"{name}MasterUserSecret": _secret(properties) for name, properties in databases.items()}
    return {**rewritten, "Resources": {**rewritten["Resources"], **secrets}}


def _secret(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    user = properties.get("MasterUsername", "postgres")
    from_parameter = {"Fn::Sub": ['{"username": "${User}"}', {"User": user}]}
    return {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {
            "GenerateSecretString": {
                "SecretStringTemplate": json.dumps({"username": user}) if isinstance(user, str) else from_parameter,
                "GenerateStringKey": "password",
                "ExcludePunctuation": True,
            }
        },
    }


def _rewrite(part: Any, replace: Replace) -> Any:
    """Replace references to resources everywhere in a template; ``DependsOn`` loses those that become text."""
    match part:
        case {"Ref": str(name)} if (replacement := replace(name, "")) is not None:
            return replacement
        case {"Fn::GetAtt": [str(name), str(attribute)]} if (replacement := replace(name, attribute)) is not None:
            reference = _VARIABLE.fullmatch(replacement)
            return {"Fn::GetAtt": [*reference.groups()]} if reference else replacement
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": _substitute(text, replace)}
        case {"Fn::Sub": [str(text), dict(variables)]}:
            own = {name: _rewrite(value, replace) for name, value in variables.items()}
            return {"Fn::Sub": [_substitute(text, lambda name, at: None if name in own else replace(name, at)), own]}
        case dict():
            return {
                key: _depends_on(value, replace) if key == "DependsOn" else _rewrite(value, replace)
                for key, value in part.items()
            }
        case list():
            return [_rewrite(item, replace) for item in part]
        case _:
            return part


def _depends_on(names: Any, replace: Replace) -> list[Any]:
    return [name for name in ([names] if isinstance(names, str) else names) if replace(name, "") is None]


def _substitute(text: str, replace: Replace) -> str:
    def substitute(match: re.Match[str]) -> str:
        replacement = replace(match[1], match[2] or "")
        return match[0] if replacement is None else replacement

    return _VARIABLE.sub(substitute, text)
