"""What will be done to each stack, decided from its state and its template."""

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
    remediation,
    same_policy,
    short_type,
    stack_policy,
)
from deploytool.infra.templates import Resource
from deploytool.release.model import Problem

# SEG core.stacks.plan
# What will be done to each stack, decided from its state and its template.


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
    """Of the stack now; empty where there is none."""
    changes: tuple[ResourceChange, ...] = ()
    from_template: str = ""
    """Why CloudFormation could not be asked, where the changes are read from the templates alone."""
    parameters: tuple[ParameterChange, ...] = ()
    protections: tuple[str, ...] = ()
    """What will be protected that is not: ``termination protection``, ``stack policy``."""
    left_out: tuple[Resource, ...] = ()

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
    """Reasons why it is not done."""
    warnings: tuple[str, ...] = ()

    @property
    def nothing_to_do(self) -> bool:
        """Every stack is as its template says."""
        return all(stack.unchanged for stack in self.stacks)


class InfraRefused(PreconditionFailed):
    """Every reason at once; nothing was changed."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            super().__init__(self.problems[0].cause, self.problems[0].fix)
            return
        told = "\n".join(f"  {problem.cause}\n    fix: {problem.fix}" for problem in self.problems)
        super().__init__(f"there are {len(self.problems)} reasons against it, and nothing was changed:\n{told}")


def choose_action(stack: Stack, state: StackState | None, held: Sequence[StackResource]) -> StackAction | Problem:
    """What a stack in this state allows: ``held`` are its resources, asked for only where its creation failed."""
    match condition_of(state):
        case StackCondition.MISSING | StackCondition.EMPTY:
            return StackAction.CREATE
        case StackCondition.OK:
            return StackAction.UPDATE
        case StackCondition.CREATE_FAILED:
            data = [each for each in held if each.type in STATEFUL and each.status != "DELETE_COMPLETE"]
            status = state.status if state else ""
            if not data:
                return StackAction.RECREATE
            names = ", ".join(f"{each.logical_id} ({short_type(each.type)})" for each in data)
            return Problem(
                f"the creation of stack {stack.name} failed ({status}), and it still holds {names}: "
                "it is not deleted for that reason",
                remediation(status, stack.name),
            )
        case StackCondition.IN_PROGRESS:
            return Problem(
                f"stack {stack.name} is {state.status if state else ''}: an operation goes on",
                "wait until it is done; `deploytool infra apply` follows it to its end",
            )
        case _:
            status = state.status if state else ""
            return Problem(
                f"stack {stack.name} is {status}: CloudFormation takes no change", remediation(status, stack.name)
            )


def whole(resources: Sequence[Resource]) -> tuple[ResourceChange, ...]:
    """The changes of a stack that does not exist: everything is added."""
    return tuple(ResourceChange(each.logical_id, each.type, Action.ADD) for each in resources)


def foreseen(before: Sequence[StackResource], after: Sequence[Resource]) -> tuple[ResourceChange, ...]:
    """What can be told of an update without CloudFormation: what comes and what goes, not what changes."""
    there = {each.logical_id: each for each in before if each.status != "DELETE_COMPLETE"}
    coming = {each.logical_id: each for each in after}
    added = [each for each in after if each.logical_id not in there]
    gone = [
        ResourceChange(each.logical_id, each.type, Action.REMOVE, each.physical_id)
        for each in there.values()
        if each.logical_id not in coming
    ]
    retyped = [
        ResourceChange(each.logical_id, there[each.logical_id].type, Action.REPLACE, there[each.logical_id].physical_id)
        for each in after
        if each.logical_id in there and there[each.logical_id].type != each.type
    ]
    return (*whole(added), *retyped, *gone)


# SEG core.stacks.shown
# A stack as `infra status` shows it.


@dataclass(frozen=True)
class StackSummary:
    """One stack, and the stack policy it has (empty where it has none)."""

    stack: Stack
    state: StackState | None
    policy: str = ""

    @property
    def is_there(self) -> bool:
        """It exists, and holds something."""
        return condition_of(self.state) not in (StackCondition.MISSING, StackCondition.EMPTY)

    @property
    def protections(self) -> tuple[str, ...]:
        """Those that it has."""
        if self.state is None:
            return ()
        found = [TERMINATION] if self.state.protected else []
        return (*found, *([POLICY] if same_policy(self.policy, stack_policy()) else []))

    @property
    def telling(self) -> tuple[Output, ...]:
        """Outputs for people: what other stacks import is for those."""
        return tuple(each for each in (self.state.outputs if self.state else ()) if not each.export)

    @property
    def advice(self) -> str:
        """What to do about it, where it is not sound."""
        if self.state is None or condition_of(self.state) not in (StackCondition.FAILED, StackCondition.CREATE_FAILED):
            return ""
        return remediation(self.state.status, self.state.name)
