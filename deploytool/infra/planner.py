"""The plan of all stacks: what is read first, a change set or a template per stack, and nothing left behind."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from deploytool.errors import CloudError
from deploytool.infra.change_set import (
    PREFIX,
    ChangeSet,
    ChangeSetRefused,
    ChangeSetRequest,
    ListedChangeSet,
    stale_change_sets,
)
from deploytool.infra.checks import template_problems
from deploytool.infra.events import StackBegan, StackEnded, StackOutcome, StackResult, ended, last_status
from deploytool.infra.failures import ValidationError, explain_text
from deploytool.infra.parameters import (
    IMAGES,
    NO_PARAMETERS,
    ParameterValues,
    kept,
    missing,
    not_allowed,
    parameter_changes,
    parameter_values,
    values_of,
)
from deploytool.infra.plan import InfraPlan, StackAction, StackPlan, all_added, choose_action, template_changes
from deploytool.infra.ports import ChangeSets, InfraDependencies, Target
from deploytool.infra.scheduler import Process, diagnose_failure, diagnose_invalid, follow_running, run_concurrently
from deploytool.infra.stacks import (
    OperationResult,
    Stack,
    StackCondition,
    StackState,
    change_refusals,
    condition_of,
    foreign_owner,
    missing_protections,
    tags_of,
    with_policies,
)
from deploytool.infra.templates import literal_names
from deploytool.release.events import Explained, WarningIssued
from deploytool.release.model import Problem
from deploytool.release.ports import Cancelled


@dataclass(frozen=True)
class ObservedStacks:
    """The stacks as they are, by key."""

    states: Mapping[str, StackState | None]
    exports: frozenset[str] = frozenset()
    images: Mapping[str, str] = field(default_factory=dict)


def inspect_stacks(target: Target, deps: InfraDependencies) -> ObservedStacks:
    """One reading of the stacks. Raises CloudError."""
    states = {stack.key: deps.stacks.describe(stack.name) for stack in target.stacks}
    exports = deps.stacks.exports()
    images = deps.images.running() if any(stack.runs_images for stack in target.stacks) else {}
    return ObservedStacks(states, exports, images)


def await_running(target: Target, deps: InfraDependencies) -> None:
    """Follow every operation in progress: of an interrupted run, or of someone else.

    Raises CloudError, Cancelled, StacksOutOfTime.
    """
    moving = {}
    for stack in target.stacks:
        state = deps.stacks.describe(stack.name)
        if state is not None and condition_of(state) is StackCondition.IN_PROGRESS:
            deps.emit(StackBegan(stack.key, stack.name, f"follow {state.status}"))
            moving[stack.key] = _await_end(stack, state, deps)
    try:
        run_concurrently(moving, deps.clock, target.timeout)
    except Cancelled:
        deps.emit(WarningIssued(f"CloudFormation continues with {', '.join(moving)}; see `deploytool infra status`"))
        raise


def delete_stale(target: Target, deps: InfraDependencies) -> None:
    """Delete change sets of interrupted runs: CloudFormation keeps a limited number. Raises CloudError."""
    listed = {stack.key: deps.change_sets.listed(stack.name) for stack in target.stacks}
    if any(listed.values()):
        now = deps.stacks.now()
        for key, change_sets in listed.items():
            for stale in stale_change_sets(change_sets, now):
                deps.change_sets.delete(stale.arn)
                deps.emit(WarningIssued(f"deleted change set {stale.name} of stack {key}, left by an interrupted run"))


def _await_end(stack: Stack, state: StackState, deps: InfraDependencies) -> Process[None]:
    began = deps.clock.monotonic()
    events = yield from follow_running(stack.key, state.id, deps)
    outcome = _OUTCOMES[ended(events) or OperationResult.FAILED]
    seconds = deps.clock.monotonic() - began
    deps.emit(StackEnded(StackResult(stack.key, stack.name, outcome, last_status(events), seconds)))
    if outcome is not StackOutcome.UPDATED:
        for diagnosis in diagnose_failure(stack.key, state.id, events, deps):
            deps.emit(Explained(diagnosis))


_OUTCOMES = {
    OperationResult.SUCCEEDED: StackOutcome.UPDATED,
    OperationResult.ROLLED_BACK: StackOutcome.ROLLED_BACK,
    OperationResult.FAILED: StackOutcome.FAILED,
}


@dataclass(frozen=True)
class StackDraft:
    """One stack's part of the plan, with its change set."""

    plan: StackPlan
    state: StackState | None = None
    given: ParameterValues = NO_PARAMETERS
    change_set: ChangeSet | None = None
    """Made and not executed; whoever has it deletes it."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class StackInput:
    """One stack, how it is to be changed, and with which parameters."""

    stack: Stack
    how: StackAction
    state: StackState | None
    given: ParameterValues
    target: Target

    @property
    def before(self) -> Mapping[str, str] | None:
        """Its parameters now; ``None`` where it will be a new stack."""
        return self.state.parameters if self.state and self.how is StackAction.UPDATE else None

    @property
    def values(self) -> Mapping[str, str]:
        """Every parameter's value that is known."""
        template = self.target.templates[self.stack.key]
        return values_of(template, self.given, self.before, self.target.pseudo)

    def plan(self, deps: InfraDependencies) -> StackPlan:
        """Its part of the plan, without the changes."""
        return StackPlan(
            self.stack,
            self.how,
            self.state.status if self.state and condition_of(self.state) is not StackCondition.MISSING else "",
            parameters=parameter_changes(self.given, self.before),
            protections=self._protections(deps),
            left_out=self.target.templates[self.stack.key].left_out,
        )

    def _protections(self, deps: InfraDependencies) -> tuple[str, ...]:
        if self.state is None or self.how is not StackAction.UPDATE:
            return missing_protections(protected=False, policy="")
        return missing_protections(protected=self.state.protected, policy=deps.stacks.policy(self.state.name))


def plan_stack(stack: Stack, observed: ObservedStacks, target: Target, deps: InfraDependencies) -> Process[StackDraft]:
    """What would be done to the stack. Raises CloudError."""
    state = observed.states[stack.key]
    if problem := foreign_owner(stack, state, target.app, target.environment):
        status = state.status if state else ""
        return StackDraft(StackPlan(stack, StackAction.NOTHING, status), state, problems=(problem,))
    held = deps.stacks.held(stack.name) if condition_of(state) is StackCondition.CREATE_FAILED else ()
    how = choose_action(stack, state, held)
    if isinstance(how, Problem):
        status = state.status if state else ""
        return StackDraft(StackPlan(stack, StackAction.NOTHING, status), state, problems=(how,))
    case = stack_input(stack, how, state, observed.images, target)
    if problems := (*_missing_values(case), *_invalid_values(case)):
        return StackDraft(replace(case.plan(deps), how=StackAction.NOTHING), state, problems=problems)
    if reason := missing_imports(case, observed.exports):
        return _from_template(case, reason, deps)
    return (yield from request_change_set(case, deps))


def stack_input(
    stack: Stack, how: StackAction, state: StackState | None, images: Mapping[str, str], target: Target
) -> StackInput:
    """With the running images, where they are this stack's, and those that were set explicitly."""
    known = {**target.known, **(images if stack.runs_images else {}), **target.images}
    before = state.parameters if state and how is StackAction.UPDATE else None
    return StackInput(stack, how, state, parameter_values(target.templates[stack.key], known, before), target)


def request_change_set(case: StackInput, deps: InfraDependencies) -> Process[StackDraft]:
    """CloudFormation's own answer: a change set, or none where the stack is up to date."""
    shown = case.plan(deps)
    unchanged = StackDraft(replace(shown, how=StackAction.NOTHING, parameters=()), case.state, case.given)
    moved = frozenset(change.name for change in shown.parameters)
    try:
        if moved and moved <= set(IMAGES) & set(case.before or ()) - case.target.images.keys():
            # Releases change the images outside CloudFormation. Where only they differ, there is nothing to do: an
            # update would roll out again what is running.
            still = yield from _create_change_set(case, kept(case.given, moved), deps, "still")
            deps.change_sets.delete(still.arn)
            if still.empty:
                return unchanged
        made = yield from _create_change_set(case, case.given, deps)
    except ChangeSetRefused as error:
        return replace(unchanged, problems=(Problem(error.cause, error.fix),))
    if not made.empty and not made.failed:
        template = case.target.templates[case.stack.key]
        changes = with_policies(made.changes, template.update_replace_policies, template.named)
        problems = change_refusals(case.stack.key, changes, case.target.allowed)
        return StackDraft(replace(shown, changes=changes), case.state, case.given, made, problems)
    # Before it is deleted: afterwards nobody can look up why CloudFormation refused it.
    problems = change_set_problems(case.stack.key, made, deps)
    deps.change_sets.delete(made.arn)
    return replace(unchanged, problems=problems)


def change_set_problems(key: str, change_set: ChangeSet, deps: InfraDependencies) -> tuple[Problem, ...]:
    """Every reason why CloudFormation could not make it; none where it could, or where it is empty.

    What early validation refused is in DescribeEvents alone; the change set itself names no resource.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
    """
    if not change_set.failed:
        return ()
    diagnoses = diagnose_invalid(key, lambda: deps.change_sets.validation_errors(change_set.arn), deps)
    if not diagnoses:
        diagnoses = (explain_text(f"the change set of stack {key}", change_set.reason),)
    return tuple(Problem(diagnosis.cause, diagnosis.fix) for diagnosis in diagnoses)


def missing_imports(case: StackInput, exports: frozenset[str]) -> str:
    """Why CloudFormation cannot make a change set of this stack yet; empty where it can."""
    if case.how is StackAction.RECREATE:
        return "the remains of its failed creation are deleted first"
    template, values = case.target.templates[case.stack.key], case.values
    if absent := sorted(template.imports(values) - exports):
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        return f"it imports {absent[0]}{more}, which no stack exports yet"
    if missing := unbuilt(case):
        return f"{' and '.join(missing)} of the commit is built first"
    return ""


def unbuilt(case: StackInput) -> list[str]:
    """Images that the stack needs, and that neither run nor are in the registry, nor does the stack have them."""
    passed, declared = case.given, case.target.templates[case.stack.key].parameters
    needed = case.target.image_names if case.stack.runs_images else ()
    return [name for name in needed if name in declared and name not in {*passed.values, *passed.previous}]


def _missing_values(case: StackInput) -> Iterator[Problem]:
    for name in missing(case.target.templates[case.stack.key], case.given):
        if name not in unbuilt(case):
            yield Problem(
                f"parameter {name} of stack {case.stack.key} has no value",
                f"set it in deploytool.yml under environments.{case.target.environment}.infra.parameters, "
                f"or pass --parameter {name}=VALUE",
            )


def _invalid_values(case: StackInput) -> Iterator[Problem]:
    template = case.target.templates[case.stack.key]
    for name, request in not_allowed(template, case.given).items():
        value = "its value" if template.parameters[name].secret else repr(case.given.values[name])
        yield Problem(f"parameter {name} of stack {case.stack.key} does not allow {value}", f"use {request}")


def _from_template(case: StackInput, reason: str, deps: InfraDependencies) -> StackDraft:
    coming = case.target.templates[case.stack.key].resources(case.values)
    is_update = case.how is StackAction.UPDATE
    changes = template_changes(deps.stacks.held(case.stack.name), coming) if is_update else all_added(coming)
    shown = replace(case.plan(deps), changes=changes, from_template=reason)
    return StackDraft(
        shown, case.state, case.given, problems=change_refusals(case.stack.key, changes, case.target.allowed)
    )


def _create_change_set(
    case: StackInput, passed: ParameterValues, deps: InfraDependencies, which: str = ""
) -> Process[ChangeSet]:
    stack, target = case.stack, case.target
    template = target.templates[stack.key]
    request = ChangeSetRequest(
        stack.name,
        "UPDATE" if case.how is StackAction.UPDATE else "CREATE",
        "-".join(part for part in (f"{PREFIX}{target.run_id}", stack.key, which) if part),
        literal_names(template, case.values).body,
        passed,
        template.capabilities,
        tags_of(stack, target.app, target.environment),
    )
    return (yield from create_change_set(request, deps))


def create_change_set(request: ChangeSetRequest, deps: InfraDependencies) -> Process[ChangeSet]:
    """The change set once CloudFormation has made it, or failed to."""
    arn = deps.change_sets.create(request)
    while not (change_set := deps.change_sets.read(arn)).ready:
        yield False
    return change_set


class OwnChangeSets:
    """Port ``ChangeSets`` that remembers what this run made and has not used: none of them outlives it."""

    def __init__(self, inner: ChangeSets) -> None:
        self._inner = inner
        self._made: dict[str, ChangeSetRequest] = {}

    def create(self, request: ChangeSetRequest) -> str:
        arn = self._inner.create(request)
        self._made[arn] = request
        return arn

    def read(self, arn: str) -> ChangeSet:
        return self._inner.read(arn)

    def validation_errors(self, arn: str) -> tuple[ValidationError, ...]:
        return self._inner.validation_errors(arn)

    def listed(self, stack_name: str) -> tuple[ListedChangeSet, ...]:
        return self._inner.listed(stack_name)

    def delete(self, arn: str) -> None:
        self._inner.delete(arn)
        self._made.pop(arn, None)

    def execute(self, change_set: ChangeSet, token: str) -> None:
        """Forgotten also where it may have begun: what may be executing is never deleted."""
        self._made.pop(change_set.arn, None)
        self._inner.execute(change_set, token)

    def clean_up(self, absent: Collection[str], deps: InfraDependencies) -> None:
        """Delete unused change sets, and the empty stacks that came with them; ``absent``: names that did not exist."""
        for arn, request in list(self._made.items()):
            try:
                self.delete(arn)
            except CloudError as error:
                deps.emit(WarningIssued(f"cannot delete change set {request.name}: {error.cause}"))
        for name in absent:
            self._remove_empty(name, deps)

    def _remove_empty(self, name: str, deps: InfraDependencies) -> None:
        try:
            state = deps.stacks.describe(name)
            if state is not None and condition_of(state) is StackCondition.EMPTY:
                deps.stacks.delete(state.id, f"tidy-{state.id.rsplit('/', 1)[-1]}")
        except CloudError as error:
            deps.emit(WarningIssued(f"cannot delete the empty stack {name}: {error.cause}"))


@dataclass(frozen=True)
class DraftedPlan:
    """Every stack's draft, in order, and the dependencies that remember their change sets."""

    drafts: Mapping[str, StackDraft]
    plan: InfraPlan
    deps: InfraDependencies


@contextmanager
def draft_plan(target: Target, deps: InfraDependencies) -> Iterator[DraftedPlan]:
    """A draft of every stack; change sets left at the end are deleted, whatever happens.

    Raises CloudError, Cancelled, StacksOutOfTime.
    """
    observed = inspect_stacks(target, deps)
    own = OwnChangeSets(deps.change_sets)
    deps = replace(deps, change_sets=own)
    drafts: dict[str, StackDraft] = {}

    def draft(stack: Stack) -> Process[None]:
        drafts[stack.key] = yield from plan_stack(stack, observed, target, deps)

    try:
        run_concurrently({stack.key: draft(stack) for stack in target.stacks}, deps.clock, target.timeout)
        in_order = {stack.key: drafts[stack.key] for stack in target.stacks}
        yield DraftedPlan(in_order, _plan(target, in_order), deps)
    finally:
        absent = [
            stack.name for stack in target.stacks if condition_of(observed.states[stack.key]) is StackCondition.MISSING
        ]
        own.clean_up(absent, deps)


def _plan(target: Target, drafts: Mapping[str, StackDraft]) -> InfraPlan:
    return InfraPlan(
        target.app,
        target.environment,
        target.region,
        tuple(replace(draft.plan, refused=bool(draft.problems)) for draft in drafts.values()),
        tuple(dict.fromkeys(problem for draft in drafts.values() for problem in draft.problems)),
        (*_warnings(target), *change_warnings(draft.plan for draft in drafts.values())),
    )


_ABRUPT = {
    "HealthPath": "the load balancer asks {after} at once, and running tasks that do not answer there are replaced: "
    "release a version that answers on both paths first",
    "ContainerPort": "tasks with the new port replace the running ones, and start only if the image listens where PORT "
    "says",
}
"""By parameter: what a change of it does to the tasks that run."""


def change_warnings(plans: Iterable[StackPlan]) -> tuple[str, ...]:
    """Changes of parameters that the running tasks notice before they are replaced."""
    return tuple(
        dict.fromkeys(
            f"{change.name} changes from {change.before} to {change.after}: "
            + _ABRUPT[change.name].format(after=change.after)
            for plan in plans
            for change in plan.parameters
            if change.name in _ABRUPT and change.before
        )
    )


def _warnings(target: Target) -> tuple[str, ...]:
    """Valid but risky settings; templates with something left out are not the real ones, and not checked."""
    if any(template.left_out for template in target.templates.values()):
        return ()
    documents = {key: template.document for key, template in target.templates.items()}
    return template_problems(documents, {**target.pseudo, **target.known, **target.images})
