"""What a role of the bootstrap template may do, as IAM would judge it: enough of IAM for the policies we write.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from deploytool.infra.checks.model import TemplateSet
from deploytool.infra.intrinsics import listed

_TAG = re.compile(r"\$\{aws:PrincipalTag/(\w+)\}")


@dataclass(frozen=True)
class Statement:
    """One statement that allows something; principal tags are filled in."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Permissions:
    """All that a role is allowed; nothing is denied in these templates."""

    statements: tuple[Statement, ...]

    @property
    def actions(self) -> frozenset[str]:
        """Every action that is allowed on something."""
        return frozenset(action for statement in self.statements for action in statement.actions)

    def allow(self, action: str, resource: str, **context: str) -> bool:
        """Whether a request is allowed. ``context``: condition keys, their ``:`` and ``/`` written as ``_``."""
        return any(
            action in statement.actions
            and any(fnmatchcase(resource, pattern) for pattern in statement.resources)
            and all(_holds(*test, context) for test in _tests(statement.condition))
            for statement in self.statements
        )


def permissions(cloud: TemplateSet, role: str) -> Permissions:
    """Those of a role of the bootstrap stack, by logical id: managed policies of the same template, and its own."""
    holder = cloud.get("bootstrap", role)
    assert holder is not None, f"there is no {role} in the bootstrap template"
    tags = {tag["Key"]: tag["Value"] for tag in holder.properties.get("Tags", [])}
    managed = cloud.targets("bootstrap", holder.properties.get("ManagedPolicyArns", []))
    documents = [policy.properties["PolicyDocument"] for policy in managed]
    documents += [policy["PolicyDocument"] for policy in holder.properties.get("Policies", [])]
    return Permissions(
        tuple(_statement(item, tags, cloud) for document in documents for item in listed(document["Statement"]))
    )


def _statement(written: Mapping[str, Any], tags: Mapping[str, str], cloud: TemplateSet) -> Statement:
    assert written["Effect"] == "Allow", "this evaluates policies that only allow"
    return Statement(
        written.get("Sid", ""),
        tuple(listed(written["Action"])),
        tuple(_filled(_arn(item, cloud), tags) for item in listed(written["Resource"])),
        _filled(written.get("Condition", {}), tags),
    )


def _arn(value: Any, cloud: TemplateSet) -> str:
    if isinstance(value, str):
        return value
    result = cloud.target("bootstrap", value)
    assert result is not None
    assert result.type == "AWS::ECR::Repository", f"the ARN of {result.name} is not known here"
    return f"arn:aws:ecr:us-east-1:123456789012:repository/{result.properties['RepositoryName']}"


def _filled(value: Any, tags: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _TAG.sub(lambda found: tags[found[1]], value)
    if isinstance(value, Mapping):
        return {key: _filled(item, tags) for key, item in value.items()}
    return [_filled(item, tags) for item in value]


def _tests(condition: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, list[str]]]:
    for operator, keys in condition.items():
        for key, value in keys.items():
            yield operator, key, listed(value)


def _holds(operator: str, key: str, wanted: list[str], context: Mapping[str, str]) -> bool:
    value = context.get(re.sub(r"[:/]", "_", key))
    if value is None:
        # ForAllValues holds where a request has no such key; any other operator does not.
        return operator.startswith("ForAllValues:")
    if operator.removeprefix("ForAllValues:") in ("StringEquals", "ArnEquals"):
        return value in wanted
    assert operator.removeprefix("ForAllValues:") == "StringLike", f"{operator} is not known here"
    return any(fnmatchcase(value, pattern) for pattern in wanted)
