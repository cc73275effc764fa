"""What was changed beside CloudFormation, for people and for scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from deploytool.core.stacks.change import short_type
from deploytool.core.stacks.drift import Drifted, StackDrift
from deploytool.report.wording import clean

LONGEST = 60
"""Characters of a value."""


def drift_text(environment: str, stacks: Sequence[StackDrift]) -> str:
    """Each stack, each resource that differs, each property."""
    if not stacks:
        return f"no stack of {environment} is there"
    return "\n".join(line for stack in stacks for line in _stack(stack))


def drift_document(environment: str, stacks: Sequence[StackDrift]) -> dict[str, Any]:
    """``deploytool infra drift --output json``."""
    return {
        "schema": 1,
        "kind": "infra-drift",
        "environment": environment,
        "drifted": any(stack.drifted for stack in stacks),
        "stacks": [
            {
                "key": stack.key,
                "name": stack.name,
                "drifted": stack.drifted,
                "failed": stack.failed,
                "resources": [_resource(each) for each in stack.resources],
            }
            for stack in stacks
        ],
    }


def _stack(stack: StackDrift) -> Iterator[str]:
    if stack.failed and not stack.resources:
        yield f"{stack.key}: cannot tell: {clean(stack.failed)}"
        return
    yield f"{stack.key}: {'DRIFTED' if stack.drifted else 'as its template says'}"
    if stack.failed:
        yield f"  {clean(stack.failed)}"
    for each in stack.resources:
        by_design = " (by design: releases and autoscaling change it)" if each.by_design else ""
        yield f"  {each.logical_id} ({short_type(each.type)}) {each.status.lower()}{by_design}"
        for difference in each.differences:
            yield f"    {difference.path}: {_value(difference.expected)} is now {_value(difference.actual)}"


def _value(text: str) -> str:
    shown = clean(text) or "(nothing)"
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def _resource(each: Drifted) -> dict[str, Any]:
    return {
        "logical_id": each.logical_id,
        "type": each.type,
        "physical_id": each.physical_id,
        "status": each.status,
        "by_design": each.by_design,
        "differences": [
            {"path": item.path, "expected": item.expected, "actual": item.actual} for item in each.differences
        ],
    }
