"""Apply the stacks: each change set executed and followed, its failure explained, its protection set."""

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
    change_set_problems,
    create_change_set,
    delete_stale,
    draft_plan,
    request_change_set,
    stack_input,
    unbuilt,
)
from deploytool.infra.ports import InfraDependencies, Target
from deploytool.infra.scheduler import Ended, Process, StackRunner, StackWork, diagnose_failure, follow
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


def outdated_images(draft: StackDraft, running: Mapping[str, str]) -> Mapping[str, str]:
    """Running images, by parameter, of which the stack knows older ones."""
    known = draft.state.parameters if draft.state and draft.plan.how is StackAction.UPDATE else {}
    return {name: image for name, image in running.items() if known.get(name, image) != image}


def sync_images(
    draft: StackDraft, images: Mapping[str, str], target: Target, deps: InfraDependencies
) -> Process[ChangeSet]:
    """A change set of the stack as it is now, with the running images.

    CloudFormation must know them before anything else of the service stack changes. Releases change the images outside
    it; if the change failed, it would roll back to the images it knew last, a version that was replaced long ago.
    """
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
    return (yield from create_change_set(request, deps))


class StackUpdate:
    """The change of one stack. ``executed`` and ``status`` say how far it is, for a run that ends early."""

    def __init__(self, draft: StackDraft, target: Target, deps: InfraDependencies) -> None:
        self.stack: Stack = draft.plan.stack
        self.executed = False
        self.status = draft.plan.status
        self._draft = draft
        self._target = target
        self._deps = deps
        self._began = 0.0
        self._running: Mapping[str, str] = {}

    def done(self) -> Process[Ended]:
        """Raises CloudError, BuildError, Cancelled."""
        draft, self._began = self._draft, self._deps.clock.monotonic()
        if draft.plan.how is StackAction.NOTHING and not self.stack.runs_images:
            return self._finished(StackOutcome.PROTECTED)
        if draft.plan.how is StackAction.RECREATE and draft.state:
            failed = yield from self._delete_failed(draft.state)
            if failed:
                return failed
        draft = yield from self._current(draft)
        if draft.problems:
            return self._refused(draft.problems)
        if draft.change_set is None:
            return self._finished(StackOutcome.PROTECTED if draft.plan.protections else StackOutcome.UNCHANGED)
        if images := outdated_images(draft, self._running):
            return (yield from self._sync_and_update(draft, draft.change_set, images))
        return (yield from self._execute(draft, draft.change_set))

    def _sync_and_update(self, draft: StackDraft, change_set: ChangeSet, images: Mapping[str, str]) -> Process[Ended]:
        """Two changes: first the images alone, then the rest."""
        deps = self._deps
        deps.change_sets.delete(change_set.arn)
        first = yield from sync_images(draft, images, self._target, deps)
        if problems := change_set_problems(self.stack.key, first, deps):
            deps.change_sets.delete(first.arn)
            return self._refused(problems)
        end, diagnoses = yield from self._execute(draft, first, "sync the running images of", "-images")
        if end.outcome is not StackOutcome.UPDATED:
            return end, diagnoses
        state = deps.stacks.describe(self.stack.name)
        rest = yield from request_change_set(
            stack_input(self.stack, StackAction.UPDATE, state, images, self._target), deps
        )
        if rest.problems:
            return self._refused(rest.problems)
        return (yield from self._execute(rest, rest.change_set)) if rest.change_set else (end, ())

    def _current(self, draft: StackDraft) -> Process[StackDraft]:
        """The draft as of now: with the images running under our lock, and a change set where there was none yet."""
        deps, exists = self._deps, draft.plan.how in (StackAction.UPDATE, StackAction.NOTHING)
        self._running = deps.images.running() if self.stack.runs_images else {}
        images = dict(self._running)
        case = self._case(draft, images, exists=exists)
        if missing := unbuilt(case):
            images |= deps.images.built(missing, lambda line: deps.emit(OutputLine("build", line)))
            case = self._case(draft, images, exists=exists)
        if not draft.plan.from_template and case.given == draft.given:
            return draft
        if draft.change_set:
            deps.change_sets.delete(draft.change_set.arn)
        return (yield from request_change_set(case, deps))

    def _case(self, draft: StackDraft, images: Mapping[str, str], *, exists: bool) -> StackInput:
        how, state = (StackAction.UPDATE, draft.state) if exists else (StackAction.CREATE, None)
        return stack_input(self.stack, how, state, images, self._target)

    def _delete_failed(self, state: StackState) -> Process[Ended | None]:
        """Delete the remains of a failed creation; the failure where that is not possible."""
        self._deps.emit(StackBegan(self.stack.key, self.stack.name, "delete"))
        after = self._deps.stacks.last_event(state.id)
        if state.protected:
            self._deps.stacks.set_termination_protection(state.id, on=False)
        self._begin(lambda: self._deps.stacks.delete(state.id, f"{self._target.run_id}-{self.stack.key}-delete"))
        events = yield from follow(self.stack.key, state.id, after, self._deps)
        self.executed = False
        return None if ended(events) is OperationResult.SUCCEEDED else self._failed(state.id, events)

    def _execute(self, draft: StackDraft, change_set: ChangeSet, what: str = "", turn: str = "") -> Process[Ended]:
        deps, key = self._deps, self.stack.key
        is_new = draft.plan.how is not StackAction.UPDATE
        exceptions = self._target.allowed.logical_ids(key)
        if exceptions and not is_new:
            deps.stacks.set_policy(self.stack.name, stack_policy(exceptions))
        after = deps.stacks.last_event(change_set.stack_id)
        deps.emit(StackBegan(key, self.stack.name, what or str(draft.plan.how), len(draft.plan.changes)))
        self._begin(lambda: deps.change_sets.execute(change_set, f"{self._target.run_id}-{key}{turn}"))
        self.status = "CREATE_IN_PROGRESS" if is_new else "UPDATE_IN_PROGRESS"
        events = yield from follow(key, change_set.stack_id, after, deps)
        self.executed = False
        self.status = last_status(events)
        if ended(events) is OperationResult.SUCCEEDED and self.status != "DELETE_COMPLETE":
            return self._finished(
                StackOutcome.CREATED if is_new else StackOutcome.UPDATED, everything=is_new or bool(exceptions)
            )
        if exceptions and not is_new:
            self._protect(everything=True)
        return self._failed(change_set.stack_id, events)

    def _begin(self, begin: Callable[[], None]) -> None:
        """Begin an operation; one without an answer may have begun."""
        try:
            begin()
        except CloudUnreachable:
            self.executed = True
            raise
        self.executed = True

    def _failed(self, stack_id: str, events: tuple[StackEvent, ...]) -> Ended:
        status = last_status(events)
        name, seconds = self.stack.name, self._deps.clock.monotonic() - self._began
        if ended(events) is OperationResult.ROLLED_BACK:
            made_nothing = status == "ROLLBACK_COMPLETE"
            detail = (
                "nothing of it is left; fix the cause and apply again: it is deleted and recreated"
                if made_nothing
                else "the previous state was restored; fix the cause and apply again"
            )
            end = StackResult(self.stack.key, name, StackOutcome.ROLLED_BACK, status, seconds, detail)
        else:
            end = StackResult(self.stack.key, name, StackOutcome.FAILED, status, seconds, remediation(status, name))
        return end, diagnose_failure(self.stack.key, stack_id, events, self._deps)

    def _refused(self, problems: tuple[Problem, ...]) -> Ended:
        cause = "; ".join(problem.cause for problem in problems)
        end = StackResult(self.stack.key, self.stack.name, StackOutcome.REFUSED, self.status, detail=cause)
        return end, tuple(Diagnosis("refused", item.cause, item.fix, subject=self.stack.key) for item in problems)

    def _finished(self, outcome: StackOutcome, *, everything: bool = False) -> Ended:
        self._protect(everything=everything)
        seconds = self._deps.clock.monotonic() - self._began
        return StackResult(self.stack.key, self.stack.name, outcome, self.status, seconds), ()

    def _protect(self, *, everything: bool) -> None:
        """A stack that cannot be protected has still succeeded: a warning, and the next run tries again."""
        name, missing = self.stack.name, self._draft.plan.protections
        try:
            if everything or POLICY in missing:
                self._deps.stacks.set_policy(name, stack_policy())
            if everything or TERMINATION in missing:
                self._deps.stacks.set_termination_protection(name, on=True)
        except CloudError as error:
            self._deps.emit(WarningIssued(f"cannot protect stack {name}: {error.cause}. {error.fix}"))


def apply(target: Target, deps: InfraDependencies) -> InfraOutcome:
    """Follow what an interrupted run began; then plan, and change each stack in its turn.

    Raises InfraRefused before anything changed, Cancelled and CloudError before anything began.
    """
    began = deps.clock.monotonic()
    await_running(target, deps)
    delete_stale(target, deps)
    with draft_plan(target, deps) as drafted:
        deps.emit(InfraPlanned(drafted.plan))
        for text in drafted.plan.warnings:
            deps.emit(WarningIssued(text))
        if drafted.plan.problems:
            raise InfraRefused(drafted.plan.problems)
        works = {key: _work(draft, target, drafted.deps) for key, draft in drafted.drafts.items()}
        outcome = StackRunner(works, target, drafted.deps).outcome(Result.APPLIED)
    outcome = replace(outcome, seconds=deps.clock.monotonic() - began)
    deps.emit(InfraEnded(outcome))
    return outcome


def _work(draft: StackDraft, target: Target, deps: InfraDependencies) -> StackWork | StackResult:
    if draft.plan.unchanged and not draft.plan.from_template:
        return StackResult(draft.plan.stack.key, draft.plan.stack.name, StackOutcome.UNCHANGED, draft.plan.status)
    return StackUpdate(draft, target, deps)
