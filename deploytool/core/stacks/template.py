"""What is read of a template before CloudFormation gets it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploytool.core.stacks.intrinsics import Values, holds, resolved

MOST_BYTES = 51_200
"""Largest TemplateBody that CreateChangeSet takes."""

_NAMED_IAM = {
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
}


@dataclass(frozen=True)
class Parameter:
    """One parameter that a template declares."""

    name: str
    default: str | None = None
    secret: bool = False
    """NoEcho: its value is never shown."""
    allowed: tuple[str, ...] = ()
    """AllowedValues; empty where any will do."""
    pattern: str = ""
    """AllowedPattern, of the whole value, of a list's every item."""
    is_list: bool = False


@dataclass(frozen=True)
class Resource:
    """One resource of a template, under given parameters."""

    logical_id: str
    type: str


@dataclass(frozen=True)
class Template:
    """A template as a mapping, intrinsic functions in their long form (``{"Ref": …}``, ``{"Fn::Sub": …}``)."""

    key: str
    body: str = field(repr=False)
    """The text that CloudFormation gets."""
    document: Mapping[str, Any] = field(repr=False)
    left_out: tuple[Resource, ...] = ()
    """What was taken out of it, since the cloud it goes to has no such types."""

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """By name."""
        declared = self.document.get("Parameters") or {}
        return {name: _parameter(name, each) for name, each in declared.items()}

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What must be acknowledged for CloudFormation to take it: roles, and roles with names of their own."""
        resources = (self.document.get("Resources") or {}).values()
        iam = [each for each in resources if str(each.get("Type", "")).startswith("AWS::IAM::")]
        named = any(_NAMED_IAM.get(each["Type"], "") in (each.get("Properties") or {}) for each in iam)
        needed = ["CAPABILITY_NAMED_IAM"] if named else ["CAPABILITY_IAM"] if iam else []
        return (*needed, *(["CAPABILITY_AUTO_EXPAND"] if self.document.get("Transform") else []))

    def deletion_policy(self, logical_id: str) -> str:
        """What becomes of a resource that leaves the stack; `Delete` where nothing is said, as with most types."""
        resource = (self.document.get("Resources") or {}).get(logical_id) or {}
        return str(resource.get("DeletionPolicy", "Delete"))

    @property
    def update_replace_policies(self) -> Mapping[str, str]:
        """What becomes of a resource that is replaced, by logical id, where the template says."""
        found = (self.document.get("Resources") or {}).items()
        return {name: str(each["UpdateReplacePolicy"]) for name, each in found if "UpdateReplacePolicy" in each}

    def resources(self, values: Values) -> tuple[Resource, ...]:
        """Those whose condition holds, or cannot be told beforehand."""
        conditions = self.document.get("Conditions") or {}
        return tuple(
            Resource(name, str(each.get("Type", "")))
            for name, each in (self.document.get("Resources") or {}).items()
            if holds(each.get("Condition"), conditions, values) is not False
        )

    def imports(self, values: Values) -> frozenset[str]:
        """Names of the exports of other stacks that it needs, as far as they can be told beforehand."""
        conditions = self.document.get("Conditions") or {}
        parts = [*(self.document.get("Resources") or {}).values(), *(self.document.get("Outputs") or {}).values()]
        live = [part for part in parts if holds(part.get("Condition"), conditions, values) is not False]
        names = (resolved(each, values) for part in live for each in _imported(part, conditions, values))
        return frozenset(name for name in names if name is not None)


def _parameter(name: str, declared: Mapping[str, Any]) -> Parameter:
    default = declared.get("Default")
    return Parameter(
        name,
        None if default is None else parameter_text(default),
        secret=str(declared.get("NoEcho", "")).lower() == "true",
        allowed=tuple(parameter_text(each) for each in declared.get("AllowedValues", ())),
        pattern=str(declared.get("AllowedPattern", "")),
        is_list="List" in str(declared.get("Type", "")),
    )


def as_json(document: Mapping[str, Any]) -> str:
    """A template without comments and spaces; CloudFormation takes JSON as well as YAML."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def parameter_text(value: Any) -> str:
    """A value as CloudFormation takes one: text; a list joined by commas."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(parameter_text, value)) if isinstance(value, list | tuple) else str(value)


def _imported(part: Any, conditions: Mapping[str, Any], values: Values) -> Iterator[Any]:
    if isinstance(part, Mapping):
        if "Fn::ImportValue" in part:
            yield part["Fn::ImportValue"]
        elif "Fn::If" in part:
            name, yes, no = part["Fn::If"]
            chosen = holds(name, conditions, values)
            yield from _imported([each for each, when in ((yes, True), (no, False)) if chosen in (when, None)],
                                 conditions, values)  # fmt: skip
        else:
            yield from _imported(list(part.values()), conditions, values)
    elif isinstance(part, list):
        for each in part:
            yield from _imported(each, conditions, values)
