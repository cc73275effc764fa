"""One stack's part of a plan: its change set, or its template where CloudFormation cannot be asked yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from deploytool.core.model import Problem
from deploytool.core.stacks.change import refusals, with_policies
from deploytool.core.stacks.change_set import ChangeSet, ChangeSetRefused, Wish
from deploytool.core.stacks.explain import explain_text
from deploytool.core.stacks.left_over import PREFIX
from deploytool.core.stacks.order import Stack
from deploytool.core.stacks.parameters import (
    IMAGES,
    NOTHING_GIVEN,
    Given,
    given,
    kept,
    missing,
    not_allowed,
    parameter_changes,
    values_of,
)
from deploytool.core.stacks.plan import How, StackPlan, course, foreseen, whole
from deploytool.core.stacks.protection import lacking
from deploytool.core.stacks.spelled_out import spelled_out
from deploytool.core.stacks.status import StackState, Standing, standing
from deploytool.core.stacks.tags import tags_of
from deploytool.run.stacks.look import Look
from deploytool.run.stacks.ports import Target, World
from deploytool.run.stacks.turns import Turns


@dataclass(frozen=True)
class Draft:
    """What is known of one stack before it is changed."""

    plan: StackPlan
    state: StackState | None = None
    given: Given = NOTHING_GIVEN
    change_set: ChangeSet | None = None
    """Made and not executed; whoever has it deletes it."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Case:
    """One stack, how it is to be changed, and with which parameters."""

    stack: Stack
    how: How
    state: StackState | None
    given: Given
    target: Target

    @property
    def before(self) -> Mapping[str, str] | None:
        """Its parameters now; ``None`` where it will be a new stack."""
        return self.state.parameters if self.state and self.how is How.UPDATE else None

    @property
    def values(self) -> Mapping[str, str]:
        """Every parameter's value, as far as it is known."""
        template = self.target.templates[self.stack.key]
        return values_of(template, self.given, self.before, self.target.pseudo)

    def plan(self, world: World) -> StackPlan:
        """Its part of the plan, but for the changes."""
        return StackPlan(
            self.stack,
            self.how,
            self.state.status if self.state and standing(self.state) is not Standing.ABSENT else "",
            parameters=parameter_changes(self.given, self.before),
            protections=self._protections(world),
            left_out=self.target.templates[self.stack.key].left_out,
        )

    def _protections(self, world: World) -> tuple[str, ...]:
        if self.state is None or self.how is not How.UPDATE:
            return lacking(protected=False, policy="")
        return lacking(protected=self.state.protected, policy=world.stacks.policy(self.state.name))


def draft(stack: Stack, look: Look, target: Target, world: World) -> Turns[Draft]:
    """What would be done to the stack. Raises CloudError."""
    state = look.states[stack.key]
    held = world.stacks.held(stack.name) if standing(state) is Standing.NEVER_MADE else ()
    how = course(stack, state, held)
    if isinstance(how, Problem):
        status = state.status if state else ""
        return Draft(StackPlan(stack, How.NOTHING, status), state, problems=(how,))
    case = case_of(stack, how, state, look.images, target)
    if wrong := (*_without_value(case), *_of_wrong_value(case)):
        return Draft(replace(case.plan(world), how=How.NOTHING), state, problems=wrong)
    if why := not_yet(case, look.exports):
        return _from_template(case, why, world)
    return (yield from asked(case, world))


def case_of(stack: Stack, how: How, state: StackState | None, images: Mapping[str, str], target: Target) -> Case:
    """With the images that run, where they are this stack's, and those that were named outright."""
    known = {**target.known, **(images if stack.runs_images else {}), **target.images}
    before = state.parameters if state and how is How.UPDATE else None
    return Case(stack, how, state, given(target.templates[stack.key], known, before), target)


def asked(case: Case, world: World) -> Turns[Draft]:
    """CloudFormation's own answer: a change set, or none where the stack is as its template says."""
    shown = case.plan(world)
    unchanged = Draft(replace(shown, how=How.NOTHING, parameters=()), case.state, case.given)
    moved = frozenset(each.name for each in shown.parameters)
    try:
        if moved and moved <= set(IMAGES) & set(case.before or ()) - case.target.images.keys():
            # Releases move the images, and CloudFormation does not know. Where they are all that differs, there is
            # nothing to do: doing it would roll out once more what runs already.
            still = yield from _made(case, kept(case.given, moved), world, "still")
            world.change_sets.delete(still.arn)
            if still.empty:
                return unchanged
        made = yield from _made(case, case.given, world)
    except ChangeSetRefused as error:
        return replace(unchanged, problems=(Problem(error.cause, error.fix),))
    if not made.empty and not made.failed:
        changes = with_policies(made.changes, case.target.templates[case.stack.key].update_replace_policies)
        problems = refusals(case.stack.key, changes, case.target.allowed)
        return Draft(replace(shown, changes=changes), case.state, case.given, made, problems)
    world.change_sets.delete(made.arn)
    if made.empty:
        return unchanged
    told = explain_text(f"the change set of stack {case.stack.name}", made.reason)
    return replace(unchanged, problems=(Problem(told.cause, told.fix),))


def not_yet(case: Case, exports: frozenset[str]) -> str:
    """Why CloudFormation cannot be asked for this stack now; empty where it can."""
    if case.how is How.RECREATE:
        return "what is left of its failed creation is deleted first"
    template, values = case.target.templates[case.stack.key], case.values
    if absent := sorted(template.imports(values) - exports):
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        return f"it imports {absent[0]}{more}, which no stack exports yet"
    if missing := unbuilt(case):
        return f"{' and '.join(missing)} of the commit will be built first"
    return ""


def unbuilt(case: Case) -> list[str]:
    """Images that the stack needs, and that neither run nor are in the registry, nor does the stack have them."""
    passed, declared = case.given, case.target.templates[case.stack.key].parameters
    needed = case.target.image_names if case.stack.runs_images else ()
    return [name for name in needed if name in declared and name not in {*passed.values, *passed.previous}]


def _without_value(case: Case) -> Iterator[Problem]:
    for name in missing(case.target.templates[case.stack.key], case.given):
        if name not in unbuilt(case):
            yield Problem(
                f"the parameter {name} of stack {case.stack.key} has no value",
                f"write it in deploytool.yml under environments.{case.target.environment}.infra.parameters, "
                f"or pass --parameter {name}=VALUE",
            )


def _of_wrong_value(case: Case) -> Iterator[Problem]:
    template = case.target.templates[case.stack.key]
    for name, wish in not_allowed(template, case.given).items():
        value = "" if template.parameters[name].secret else f" {case.given.values[name]!r}"
        yield Problem(
            f"the parameter {name} of stack {case.stack.key} does not allow{value or ' what it is given'}",
            f"give it {wish}",
        )


def _from_template(case: Case, why: str, world: World) -> Draft:
    coming = case.target.templates[case.stack.key].resources(case.values)
    is_update = case.how is How.UPDATE
    changes = foreseen(world.stacks.held(case.stack.name), coming) if is_update else whole(coming)
    shown = replace(case.plan(world), changes=changes, from_template=why)
    return Draft(shown, case.state, case.given, problems=refusals(case.stack.key, changes, case.target.allowed))


def _made(case: Case, passed: Given, world: World, which: str = "") -> Turns[ChangeSet]:
    stack, target = case.stack, case.target
    template = target.templates[stack.key]
    wish = Wish(
        stack.name,
        "UPDATE" if case.how is How.UPDATE else "CREATE",
        "-".join(part for part in (f"{PREFIX}{target.run_id}", stack.key, which) if part),
        spelled_out(template, case.values).body,
        passed,
        template.capabilities,
        tags_of(stack, target.app, target.environment),
    )
    arn = world.change_sets.create(wish)
    while not (found := world.change_sets.read(arn)).ready:
        yield False
    return found
