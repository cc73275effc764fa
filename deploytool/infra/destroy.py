"""What of an environment is deleted, what is spared, and what stays of what is deleted."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from deploytool.errors import CloudError, CloudUnreachable
from deploytool.infra.events import (
    InfraEnded,
    InfraOutcome,
    Result,
    StackBegan,
    StackEvent,
    StackOutcome,
    StackResult,
    ended,
    last_status,
)
from deploytool.infra.plan import StackResource
from deploytool.infra.ports import InfraDependencies, Target
from deploytool.infra.scheduler import Ended, Process, StackRunner, StackWork, follow, why
from deploytool.infra.stacks import (
    STATEFUL,
    OperationResult,
    Stack,
    StackCondition,
    StackState,
    backwards,
    condition_of,
    remediation,
)
from deploytool.infra.templates import Template
from deploytool.release.events import OutputLine
from deploytool.release.model import Problem

# SEG core.stacks.destroy
# What of an environment is deleted, what is spared, and what stays of what is deleted.


@dataclass(frozen=True)
class StackToDelete:
    """A stack that will be deleted."""

    stack: Stack
    state: StackState
    held: tuple[StackResource, ...] = ()
    """What it has now."""


@dataclass(frozen=True)
class StackToKeep:
    """A stack that stays, and why."""

    stack: Stack
    why: str


@dataclass(frozen=True)
class DestroyPlan:
    """Everything that `infra destroy` would do, last stack first."""

    app: str
    environment: str
    to_delete: tuple[StackToDelete, ...]
    to_keep: tuple[StackToKeep, ...] = ()
    problems: tuple[Problem, ...] = ()


def plan_destroy(
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
    there = [stack for stack in stacks if condition_of(states[stack.key]) is not StackCondition.MISSING]
    keeps_data = not include_data and any(stack.key == "data" for stack in there)
    spared = []
    for stack in there:
        if stack.of_account and not include_account:
            spared.append(
                StackToKeep(stack, "every environment of the account shares it; --include-account deletes it")
            )
        elif stack.key == "data" and keeps_data:
            spared.append(StackToKeep(stack, "it holds the data; --include-data deletes it"))
        elif stack.key == "network" and keeps_data:
            spared.append(StackToKeep(stack, "stack data is in it"))
    kept = {each.stack.key for each in spared}
    doomed = [StackToDelete(stack, state) for stack in there if stack.key not in kept and (state := states[stack.key])]
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


def becomes(held: StackResource, template: Template) -> str:
    """What a deletion makes of what holds data: `stays`, `leaves a snapshot`, `is LOST`; empty for anything else."""
    if held.type not in STATEFUL:
        return ""
    policy = template.deletion_policy(held.logical_id)
    if policy.startswith("Retain"):
        return "stays"
    return "leaves a snapshot" if policy == "Snapshot" else "is LOST"


# SEG run.stacks.destroy
# Delete the stacks of an environment, last first.


def plan_deletion(target: Target, deps: InfraDependencies, *, include_data: bool, include_account: bool) -> DestroyPlan:
    """What would be deleted. Raises CloudError."""
    stacks = backwards(target.stacks)
    states = {stack.key: deps.stacks.describe(stack.name) for stack in stacks}
    others = of_other_environments(target.app, deps.stacks.names(), [stack.name for stack in stacks])
    plan = plan_destroy(
        target.app,
        target.environment,
        stacks,
        states,
        include_data=include_data,
        include_account=include_account,
        others=others,
    )
    filled = tuple(replace(each, held=deps.stacks.held(each.state.id)) for each in plan.to_delete)
    return replace(plan, to_delete=filled)


def destroy(plan: DestroyPlan, target: Target, deps: InfraDependencies) -> InfraOutcome:
    """Delete what is doomed; what retains itself is listed in the outcome."""
    began = deps.clock.monotonic()
    works: dict[str, StackWork | StackResult] = {
        each.stack.key: StackDeletion(each, target, deps) for each in plan.to_delete
    }
    outcome = StackRunner(works, target, deps).outcome(Result.DESTROYED)
    outcome = replace(outcome, seconds=deps.clock.monotonic() - began)
    deps.emit(InfraEnded(outcome))
    return outcome


class StackDeletion:
    """One stack's."""

    def __init__(self, doomed: StackToDelete, target: Target, deps: InfraDependencies) -> None:
        self.stack: Stack = doomed.stack
        self.executed = False
        self.status = doomed.state.status
        self._doomed = doomed
        self._target = target
        self._world = deps

    def done(self) -> Process[Ended]:
        """Its protections go first: those of this stack and of what is in it, and of nothing else."""
        deps, state, key = self._world, self._doomed.state, self.stack.key
        began = deps.clock.monotonic()
        deps.emit(StackBegan(key, state.name, "delete", len(self._doomed.held)))
        if state.protected:
            deps.stacks.set_termination_protection(state.id, on=False)
        for each in self._doomed.held:
            if self._goes(each) and deps.stacks.unprotect(each):
                deps.emit(OutputLine(key, f"turned off the deletion protection of {each.logical_id}"))
        after = deps.stacks.last_event(state.id)
        try:
            deps.stacks.delete(state.id, f"{self._target.run_id}-{key}-delete")
        except CloudUnreachable:
            self.executed = True
            raise
        except CloudError:
            # Refused: it stays as it was, protection included.
            if state.protected:
                deps.stacks.set_termination_protection(state.id, on=True)
            raise
        self.executed, self.status = True, "DELETE_IN_PROGRESS"
        events = yield from follow(key, state.id, after, deps)
        self.executed, self.status = False, last_status(events)
        seconds = deps.clock.monotonic() - began
        if ended(events) is OperationResult.SUCCEEDED:
            end = StackResult(key, state.name, StackOutcome.DELETED, seconds=seconds, retained=self._retained(events))
            return end, None
        detail = remediation(self.status, state.name)
        return StackResult(key, state.name, StackOutcome.FAILED, self.status, seconds, detail), why(
            key, state.id, events, deps
        )

    def _goes(self, held: StackResource) -> bool:
        policy = self._target.templates[self.stack.key].deletion_policy(held.logical_id)
        return not policy.startswith("Retain") and not held.status.startswith("DELETE")

    def _retained(self, events: tuple[StackEvent, ...]) -> tuple[StackResource, ...]:
        """What CloudFormation skipped, and what left a snapshot."""
        template = self._target.templates[self.stack.key]
        return tuple(
            StackResource(event.logical_id, event.type, "kept" if skipped else "snapshot", event.physical_id)
            for event in events
            if (skipped := event.status == "DELETE_SKIPPED")
            or (event.status == "DELETE_COMPLETE" and template.deletion_policy(event.logical_id) == "Snapshot")
        )
