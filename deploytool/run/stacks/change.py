"""Change one stack: its change set executed and followed, its failure explained, its protection set."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.events import Said, Warned
from deploytool.core.model import Problem
from deploytool.core.stacks.change_set import ChangeSet
from deploytool.core.stacks.events import StackBegan, StackEvent
from deploytool.core.stacks.operation import ended, last_status
from deploytool.core.stacks.order import Stack
from deploytool.core.stacks.outcome import Fate, StackEnd
from deploytool.core.stacks.plan import How
from deploytool.core.stacks.protection import POLICY, TERMINATION, stack_policy
from deploytool.core.stacks.status import Ending, StackState, way_out
from deploytool.errors import CloudError, CloudUnreachable
from deploytool.run.stacks.catch_up import behind, told_images
from deploytool.run.stacks.draft import Case, Draft, asked, case_of, unbuilt
from deploytool.run.stacks.follow import follow, why
from deploytool.run.stacks.ports import Target, World
from deploytool.run.stacks.turns import Turns
from deploytool.run.stacks.work import Ended


class Change:
    """One stack's change. ``executed`` and ``status`` tell how far it is, for whoever must leave early."""

    def __init__(self, draft: Draft, target: Target, world: World) -> None:
        self.stack: Stack = draft.plan.stack
        self.executed = False
        self.status = draft.plan.status
        self._draft = draft
        self._target = target
        self._world = world
        self._began = 0.0
        self._running: Mapping[str, str] = {}

    def done(self) -> Turns[Ended]:
        """Raises CloudError, BuildError, Cancelled."""
        draft, self._began = self._draft, self._world.clock.monotonic()
        if draft.plan.how is How.NOTHING and not self.stack.runs_images:
            return self._protected(Fate.PROTECTED)
        if draft.plan.how is How.RECREATE and draft.state:
            failed = yield from self._removed(draft.state)
            if failed:
                return failed
        draft = yield from self._current(draft)
        if draft.problems:
            return self._refused(draft.problems)
        if draft.change_set is None:
            return self._protected(Fate.PROTECTED if draft.plan.protections else Fate.UNCHANGED)
        if images := behind(draft, self._running):
            return (yield from self._caught_up(draft, draft.change_set, images))
        return (yield from self._executed(draft, draft.change_set))

    def _caught_up(self, draft: Draft, change_set: ChangeSet, images: Mapping[str, str]) -> Turns[Ended]:
        """Two changes: first the images alone, then the rest; see ``catch_up``."""
        world = self._world
        world.change_sets.delete(change_set.arn)
        first = yield from told_images(draft, images, self._target, world)
        end, diagnosis = yield from self._executed(draft, first, "tell the images that run", "-images")
        if end.fate is not Fate.UPDATED:
            return end, diagnosis
        state = world.stacks.describe(self.stack.name)
        rest = yield from asked(case_of(self.stack, How.UPDATE, state, images, self._target), world)
        if rest.problems:
            return self._refused(rest.problems)
        return (yield from self._executed(rest, rest.change_set)) if rest.change_set else (end, None)

    def _current(self, draft: Draft) -> Turns[Draft]:
        """The draft as of now: with the images that run now that the lock is ours, asked for where it could not be."""
        world, is_there = self._world, draft.plan.how in (How.UPDATE, How.NOTHING)
        self._running = world.images.running() if self.stack.runs_images else {}
        images = dict(self._running)
        case = self._case(draft, images, is_there=is_there)
        if missing := unbuilt(case):
            images |= world.images.built(missing, lambda line: world.tell(Said("build", line)))
            case = self._case(draft, images, is_there=is_there)
        if not draft.plan.from_template and case.given == draft.given:
            return draft
        if draft.change_set:
            world.change_sets.delete(draft.change_set.arn)
        return (yield from asked(case, world))

    def _case(self, draft: Draft, images: Mapping[str, str], *, is_there: bool) -> Case:
        how, state = (How.UPDATE, draft.state) if is_there else (How.CREATE, None)
        return case_of(self.stack, how, state, images, self._target)

    def _removed(self, state: StackState) -> Turns[Ended | None]:
        """Delete what is left of a creation that failed."""
        self._world.tell(StackBegan(self.stack.key, self.stack.name, "delete"))
        after = self._world.stacks.last_event(state.id)
        if state.protected:
            self._world.stacks.set_termination_protection(state.id, on=False)
        self._begun(lambda: self._world.stacks.delete(state.id, f"{self._target.run_id}-{self.stack.key}-delete"))
        events = yield from follow(self.stack.key, state.id, after, self._world)
        self.executed = False
        return None if ended(events) is Ending.GOOD else self._failed(state.id, events)

    def _executed(self, draft: Draft, change_set: ChangeSet, what: str = "", turn: str = "") -> Turns[Ended]:
        world, key = self._world, self.stack.key
        is_new = draft.plan.how is not How.UPDATE
        exceptions = self._target.allowed.logical_ids(key)
        if exceptions and not is_new:
            world.stacks.set_policy(self.stack.name, stack_policy(exceptions))
        after = world.stacks.last_event(change_set.stack_id)
        world.tell(StackBegan(key, self.stack.name, what or str(draft.plan.how), len(draft.plan.changes)))
        self._begun(lambda: world.change_sets.execute(change_set, f"{self._target.run_id}-{key}{turn}"))
        self.status = "CREATE_IN_PROGRESS" if is_new else "UPDATE_IN_PROGRESS"
        events = yield from follow(key, change_set.stack_id, after, world)
        self.executed = False
        self.status = last_status(events)
        if ended(events) is Ending.GOOD:
            return self._protected(Fate.CREATED if is_new else Fate.UPDATED, everything=is_new or bool(exceptions))
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
        if ended(events) is Ending.ROLLED_BACK:
            made_nothing = status == "ROLLBACK_COMPLETE"
            detail = (
                "nothing of it is left; mend the cause and apply again: it is deleted and created anew"
                if made_nothing
                else "it is as it was before; mend the cause and apply again"
            )
            end = StackEnd(self.stack.key, name, Fate.ROLLED_BACK, status, seconds, detail)
        else:
            end = StackEnd(self.stack.key, name, Fate.STUCK, status, seconds, way_out(status, name))
        return end, why(self.stack.key, stack_id, events, self._world)

    def _refused(self, problems: tuple[Problem, ...]) -> Ended:
        first = problems[0]
        cause = "; ".join(problem.cause for problem in problems)
        end = StackEnd(self.stack.key, self.stack.name, Fate.REFUSED, self.status, detail=cause)
        return end, Diagnosis("refused", cause, first.fix, subject=self.stack.key)

    def _protected(self, fate: Fate, *, everything: bool = False) -> Ended:
        self._protect(everything=everything)
        seconds = self._world.clock.monotonic() - self._began
        return StackEnd(self.stack.key, self.stack.name, fate, self.status, seconds), None

    def _protect(self, *, everything: bool) -> None:
        """A stack that is good and cannot be protected is still good: told, and tried again by the next run."""
        name, missing = self.stack.name, self._draft.plan.protections
        try:
            if everything or POLICY in missing:
                self._world.stacks.set_policy(name, stack_policy())
            if everything or TERMINATION in missing:
                self._world.stacks.set_termination_protection(name, on=True)
        except CloudError as error:
            self._world.tell(Warned(f"stack {name} is not protected: {error.cause}. {error.fix}"))
