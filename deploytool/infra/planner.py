"""Everything that is looked up of the stacks before deciding; what goes on in them is followed to its end first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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
from deploytool.infra.failures import explain_text
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
from deploytool.infra.plan import InfraPlan, StackAction, StackPlan, choose_action, foreseen, whole
from deploytool.infra.ports import ChangeSets, InfraDependencies, Target
from deploytool.infra.scheduler import Process, follow_running, run_concurrently, why
from deploytool.infra.stacks import (
    OperationResult,
    Stack,
    StackCondition,
    StackState,
    change_refusals,
    condition_of,
    missing_protections,
    tags_of,
    with_policies,
)
from deploytool.infra.templates import literal_names
from deploytool.release.events import Explained, WarningIssued
from deploytool.release.model import Problem
from deploytool.release.ports import Cancelled

# SEG run.stacks.look
# Everything that is looked up of the stacks before deciding; what goes on in them is followed to its end first.


@dataclass(frozen=True)
class ObservedStacks:
    """What was found, by key of the stack."""

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
    """Follow every operation that goes on already: of a run that was killed, or of somebody else.

    Raises CloudError, Cancelled, StacksOutOfTime.
    """
    moving = {}
    for stack in target.stacks:
        state = deps.stacks.describe(stack.name)
        if state is not None and condition_of(state) is StackCondition.IN_PROGRESS:
            deps.emit(StackBegan(stack.key, stack.name, f"follow {state.status}"))
            moving[stack.key] = _awaited(stack, state, deps)
    try:
        run_concurrently(moving, deps.clock, target.timeout)
    except Cancelled:
        deps.emit(
            WarningIssued(
                f"CloudFormation goes on with {', '.join(moving)}; `deploytool infra status` shows where it is"
            )
        )
        raise


def delete_stale(target: Target, deps: InfraDependencies) -> None:
    """Delete change sets that a killed run left: CloudFormation keeps a limited number. Raises CloudError."""
    listed = {stack.key: deps.change_sets.listed(stack.name) for stack in target.stacks}
    if any(listed.values()):
        now = deps.stacks.now()
        for key, some in listed.items():
            for each in stale_change_sets(some, now):
                deps.change_sets.delete(each.arn)
                deps.emit(WarningIssued(f"deleted change set {each.name} of stack {key}, which a killed run left"))


def _awaited(stack: Stack, state: StackState, deps: InfraDependencies) -> Process[None]:
    began = deps.clock.monotonic()
    events = yield from follow_running(stack.key, state.id, deps)
    succeeded = ended(events) is OperationResult.SUCCEEDED
    fate = _FATES[ended(events) or OperationResult.FAILED]
    status = last_status(events)
    deps.emit(StackEnded(StackResult(stack.key, stack.name, fate, status, deps.clock.monotonic() - began)))
    if not succeeded and (told := why(stack.key, state.id, events, deps)):
        deps.emit(Explained(told))


_FATES = {
    OperationResult.SUCCEEDED: StackOutcome.UPDATED,
    OperationResult.ROLLED_BACK: StackOutcome.ROLLED_BACK,
    OperationResult.FAILED: StackOutcome.FAILED,
}


# SEG run.stacks.draft
# One stack's part of a plan: its change set, or its template where CloudFormation cannot be asked yet.


@dataclass(frozen=True)
class StackDraft:
    """What is known of one stack before it is changed."""

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
        """Every parameter's value, as far as it is known."""
        template = self.target.templates[self.stack.key]
        return values_of(template, self.given, self.before, self.target.pseudo)

    def plan(self, deps: InfraDependencies) -> StackPlan:
        """Its part of the plan, but for the changes."""
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


def plan_stack(stack: Stack, look: ObservedStacks, target: Target, deps: InfraDependencies) -> Process[StackDraft]:
    """What would be done to the stack. Raises CloudError."""
    state = look.states[stack.key]
    held = deps.stacks.held(stack.name) if condition_of(state) is StackCondition.CREATE_FAILED else ()
    how = choose_action(stack, state, held)
    if isinstance(how, Problem):
        status = state.status if state else ""
        return StackDraft(StackPlan(stack, StackAction.NOTHING, status), state, problems=(how,))
    case = stack_input(stack, how, state, look.images, target)
    if wrong := (*_without_value(case), *_of_wrong_value(case)):
        return StackDraft(replace(case.plan(deps), how=StackAction.NOTHING), state, problems=wrong)
    if why := missing_imports(case, look.exports):
        return _from_template(case, why, deps)
    return (yield from request_change_set(case, deps))


def stack_input(
    stack: Stack, how: StackAction, state: StackState | None, images: Mapping[str, str], target: Target
) -> StackInput:
    """With the images that run, where they are this stack's, and those that were named outright."""
    known = {**target.known, **(images if stack.runs_images else {}), **target.images}
    before = state.parameters if state and how is StackAction.UPDATE else None
    return StackInput(stack, how, state, parameter_values(target.templates[stack.key], known, before), target)


def request_change_set(case: StackInput, deps: InfraDependencies) -> Process[StackDraft]:
    """CloudFormation's own answer: a change set, or none where the stack is as its template says."""
    shown = case.plan(deps)
    unchanged = StackDraft(replace(shown, how=StackAction.NOTHING, parameters=()), case.state, case.given)
    moved = frozenset(each.name for each in shown.parameters)
    try:
        if moved and moved <= set(IMAGES) & set(case.before or ()) - case.target.images.keys():
            # Releases move the images, and CloudFormation does not know. Where they are all that differs, there is
            # nothing to do: doing it would roll out once more what runs already.
            still = yield from _create_change_set(case, kept(case.given, moved), deps, "still")
            deps.change_sets.delete(still.arn)
            if still.empty:
                return unchanged
        made = yield from _create_change_set(case, case.given, deps)
    except ChangeSetRefused as error:
        return replace(unchanged, problems=(Problem(error.cause, error.fix),))
    if not made.empty and not made.failed:
        changes = with_policies(made.changes, case.target.templates[case.stack.key].update_replace_policies)
        problems = change_refusals(case.stack.key, changes, case.target.allowed)
        return StackDraft(replace(shown, changes=changes), case.state, case.given, made, problems)
    deps.change_sets.delete(made.arn)
    if made.empty:
        return unchanged
    told = explain_text(f"the change set of stack {case.stack.name}", made.reason)
    return replace(unchanged, problems=(Problem(told.cause, told.fix),))


def missing_imports(case: StackInput, exports: frozenset[str]) -> str:
    """Why CloudFormation cannot be asked for this stack now; empty where it can."""
    if case.how is StackAction.RECREATE:
        return "what is left of its failed creation is deleted first"
    template, values = case.target.templates[case.stack.key], case.values
    if absent := sorted(template.imports(values) - exports):
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        return f"it imports {absent[0]}{more}, which no stack exports yet"
    if missing := unbuilt(case):
        return f"{' and '.join(missing)} of the commit will be built first"
    return ""


def unbuilt(case: StackInput) -> list[str]:
    """Images that the stack needs, and that neither run nor are in the registry, nor does the stack have them."""
    passed, declared = case.given, case.target.templates[case.stack.key].parameters
    needed = case.target.image_names if case.stack.runs_images else ()
    return [name for name in needed if name in declared and name not in {*passed.values, *passed.previous}]


def _without_value(case: StackInput) -> Iterator[Problem]:
    for name in missing(case.target.templates[case.stack.key], case.given):
        if name not in unbuilt(case):
            yield Problem(
                f"the parameter {name} of stack {case.stack.key} has no value",
                f"write it in deploytool.yml under environments.{case.target.environment}.infra.parameters, "
                f"or pass --parameter {name}=VALUE",
            )


def _of_wrong_value(case: StackInput) -> Iterator[Problem]:
    template = case.target.templates[case.stack.key]
    for name, request in not_allowed(template, case.given).items():
        value = "" if template.parameters[name].secret else f" {case.given.values[name]!r}"
        yield Problem(
            f"the parameter {name} of stack {case.stack.key} does not allow{value or ' what it is given'}",
            f"give it {request}",
        )


def _from_template(case: StackInput, why: str, deps: InfraDependencies) -> StackDraft:
    coming = case.target.templates[case.stack.key].resources(case.values)
    is_update = case.how is StackAction.UPDATE
    changes = foreseen(deps.stacks.held(case.stack.name), coming) if is_update else whole(coming)
    shown = replace(case.plan(deps), changes=changes, from_template=why)
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
    arn = deps.change_sets.create(request)
    while not (found := deps.change_sets.read(arn)).ready:
        yield False
    return found


# SEG run.stacks.own_change_sets
# The change sets that this run made and has not used up: none of them outlives it.


class OwnChangeSets:
    """Port ``ChangeSets``, which remembers what was made."""

    def __init__(self, inner: ChangeSets) -> None:
        self._inner = inner
        self._made: dict[str, ChangeSetRequest] = {}

    def create(self, request: ChangeSetRequest) -> str:
        """Remembered until it is executed or deleted."""
        arn = self._inner.create(request)
        self._made[arn] = request
        return arn

    def read(self, arn: str) -> ChangeSet:
        """As the inner one."""
        return self._inner.read(arn)

    def listed(self, stack_name: str) -> tuple[ListedChangeSet, ...]:
        """As the inner one."""
        return self._inner.listed(stack_name)

    def delete(self, arn: str) -> None:
        """Forgotten."""
        self._inner.delete(arn)
        self._made.pop(arn, None)

    def execute(self, change_set: ChangeSet, token: str) -> None:
        """Forgotten also where nobody knows whether it began: what may be executed is never deleted."""
        self._made.pop(change_set.arn, None)
        self._inner.execute(change_set, token)

    def tidy(self, absent: Collection[str], deps: InfraDependencies) -> None:
        """Delete what is left, and the empty stacks that came into being with it; ``absent``: names there were not."""
        for arn, request in list(self._made.items()):
            try:
                self.delete(arn)
            except CloudError as error:
                deps.emit(WarningIssued(f"change set {request.name} could not be deleted: {error.cause}"))
        for name in absent:
            self._remove_empty(name, deps)

    def _remove_empty(self, name: str, deps: InfraDependencies) -> None:
        try:
            state = deps.stacks.describe(name)
            if state is not None and condition_of(state) is StackCondition.EMPTY:
                deps.stacks.delete(state.id, f"tidy-{state.id.rsplit('/', 1)[-1]}")
        except CloudError as error:
            deps.emit(WarningIssued(f"the empty stack {name} could not be deleted: {error.cause}"))


# SEG run.stacks.plan
# Make the plan of all stacks, and leave nothing behind of making it.


@dataclass(frozen=True)
class DraftedPlan:
    """Of every stack, in order; and the world in which their change sets are remembered."""

    drafts: Mapping[str, StackDraft]
    plan: InfraPlan
    deps: InfraDependencies


@contextmanager
def draft_plan(target: Target, deps: InfraDependencies) -> Iterator[DraftedPlan]:
    """A draft of every stack; change sets that still exist at the end are deleted, whatever happens.

    Raises CloudError, Cancelled, StacksOutOfTime.
    """
    found = inspect_stacks(target, deps)
    own = OwnChangeSets(deps.change_sets)
    deps = replace(deps, change_sets=own)
    drafts: dict[str, StackDraft] = {}

    def noted(stack: Stack) -> Process[None]:
        drafts[stack.key] = yield from plan_stack(stack, found, target, deps)

    try:
        run_concurrently({stack.key: noted(stack) for stack in target.stacks}, deps.clock, target.timeout)
        in_order = {stack.key: drafts[stack.key] for stack in target.stacks}
        yield DraftedPlan(in_order, _plan(target, in_order), deps)
    finally:
        absent = [
            stack.name for stack in target.stacks if condition_of(found.states[stack.key]) is StackCondition.MISSING
        ]
        own.tidy(absent, deps)


def _plan(target: Target, drafts: Mapping[str, StackDraft]) -> InfraPlan:
    return InfraPlan(
        target.app,
        target.environment,
        target.region,
        tuple(each.plan for each in drafts.values()),
        tuple(dict.fromkeys(problem for each in drafts.values() for problem in each.problems)),
        _warnings(target),
    )


def _warnings(target: Target) -> tuple[str, ...]:
    """What CloudFormation takes and nobody wants; templates of which something was left out are not what was meant."""
    if any(each.left_out for each in target.templates.values()):
        return ()
    documents = {key: each.document for key, each in target.templates.items()}
    return template_problems(documents, {**target.pseudo, **target.known, **target.images})
