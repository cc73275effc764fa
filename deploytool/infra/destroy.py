"""Delete the stacks of an environment: what goes, what stays, and what is left of what goes."""

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
from deploytool.infra.scheduler import Ended, Process, StackRunner, StackWork, diagnose_failure, follow
from deploytool.infra.stacks import (
    MANAGED_BY,
    SHARED,
    STATEFUL,
    OperationResult,
    Stack,
    StackCondition,
    StackState,
    condition_of,
    foreign_owner,
    in_deletion_order,
    remediation,
)
from deploytool.infra.templates import Template
from deploytool.release.events import OutputLine
from deploytool.release.model import Problem


@dataclass(frozen=True)
class StackToDelete:
    """A stack that will be deleted."""

    stack: Stack
    state: StackState
    held: tuple[StackResource, ...] = ()
    """Its resources."""


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
    other_apps: Collection[str] = (),
    exposed: Collection[str] = (),
) -> DestroyPlan:
    """``stacks`` last first. ``others``: names of stacks of the app's other environments, which use the account's.

    ``other_apps``: their stacks of the account; ``exposed``: what those share with ours, and ours do not retain.
    """
    existing = {
        stack: state
        for stack in stacks
        if (state := states[stack.key]) and condition_of(state) is not StackCondition.MISSING
    }
    keeps_data = not include_data and any(stack.key == "data" for stack in existing)
    reasons = {"data": "it holds the data; --include-data deletes it", "network": "stack data is in it"}
    kept = {}
    for stack in existing:
        if stack.of_account and not include_account:
            kept[stack] = "every environment of the account shares it; --include-account deletes it"
        elif stack.key in reasons and keeps_data:
            kept[stack] = reasons[stack.key]
    to_delete = [StackToDelete(stack, state) for stack, state in existing.items() if stack not in kept]
    problems = [problem for item in to_delete if (problem := foreign_owner(item.stack, item.state, app, environment))]
    shared = [deletion.stack.name for deletion in to_delete if deletion.stack.of_account]
    if shared and others:
        problems.append(
            Problem(
                f"{', '.join(shared)} cannot be deleted, still in use by {', '.join(sorted(others))}",
                "destroy the other environments first, or leave out --include-account",
            )
        )
    if shared and other_apps and exposed:
        problems.append(
            Problem(
                f"{', '.join(shared)} cannot be deleted: {', '.join(sorted(other_apps))} would lose "
                f"{', '.join(sorted(exposed))}, which the account has once",
                "set DeletionPolicy: Retain on it in the template and apply that first, or leave out --include-account",
            )
        )
    to_keep = tuple(StackToKeep(stack, why) for stack, why in kept.items())
    return DestroyPlan(app, environment, tuple(to_delete), to_keep, tuple(problems))


def of_other_apps(names: Mapping[str, Mapping[str, str]], ours: Collection[str]) -> tuple[str, ...]:
    """Stacks of the account that deploytool made for other apps, by their tags."""
    return tuple(
        sorted(
            name
            for name, tags in names.items()
            if name not in ours
            and tags.get(MANAGED_BY[0]) == MANAGED_BY[1]
            and name in {f"{tags.get('app')}-bootstrap", f"{tags.get('app')}-account"}
        )
    )


def shared_and_not_retained(target: Target) -> tuple[str, ...]:
    """Resources of the account's stacks that an account has once, and that a deletion would take from other apps."""
    return tuple(
        f"{stack.key}.{resource.logical_id}"
        for stack in target.stacks
        if stack.of_account
        for resource in target.templates[stack.key].resources({**target.pseudo, **target.known})
        if resource.type in SHARED
        and not target.templates[stack.key].deletion_policy(resource.logical_id).startswith("Retain")
    )


def of_other_environments(app: str, names: Collection[str], ours: Collection[str]) -> tuple[str, ...]:
    """Those of ``names`` that are stacks of the app in another environment."""
    pattern = re.compile(rf"{re.escape(app)}-.+-(?:network|data|platform|service)")
    return tuple(sorted(name for name in names if pattern.fullmatch(name) and name not in ours))


def deletion_result(resource: StackResource, template: Template) -> str:
    """What a deletion does to a resource that holds data; empty for any other."""
    if resource.type not in STATEFUL:
        return ""
    policy = template.deletion_policy(resource.logical_id)
    if policy.startswith("Retain"):
        return "kept"
    return "a snapshot is kept" if policy == "Snapshot" else "will be deleted permanently"


def plan_deletion(target: Target, deps: InfraDependencies, *, include_data: bool, include_account: bool) -> DestroyPlan:
    """What would be deleted. Raises CloudError."""
    stacks = in_deletion_order(target.stacks)
    states = {stack.key: deps.stacks.describe(stack.name) for stack in stacks}
    names, ours = deps.stacks.names(), [stack.name for stack in stacks]
    plan = plan_destroy(
        target.app,
        target.environment,
        stacks,
        states,
        include_data=include_data,
        include_account=include_account,
        others=of_other_environments(
            target.app, [name for name, tags in names.items() if tags.get("app", target.app) == target.app], ours
        ),
        other_apps=of_other_apps(names, ours),
        exposed=shared_and_not_retained(target),
    )
    to_delete = tuple(replace(item, held=deps.stacks.held(item.state.id)) for item in plan.to_delete)
    return replace(plan, to_delete=to_delete)


def destroy(plan: DestroyPlan, target: Target, deps: InfraDependencies) -> InfraOutcome:
    """Delete what is planned; what is retained is listed in the outcome."""
    began = deps.clock.monotonic()
    works: dict[str, StackWork | StackResult] = {
        deletion.stack.key: StackDeletion(deletion, target, deps) for deletion in plan.to_delete
    }
    outcome = StackRunner(works, target, deps).outcome(Result.DESTROYED)
    outcome = replace(outcome, seconds=deps.clock.monotonic() - began)
    deps.emit(InfraEnded(outcome))
    return outcome


class StackDeletion:
    """The deletion of one stack."""

    def __init__(self, deletion: StackToDelete, target: Target, deps: InfraDependencies) -> None:
        self.stack: Stack = deletion.stack
        self.executed = False
        self.status = deletion.state.status
        self._deletion = deletion
        self._target = target
        self._deps = deps

    def done(self) -> Process[Ended]:
        """First turn off the protections of this stack and its resources, and of nothing else."""
        deps, state, key = self._deps, self._deletion.state, self.stack.key
        began = deps.clock.monotonic()
        deps.emit(StackBegan(key, state.name, "delete", len(self._deletion.held)))
        if state.protected:
            deps.stacks.set_termination_protection(state.id, on=False)
        for resource in self._deletion.held:
            if self._is_deleted(resource) and deps.stacks.unprotect(resource):
                deps.emit(OutputLine(key, f"turned off the deletion protection of {resource.logical_id}"))
        after = deps.stacks.last_event(state.id)
        try:
            deps.stacks.delete(state.id, f"{self._target.run_id}-{key}-delete")
        except CloudUnreachable:
            self.executed = True
            raise
        except CloudError:
            # Refused: the stack is unchanged, and protected again.
            if state.protected:
                deps.stacks.set_termination_protection(state.id, on=True)
            raise
        self.executed, self.status = True, "DELETE_IN_PROGRESS"
        events = yield from follow(key, state.id, after, deps)
        self.executed, self.status = False, last_status(events)
        seconds = deps.clock.monotonic() - began
        if ended(events) is OperationResult.SUCCEEDED:
            end = StackResult(key, state.name, StackOutcome.DELETED, seconds=seconds, retained=self._retained(events))
            return end, ()
        detail = remediation(self.status, state.name)
        return StackResult(key, state.name, StackOutcome.FAILED, self.status, seconds, detail), diagnose_failure(
            key, state.id, events, deps
        )

    def _is_deleted(self, held: StackResource) -> bool:
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
