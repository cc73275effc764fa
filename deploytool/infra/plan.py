"""What will be done to each stack, decided from its state and its template; and a stack as `infra status` shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from deploytool.errors import PreconditionFailed
from deploytool.infra.parameters import ParameterChange
from deploytool.infra.stacks import (
    POLICY,
    STATEFUL,
    TERMINATION,
    Action,
    Output,
    ResourceChange,
    Stack,
    StackCondition,
    StackState,
    condition_of,
    missing_protections,
    remediation,
    short_type,
)
from deploytool.infra.templates import Resource
from deploytool.release.model import Problem


class StackAction(StrEnum):
    """What is done to one stack."""

    NOTHING = "unchanged"
    CREATE = "create"
    UPDATE = "update"
    RECREATE = "recreate"
    """Its creation failed before, and it holds nothing."""


@dataclass(frozen=True)
class StackResource:
    """A resource that a stack has now."""

    logical_id: str
    type: str
    status: str
    physical_id: str = ""


@dataclass(frozen=True)
class StackPlan:
    """One stack's part of a plan."""

    stack: Stack
    how: StackAction
    status: str = ""
    """Of the stack now; empty where it does not exist."""
    changes: tuple[ResourceChange, ...] = ()
    from_template: str = ""
    """Why no change set could be made, where the changes are read from the templates alone."""
    parameters: tuple[ParameterChange, ...] = ()
    protections: tuple[str, ...] = ()
    """Those that will be set: ``termination protection``, ``stack policy``."""
    left_out: tuple[Resource, ...] = ()
    refused: bool = False
    """A problem stands against it: nothing is known of its changes, or they are not allowed."""

    @property
    def unchanged(self) -> bool:
        """Not even a protection is missing."""
        return self.how is StackAction.NOTHING and not self.protections


@dataclass(frozen=True)
class InfraPlan:
    """Everything that `infra apply` would do."""

    app: str
    environment: str
    region: str
    stacks: tuple[StackPlan, ...]
    problems: tuple[Problem, ...] = ()
    """Reasons why it is refused."""
    warnings: tuple[str, ...] = ()

    @property
    def nothing_to_do(self) -> bool:
        """Every stack is up to date."""
        return all(stack.unchanged for stack in self.stacks)


class InfraRefused(PreconditionFailed):
    """Every reason at once; nothing was changed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            super().__init__(self.problems[0].cause, self.problems[0].fix)
            return
        causes = "\n".join(f"  {problem.cause}\n    fix: {problem.fix}" for problem in self.problems)
        super().__init__(f"refused for {len(self.problems)} reasons, nothing was changed:\n{causes}")


def choose_action(stack: Stack, state: StackState | None, held: Sequence[StackResource]) -> StackAction | Problem:
    """What a stack in this state allows. ``held``: its resources, read only where its creation failed."""
    status = state.status if state else ""
    match condition_of(state):
        case StackCondition.MISSING | StackCondition.EMPTY:
            return StackAction.CREATE
        case StackCondition.OK:
            return StackAction.UPDATE
        case StackCondition.CREATE_FAILED:
            data = [resource for resource in held if resource.type in STATEFUL and resource.status != "DELETE_COMPLETE"]
            if not data:
                return StackAction.RECREATE
            names = ", ".join(f"{resource.logical_id} ({short_type(resource.type)})" for resource in data)
            return Problem(
                f"stack {stack.name} could not be created ({status}) and is not deleted, since it still holds {names}",
                remediation(status, stack.name),
            )
        case StackCondition.IN_PROGRESS:
            return Problem(
                f"stack {stack.name} is {status}: an operation is in progress",
                "wait until it has ended; `deploytool infra apply` follows it to its end",
            )
        case _:
            return Problem(
                f"stack {stack.name} is {status}: CloudFormation accepts no change", remediation(status, stack.name)
            )


def all_added(resources: Sequence[Resource]) -> tuple[ResourceChange, ...]:
    """The changes of a stack that does not exist: everything is added."""
    return tuple(ResourceChange(resource.logical_id, resource.type, Action.ADD) for resource in resources)


def template_changes(before: Sequence[StackResource], after: Sequence[Resource]) -> tuple[ResourceChange, ...]:
    """What of an update is known without CloudFormation: what is added and removed, not what changes."""
    current = {resource.logical_id: resource for resource in before if resource.status != "DELETE_COMPLETE"}
    types = {resource.logical_id: resource.type for resource in after}

    def change(resource: StackResource, action: Action) -> ResourceChange:
        return ResourceChange(resource.logical_id, resource.type, action, resource.physical_id)

    kept = [resource for name, resource in current.items() if name in types]
    return (
        *all_added([resource for resource in after if resource.logical_id not in current]),
        *(change(item, Action.REPLACE) for item in kept if item.type != types[item.logical_id]),
        *(change(item, Action.REMOVE) for name, item in current.items() if name not in types),
    )


@dataclass(frozen=True)
class StackSummary:
    """One stack, and the stack policy it has (empty where it has none)."""

    stack: Stack
    state: StackState | None
    policy: str = ""
    held: tuple[StackResource, ...] = ()
    """Its resources, read only where its creation failed."""

    @property
    def exists(self) -> bool:
        """It exists, and holds something."""
        return condition_of(self.state) not in (StackCondition.MISSING, StackCondition.EMPTY)

    @property
    def protections(self) -> tuple[str, ...]:
        """Those that it has."""
        if self.state is None:
            return ()
        missing = missing_protections(self.state.protected, self.policy)
        return tuple(name for name in (TERMINATION, POLICY) if name not in missing)

    @property
    def outputs(self) -> tuple[Output, ...]:
        """Those for people: exports are for other stacks."""
        return tuple(output for output in (self.state.outputs if self.state else ()) if not output.export)

    @property
    def advice(self) -> str:
        """How to repair it; empty where it is OK."""
        if self.state is None or condition_of(self.state) not in (StackCondition.FAILED, StackCondition.CREATE_FAILED):
            return ""
        if choose_action(self.stack, self.state, self.held) is StackAction.RECREATE:
            return "correct the cause, then run `deploytool infra apply`: it deletes and recreates the stack"
        return remediation(self.state.status, self.state.name)
