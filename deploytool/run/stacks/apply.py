"""Apply the stacks: each when what it needs is there, those that do not need each other at the same time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.events import Explained
from deploytool.core.stacks.events import InfraEnded, InfraPlanned, StackEnded, StackWaits
from deploytool.core.stacks.order import Stack
from deploytool.core.stacks.outcome import GOOD, Fate, InfraOutcome, Result, StackEnd, result_of
from deploytool.core.stacks.plan import InfraRefused
from deploytool.errors import DeployError, Exit
from deploytool.run.cancel import Cancelled
from deploytool.run.stacks.change import Change
from deploytool.run.stacks.draft import Draft
from deploytool.run.stacks.look import await_running, sweep
from deploytool.run.stacks.plan import drafted
from deploytool.run.stacks.ports import Target, World
from deploytool.run.stacks.turns import StacksOutOfTime, Turns, together


def apply(target: Target, world: World) -> InfraOutcome:
    """The same plan as `infra plan` shows, carried out. What a killed run began is followed to its end first.

    Raises InfraRefused before anything changed, Cancelled and CloudError before anything began.
    """
    began = world.clock.monotonic()
    await_running(target, world)
    sweep(target, world)
    with drafted(target, world) as found:
        world.tell(InfraPlanned(found.plan))
        if found.plan.problems:
            raise InfraRefused(found.plan.problems)
        applying = Applying(target, found.drafts, found.world)
        outcome = replace(applying.outcome(), seconds=world.clock.monotonic() - began)
    world.tell(InfraEnded(outcome))
    return outcome


class Applying:
    """Every stack's process, and what became of them so far."""

    def __init__(self, target: Target, drafts: Mapping[str, Draft], world: World) -> None:
        self._target = target
        self._drafts = drafts
        self._world = world
        self._ends: dict[str, StackEnd] = {}
        self._changes: dict[str, Change] = {}
        self._diagnoses: list[Diagnosis] = []
        self._refusal: Exit | None = None

    def outcome(self) -> InfraOutcome:
        """Turn every stack until it is done. After a failure none begins; those under way are followed to their end."""
        cancelled = out_of_time = False
        processes = {stack.key: self._one(stack) for stack in self._target.stacks}
        try:
            together(processes, self._world.clock, self._target.timeout)
        except Cancelled:
            cancelled = True
        except StacksOutOfTime:
            out_of_time = True
        ends = tuple(self._ends.get(stack.key) or self._left(stack) for stack in self._target.stacks)
        result = result_of(ends, when_good=Result.APPLIED, cancelled=cancelled, out_of_time=out_of_time)
        worse = any(end.fate in (Fate.ROLLED_BACK, Fate.STUCK, Fate.GOES_ON) for end in ends)
        refusal = None if worse else self._refusal
        return InfraOutcome(
            self._target.app, self._target.environment, result, ends, tuple(self._diagnoses), refusal=refusal
        )

    def _one(self, stack: Stack) -> Turns[None]:
        yield from self._await(stack)
        if self._failed:
            self._end(StackEnd(stack.key, stack.name, Fate.NOT_BEGUN, detail="another stack failed"))
            return
        draft = self._drafts[stack.key]
        if draft.plan.unchanged and not draft.plan.from_template:
            status = draft.state.status if draft.state else ""
            self._end(StackEnd(stack.key, stack.name, Fate.UNCHANGED, status))
            return
        change = self._changes[stack.key] = Change(draft, self._target, self._world)
        try:
            with ExitStack() as locked:
                if stack.runs_images:
                    locked.enter_context(self._world.guard())
                end, diagnosis = yield from change.made()
        except Cancelled:
            raise
        except DeployError as error:
            end, diagnosis = self._given_up(change, error)
        self._end(end)
        if diagnosis:
            self._diagnoses.append(diagnosis)
            self._world.tell(Explained(diagnosis))

    def _await(self, stack: Stack) -> Turns[None]:
        told = False
        while waiting := [key for key in stack.needs if key not in self._ends]:
            if not told:
                told = True
                self._world.tell(StackWaits(stack.key, ", ".join(waiting)))
            yield False

    @property
    def _failed(self) -> bool:
        return any(end.fate not in GOOD for end in self._ends.values())

    def _given_up(self, change: Change, error: DeployError) -> tuple[StackEnd, Diagnosis]:
        """AWS or the registry refused, or another release has the lock."""
        if error.exit_code is not Exit.REFUSED:
            self._refusal = self._refusal or error.exit_code
        fate = Fate.GOES_ON if change.executed else Fate.REFUSED
        stack = change.stack
        diagnosis = Diagnosis("refused", error.cause, error.fix, subject=stack.key)
        return StackEnd(stack.key, stack.name, fate, detail=error.cause), diagnosis

    def _left(self, stack: Stack) -> StackEnd:
        change = self._changes.get(stack.key)
        if change is None or not change.executed:
            return StackEnd(stack.key, stack.name, Fate.NOT_BEGUN)
        return StackEnd(
            stack.key,
            stack.name,
            Fate.GOES_ON,
            change.status,
            detail="CloudFormation goes on; the next `deploytool infra apply` follows it to its end",
        )

    def _end(self, end: StackEnd) -> None:
        self._ends[end.key] = end
        self._world.tell(StackEnded(end))
