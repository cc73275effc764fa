"""CloudFormation is told which images run before anything else of the service stack changes.

Releases move the images, and it does not know. Were the change to fail, it would go back to the images it knew last: a
version that was replaced long ago. After this it goes back to the one that runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from deploytool.diagnosis import Diagnosis
from deploytool.errors import CloudError, CloudUnreachable
from deploytool.infra.change_set import PREFIX, ChangeSet, ChangeSetRequest
from deploytool.infra.events import (
    InfraEnded,
    InfraOutcome,
    InfraPlanned,
    Result,
    StackBegan,
    StackEvent,
    StackOutcome,
    StackResult,
    ended,
    last_status,
)
from deploytool.infra.parameters import ParameterValues
from deploytool.infra.plan import InfraRefused, StackAction
from deploytool.infra.planner import (
    StackDraft,
    StackInput,
    await_running,
    delete_stale,
    draft_plan,
    request_change_set,
    stack_input,
    unbuilt,
)
from deploytool.infra.ports import InfraDependencies, Target
from deploytool.infra.scheduler import Ended, Process, StackRunner, StackWork, follow, why
from deploytool.infra.stacks import (
    POLICY,
    TERMINATION,
    OperationResult,
    Stack,
    StackState,
    remediation,
    stack_policy,
    tags_of,
)
from deploytool.release.events import OutputLine, WarningIssued
from deploytool.release.model import Problem

# SEG run.stacks.catch_up
# CloudFormation is told which images run before anything else of the service stack changes.
#
# Releases move the images, and it does not know. Were the change to fail, it would go back to the images it knew last:
# a version that was replaced long ago. After this it goes back to the one that runs.


def stacks_behind(draft: StackDraft, running: Mapping[str, str]) -> Mapping[str, str]:
    """Those of the images that run, by parameter, of which the stack knows older ones."""
    known = draft.state.parameters if draft.state and draft.plan.how is StackAction.UPDATE else {}
    return {name: image for name, image in running.items() if known.get(name, image) != image}


def sync_images(
    draft: StackDraft, images: Mapping[str, str], target: Target, deps: InfraDependencies
) -> Process[ChangeSet]:
    """A change set of the stack as it is now, but for these images."""
    stack = draft.plan.stack
    before = draft.state.parameters if draft.state else {}
    request = ChangeSetRequest(
        stack.name,
        "UPDATE",
        f"{PREFIX}{target.run_id}-{stack.key}-images",
        "",
        ParameterValues(images, frozenset(before.keys() - images.keys())),
        target.templates[stack.key].capabilities,
        tags_of(stack, target.app, target.environment),
    )
    arn = deps.change_sets.create(request)
    while not (found := deps.change_sets.read(arn)).ready:
        yield False
    return found


# SEG run.stacks.change
# Change one stack: its change set executed and followed, its failure explained, its protection set.


class StackUpdate:
    """One stack's change. ``executed`` and ``status`` tell how far it is, for whoever must leave early."""

    def __init__(self, draft: StackDraft, target: Target, deps: InfraDependencies) -> None:
        self.stack: Stack = draft.plan.stack
        self.executed = False
        self.status = draft.plan.status
        self._draft = draft
        self._target = target
        self._world = deps
        self._began = 0.0
        self._running: Mapping[str, str] = {}

    def done(self) -> Process[Ended]:
        """Raises CloudError, BuildError, Cancelled."""
        draft, self._began = self._draft, self._world.clock.monotonic()
        if draft.plan.how is StackAction.NOTHING and not self.stack.runs_images:
            return self._protected(StackOutcome.PROTECTED)
        if draft.plan.how is StackAction.RECREATE and draft.state:
            failed = yield from self._removed(draft.state)
            if failed:
                return failed
        draft = yield from self._current(draft)
        if draft.problems:
            return self._refused(draft.problems)
        if draft.change_set is None:
            return self._protected(StackOutcome.PROTECTED if draft.plan.protections else StackOutcome.UNCHANGED)
        if images := stacks_behind(draft, self._running):
            return (yield from self._caught_up(draft, draft.change_set, images))
        return (yield from self._executed(draft, draft.change_set))

    def _caught_up(self, draft: StackDraft, change_set: ChangeSet, images: Mapping[str, str]) -> Process[Ended]:
        """Two changes: first the images alone, then the rest; see ``catch_up``."""
        deps = self._world
        deps.change_sets.delete(change_set.arn)
        first = yield from sync_images(draft, images, self._target, deps)
        end, diagnosis = yield from self._executed(draft, first, "tell the images that run", "-images")
        if end.outcome is not StackOutcome.UPDATED:
            return end, diagnosis
        state = deps.stacks.describe(self.stack.name)
        rest = yield from request_change_set(
            stack_input(self.stack, StackAction.UPDATE, state, images, self._target), deps
        )
        if rest.problems:
            return self._refused(rest.problems)
        return (yield from self._executed(rest, rest.change_set)) if rest.change_set else (end, None)

    def _current(self, draft: StackDraft) -> Process[StackDraft]:
        """The draft as of now: with the images that run now that the lock is ours, asked for where it could not be."""
        deps, is_there = self._world, draft.plan.how in (StackAction.UPDATE, StackAction.NOTHING)
        self._running = deps.images.running() if self.stack.runs_images else {}
        images = dict(self._running)
        case = self._case(draft, images, is_there=is_there)
        if missing := unbuilt(case):
            images |= deps.images.built(missing, lambda line: deps.emit(OutputLine("build", line)))
            case = self._case(draft, images, is_there=is_there)
        if not draft.plan.from_template and case.given == draft.given:
            return draft
        if draft.change_set:
            deps.change_sets.delete(draft.change_set.arn)
        return (yield from request_change_set(case, deps))

    def _case(self, draft: StackDraft, images: Mapping[str, str], *, is_there: bool) -> StackInput:
        how, state = (StackAction.UPDATE, draft.state) if is_there else (StackAction.CREATE, None)
        return stack_input(self.stack, how, state, images, self._target)

    def _removed(self, state: StackState) -> Process[Ended | None]:
        """Delete what is left of a creation that failed."""
        self._world.emit(StackBegan(self.stack.key, self.stack.name, "delete"))
        after = self._world.stacks.last_event(state.id)
        if state.protected:
            self._world.stacks.set_termination_protection(state.id, on=False)
        self._begun(lambda: self._world.stacks.delete(state.id, f"{self._target.run_id}-{self.stack.key}-delete"))
        events = yield from follow(self.stack.key, state.id, after, self._world)
        self.executed = False
        return None if ended(events) is OperationResult.SUCCEEDED else self._failed(state.id, events)

    def _executed(self, draft: StackDraft, change_set: ChangeSet, what: str = "", turn: str = "") -> Process[Ended]:
        deps, key = self._world, self.stack.key
        is_new = draft.plan.how is not StackAction.UPDATE
        exceptions = self._target.allowed.logical_ids(key)
        if exceptions and not is_new:
            deps.stacks.set_policy(self.stack.name, stack_policy(exceptions))
        after = deps.stacks.last_event(change_set.stack_id)
        deps.emit(StackBegan(key, self.stack.name, what or str(draft.plan.how), len(draft.plan.changes)))
        self._begun(lambda: deps.change_sets.execute(change_set, f"{self._target.run_id}-{key}{turn}"))
        self.status = "CREATE_IN_PROGRESS" if is_new else "UPDATE_IN_PROGRESS"
        events = yield from follow(key, change_set.stack_id, after, deps)
        self.executed = False
        self.status = last_status(events)
        if ended(events) is OperationResult.SUCCEEDED:
            return self._protected(
                StackOutcome.CREATED if is_new else StackOutcome.UPDATED, everything=is_new or bool(exceptions)
            )
        if exceptions and not is_new:
            self._protect(everything=True)
        return self._failed(change_set.stack_id, events)

    def _begun(self, begin: Callable[[], None]) -> None:
        """Begin an operation; one that got no answer may have begun."""
        try:
            begin()
        except CloudUnreachable:
            self.executed = True
            raise
        self.executed = True

    def _failed(self, stack_id: str, events: tuple[StackEvent, ...]) -> Ended:
        status = last_status(events)
        name, seconds = self.stack.name, self._world.clock.monotonic() - self._began
        if ended(events) is OperationResult.ROLLED_BACK:
            made_nothing = status == "ROLLBACK_COMPLETE"
            detail = (
                "nothing of it is left; mend the cause and apply again: it is deleted and created anew"
                if made_nothing
                else "it is as it was before; mend the cause and apply again"
            )
            end = StackResult(self.stack.key, name, StackOutcome.ROLLED_BACK, status, seconds, detail)
        else:
            end = StackResult(self.stack.key, name, StackOutcome.FAILED, status, seconds, remediation(status, name))
        return end, why(self.stack.key, stack_id, events, self._world)

    def _refused(self, problems: tuple[Problem, ...]) -> Ended:
        first = problems[0]
        cause = "; ".join(problem.cause for problem in problems)
        end = StackResult(self.stack.key, self.stack.name, StackOutcome.REFUSED, self.status, detail=cause)
        return end, Diagnosis("refused", cause, first.fix, subject=self.stack.key)

    def _protected(self, fate: StackOutcome, *, everything: bool = False) -> Ended:
        self._protect(everything=everything)
        seconds = self._world.clock.monotonic() - self._began
        return StackResult(self.stack.key, self.stack.name, fate, self.status, seconds), None

    def _protect(self, *, everything: bool) -> None:
        """A stack that is good and cannot be protected is still good: told, and tried again by the next run."""
        name, missing = self.stack.name, self._draft.plan.protections
        try:
            if everything or POLICY in missing:
                self._world.stacks.set_policy(name, stack_policy())
            if everything or TERMINATION in missing:
                self._world.stacks.set_termination_protection(name, on=True)
        except CloudError as error:
            self._world.emit(WarningIssued(f"stack {name} is not protected: {error.cause}. {error.fix}"))


# SEG run.stacks.apply
# Apply the stacks: the plan that `infra plan` shows, carried out.


def apply(target: Target, deps: InfraDependencies) -> InfraOutcome:
    """Follow to its end what a killed run began; then plan, and change each stack when its turn has come.

    Raises InfraRefused before anything changed, Cancelled and CloudError before anything began.
    """
    began = deps.clock.monotonic()
    await_running(target, deps)
    delete_stale(target, deps)
    with draft_plan(target, deps) as found:
        deps.emit(InfraPlanned(found.plan))
        for text in found.plan.warnings:
            deps.emit(WarningIssued(text))
        if found.plan.problems:
            raise InfraRefused(found.plan.problems)
        works = {key: _work(draft, target, found.deps) for key, draft in found.drafts.items()}
        outcome = StackRunner(works, target, found.deps).outcome(Result.APPLIED)
    outcome = replace(outcome, seconds=deps.clock.monotonic() - began)
    deps.emit(InfraEnded(outcome))
    return outcome


def _work(draft: StackDraft, target: Target, deps: InfraDependencies) -> StackWork | StackResult:
    if draft.plan.unchanged and not draft.plan.from_template:
        return StackResult(draft.plan.stack.key, draft.plan.stack.name, StackOutcome.UNCHANGED, draft.plan.status)
    return StackUpdate(draft, target, deps)
