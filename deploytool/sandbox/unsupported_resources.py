"""A CloudFormation template as MiniStack can take it: resources of types that it does not know are left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
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

_VARIABLE = re.compile(r"\$\{([A-Za-z0-9]+)(\.[A-Za-z0-9.]+)?\}")


@dataclass(frozen=True)
class OmittedResource:
    """One resource that was left out."""

    logical_id: str
    type: str


@dataclass(frozen=True)
class ReducedTemplate:
    """The template that is left, and what it lacks."""

    template: Mapping[str, Any]
    left_out: tuple[OmittedResource, ...]


def without_unsupported(template: Mapping[str, Any], lacking: frozenset[str] = UNSUPPORTED_TYPES) -> ReducedTemplate:
    """Leave out resources of types in ``lacking``; whatever names one of them gets text in its place.

    Functions are in their long form. The text says what was left out (``left-out-Nat``, ``left-out-Nat.Arn``):
    MiniStack takes any text for an id, and outputs that others import stay.
    """
    resources = template.get("Resources", {})
    gone = {name: str(each.get("Type", "")) for name, each in resources.items() if each.get("Type") in lacking}
    if not gone:
        return ReducedTemplate(template, ())
    kept = {name: each for name, each in resources.items() if name not in gone}
    whole = _repaired({**template, "Resources": kept}, frozenset(gone))
    return ReducedTemplate(whole, tuple(OmittedResource(name, kind) for name, kind in gone.items()))


def _repaired(part: Any, gone: frozenset[str]) -> Any:
    match part:
        case {"Ref": str(name)} if name in gone:
            return _text(name)
        case {"Fn::GetAtt": [str(name), str(attribute)]} if name in gone:
            return _text(name, attribute)
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": _substituted(text, gone)}
        case {"Fn::Sub": [str(text), dict(more)]}:
            return {"Fn::Sub": [_substituted(text, gone - more.keys()), _repaired(more, gone)]}
        case dict():
            return {key: _depends_on(each, gone) if key == "DependsOn" else _repaired(each, gone)
                    for key, each in part.items()}  # fmt: skip
        case list():
            return [_repaired(each, gone) for each in part]
        case _:
            return part


def _depends_on(names: Any, gone: frozenset[str]) -> list[Any]:
    return [name for name in ([names] if isinstance(names, str) else names) if name not in gone]


def _substituted(text: str, gone: frozenset[str] | set[str]) -> str:
    return _VARIABLE.sub(
        lambda found: _text(found[1], (found[2] or "").removeprefix(".")) if found[1] in gone else found[0], text
    )


def _text(name: str, attribute: str = "") -> str:
    return f"left-out-{name}" + (f".{attribute}" if attribute else "")
