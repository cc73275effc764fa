"""Work on several stacks: each when its turn has come, those that do not need each other at the same time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Protocol

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.events import Explained
from deploytool.core.stacks.events import StackEnded, StackWaits
from deploytool.core.stacks.order import Stack
from deploytool.core.stacks.outcome import GOOD, Fate, InfraOutcome, Result, StackEnd, result_of
from deploytool.errors import DeployError, Exit
from deploytool.run.cancel import Cancelled
from deploytool.run.stacks.ports import Target, World
from deploytool.run.stacks.turns import StacksOutOfTime, Turns, together

Ended = tuple[StackEnd, Diagnosis | None]


class Work(Protocol):
    """What is done to one stack."""

    stack: Stack
    executed: bool
    """An operation of it goes on, or may."""
    status: str

    def done(self) -> Turns[Ended]:
        """Raises DeployError where AWS or the registry refuses."""


class Working:
    """Every stack's process, and what became of them so far."""

    def __init__(self, works: Mapping[str, Work | StackEnd], target: Target, world: World) -> None:
        """``works`` by key, in order; an end is that of a stack with which nothing is to be done."""
        self._works = works
        self._target = target
        self._world = world
        self._ends: dict[str, StackEnd] = {}
        self._diagnoses: list[Diagnosis] = []
        self._refusal: Exit | None = None

    def outcome(self, when_good: Result) -> InfraOutcome:
        """Turn every stack until it is done. After a failure none begins; those under way are followed to their end."""
        cancelled = out_of_time = False
        processes = {key: self._one(work) for key, work in self._works.items()}
        try:
            together(processes, self._world.clock, self._target.timeout)
        except Cancelled:
            cancelled = True
        except StacksOutOfTime:
            out_of_time = True
        ends = tuple(self._ends.get(key) or _left(work) for key, work in self._works.items())
        result = result_of(ends, when_good=when_good, cancelled=cancelled, out_of_time=out_of_time)
        worse = any(end.fate in (Fate.ROLLED_BACK, Fate.STUCK, Fate.GOES_ON) for end in ends)
        return InfraOutcome(
            self._target.app,
            self._target.environment,
            result,
            ends,
            tuple(self._diagnoses),
            refusal=None if worse or cancelled or out_of_time else self._refusal,
        )

    def _one(self, work: Work | StackEnd) -> Turns[None]:
        if isinstance(work, StackEnd):
            self._end(work)
            return
        stack = work.stack
        yield from self._turn_of(stack)
        if any(end.fate not in GOOD for end in self._ends.values()):
            self._end(StackEnd(stack.key, stack.name, Fate.NOT_BEGUN, work.status, detail="another stack failed"))
            return
        try:
            with ExitStack() as locked:
                if stack.runs_images:
                    locked.enter_context(self._world.guard())
                end, diagnosis = yield from work.done()
        except Cancelled:
            raise
        except DeployError as error:
            end, diagnosis = self._given_up(work, error)
        self._end(end)
        if diagnosis:
            self._diagnoses.append(diagnosis)
            self._world.tell(Explained(diagnosis))

    def _turn_of(self, stack: Stack) -> Turns[None]:
        told = False
        while waiting := [key for key in stack.needs if key in self._works and key not in self._ends]:
            if not told:
                told = True
                self._world.tell(StackWaits(stack.key, ", ".join(waiting)))
            yield False

    def _given_up(self, work: Work, error: DeployError) -> Ended:
        """AWS or the registry refused, or another release has the lock."""
        if error.exit_code is not Exit.REFUSED:
            self._refusal = self._refusal or error.exit_code
        stack = work.stack
        fate = Fate.GOES_ON if work.executed else Fate.REFUSED
        diagnosis = Diagnosis("refused", error.cause, error.fix, subject=stack.key)
        return StackEnd(stack.key, stack.name, fate, work.status, detail=error.cause), diagnosis

    def _end(self, end: StackEnd) -> None:
        self._ends[end.key] = end
        self._world.tell(StackEnded(end))


def _left(work: Work | StackEnd) -> StackEnd:
    if isinstance(work, StackEnd):
        return work
    stack = work.stack
    if not work.executed:
        return StackEnd(stack.key, stack.name, Fate.NOT_BEGUN, work.status)
    detail = "CloudFormation goes on; the next `deploytool infra apply` follows it to its end"
    return StackEnd(stack.key, stack.name, Fate.GOES_ON, work.status, detail=detail)
