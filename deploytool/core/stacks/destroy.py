"""What of an environment is deleted, what is spared, and what stays of what is deleted."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from deploytool.core.model import Problem
from deploytool.core.stacks.change import STATEFUL
from deploytool.core.stacks.order import Stack
from deploytool.core.stacks.plan import Held
from deploytool.core.stacks.status import StackState, Standing, standing
from deploytool.core.stacks.template import Template


@dataclass(frozen=True)
class Doomed:
    """A stack that will be deleted."""

    stack: Stack
    state: StackState
    held: tuple[Held, ...] = ()
    """What it has now."""


@dataclass(frozen=True)
class Spared:
    """A stack that stays, and why."""

    stack: Stack
    why: str


@dataclass(frozen=True)
class DestroyPlan:
    """Everything that `infra destroy` would do, last stack first."""

    app: str
    environment: str
    doomed: tuple[Doomed, ...]
    spared: tuple[Spared, ...] = ()
    problems: tuple[Problem, ...] = ()


def destroy_plan(
    app: str,
    environment: str,
    stacks: Sequence[Stack],
    states: Mapping[str, StackState | None],
    *,
    include_data: bool,
    include_account: bool,
    others: Collection[str] = (),
) -> DestroyPlan:
    """``stacks`` last first. ``others``: names of stacks of the app's other environments, which use the account's."""
    there = [stack for stack in stacks if standing(states[stack.key]) is not Standing.ABSENT]
    keeps_data = not include_data and any(stack.key == "data" for stack in there)
    spared = []
    for stack in there:
        if stack.of_account and not include_account:
            spared.append(Spared(stack, "every environment of the account shares it; --include-account deletes it"))
        elif stack.key == "data" and keeps_data:
            spared.append(Spared(stack, "it holds the data; --include-data deletes it"))
        elif stack.key == "network" and keeps_data:
            spared.append(Spared(stack, "stack data is in it"))
    kept = {each.stack.key for each in spared}
    doomed = [Doomed(stack, state) for stack in there if stack.key not in kept and (state := states[stack.key])]
    problems = []
    shared = [each.stack.name for each in doomed if each.stack.of_account]
    if shared and others:
        problems.append(
            Problem(
                f"{', '.join(shared)} cannot go: there are still {', '.join(sorted(others))}",
                "destroy the other environments first, or leave out --include-account",
            )
        )
    return DestroyPlan(app, environment, tuple(doomed), tuple(spared), tuple(problems))


def of_other_environments(app: str, names: Collection[str], ours: Collection[str]) -> tuple[str, ...]:
    """Those of ``names`` that are stacks of the app in another environment."""
    pattern = re.compile(rf"{re.escape(app)}-.+-(?:network|data|platform|service)")
    return tuple(sorted(name for name in names if pattern.fullmatch(name) and name not in ours))


def becomes(held: Held, template: Template) -> str:
    """What a deletion makes of what holds data: `stays`, `leaves a snapshot`, `is LOST`; empty for anything else."""
    if held.type not in STATEFUL:
        return ""
    policy = template.deletion_policy(held.logical_id)
    if policy.startswith("Retain"):
        return "stays"
    return "leaves a snapshot" if policy == "Snapshot" else "is LOST"
