"""Work on several stacks at the same time, each in its turn, and follow every operation to its end by its events."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack
from typing import Protocol, TypeVar

from deploytool.diagnosis import Diagnosis
from deploytool.errors import CloudError, CloudUnreachable, DeployError, Exit, TimeoutExceeded
from deploytool.infra.events import (
    SUCCEEDED,
    InfraOutcome,
    ResourceMoved,
    Result,
    StackEnded,
    StackEvent,
    StackOutcome,
    StackResult,
    StackWaits,
    ended,
    last_operation,
    result_of,
)
from deploytool.infra.failures import ValidationError, explain, explain_invalid
from deploytool.infra.ports import InfraDependencies, Target
from deploytool.infra.stacks import Stack
from deploytool.release.events import Explained, WarningIssued
from deploytool.release.ports import Cancelled, Clock

QUIET = 10
"""Rounds without an event, after which the stack itself is read: at the slowest pace 45 seconds."""
FASTEST, SLOWEST = 0.4, 6.0
"""Times the pace of a release's polls (0.65 s to 0.85 s): 0.3 s at first, 4 s to 5 s where nothing happens."""


def slower(factor: float, *, news: bool) -> float:
    """The factor for the next pause after a round with or without ``news``: short while events arrive, else longer."""
    return FASTEST if news else min(SLOWEST, max(factor * 1.4, FASTEST))


T = TypeVar("T")
Process = Generator[bool, None, T]
"""A process: it yields where it has to wait (True where something happened in this turn) and returns its result."""


class StacksOutOfTime(TimeoutExceeded):
    """CloudFormation was not done in time. It continues by itself."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"timed out waiting for CloudFormation after {seconds:.0f} s; it continues by itself",
            "check `deploytool infra status`; the next `infra apply` follows it to its end",
        )


def run_concurrently(processes: Mapping[str, Process[T]], clock: Clock, seconds: float) -> dict[str, T]:
    """Advance every process in turn until all are done. What one of them raises ends all; each may clean up.

    Raises StacksOutOfTime after ``seconds``, and Cancelled from the clock.
    """
    deadline = clock.monotonic() + seconds
    waiting, done, factor = dict(processes), dict[str, T](), 0.0
    try:
        while waiting:
            news = False
            for key, process in list(waiting.items()):
                try:
                    news = next(process) or news
                except StopIteration as stop:
                    done[key], news = stop.value, True
                    del waiting[key]
            if waiting:
                if clock.monotonic() >= deadline:
                    raise StacksOutOfTime(seconds)
                factor = slower(factor, news=news)
                clock.sleep(clock.pace() * factor)
    finally:
        for process in waiting.values():
            process.close()
    return {key: done[key] for key in processes}


def follow(key: str, stack_id: str, after: str, deps: InfraDependencies) -> Process[tuple[StackEvent, ...]]:
    """Report each event newer than ``after`` once; return all of them, oldest first, once the stack's own has ended.

    Newer is judged by the order of the events, so that no clock has to be right. While AWS does not answer, it waits:
    the operation continues anyway. Where no event comes, the stack itself says whether it has ended: botocore's own
    waiters go by DescribeStacks, too.
    """
    seen: tuple[StackEvent, ...] = ()
    warned = False
    quiet, status_before = 0, ""
    while True:
        new: tuple[StackEvent, ...] = ()
        try:
            new = deps.stacks.events(stack_id, after)
            quiet = 0 if new else quiet + 1
            if quiet and quiet % QUIET == 0:
                state = _state_event(key, stack_id, deps)
                # Twice the same: the status of before may linger for a moment.
                if state.status == "DELETE_COMPLETE" or (state.status == status_before and ended([state]) is not None):
                    new = (state,)
                status_before = state.status
        except CloudUnreachable as error:
            if not warned:
                warned = True
                deps.emit(WarningIssued(f"cannot read the events of stack {key}, retrying: {error.cause}"))
        for event in new:
            deps.emit(ResourceMoved(key, event))
        if new:
            after, seen = new[-1].id, (*seen, *new)
        if ended(seen) is not None:
            return seen
        yield bool(new)


def _state_event(key: str, stack_id: str, deps: InfraDependencies) -> StackEvent:
    """The stack as it is now, as if it were its newest event; one that does not exist was deleted."""
    state, now = deps.stacks.describe(stack_id), deps.stacks.now()
    status, reason = (state.status, state.reason) if state else ("DELETE_COMPLETE", "")
    kind = "AWS::CloudFormation::Stack"
    return StackEvent(f"state-{status}", key, kind, status, reason, now, stack_id, of_stack=True)


def follow_running(key: str, stack_id: str, deps: InfraDependencies) -> Process[tuple[StackEvent, ...]]:
    """Follow an operation in progress, reported from its beginning."""
    events = last_operation(deps.stacks.events(stack_id, ""))
    for event in events:
        deps.emit(ResourceMoved(key, event))
    if ended(events) is not None:
        return events
    more = yield from follow(key, stack_id, events[-1].id if events else "", deps)
    return (*events, *more)


def diagnose_failure(
    key: str, stack_id: str, events: tuple[StackEvent, ...], deps: InfraDependencies
) -> tuple[Diagnosis, ...]:
    """Why the operation with these events failed; nothing where CloudFormation does not say."""
    diagnosis = explain(key, events)
    invalid: tuple[Diagnosis, ...] = ()
    if diagnosis is None or "DescribeEvents" in diagnosis.quote:
        invalid = diagnose_invalid(key, lambda: deps.stacks.validation_errors(stack_id), deps)
    return invalid or ((diagnosis,) if diagnosis else ())


def diagnose_invalid(
    key: str, read: Callable[[], tuple[ValidationError, ...]], deps: InfraDependencies
) -> tuple[Diagnosis, ...]:
    """Every fault that CloudFormation saw before it began; a warning where they cannot be read."""
    try:
        return explain_invalid(key, read())
    except CloudError as error:
        deps.emit(WarningIssued(f"cannot read the validation errors of stack {key}: {error.cause}"))
        return ()


Ended = tuple[StackResult, tuple[Diagnosis, ...]]
"""How a stack ended, and why it failed."""


class StackWork(Protocol):
    """What is done to one stack."""

    stack: Stack
    executed: bool
    """An operation of it is in progress, or may be."""
    status: str

    def done(self) -> Process[Ended]:
        """Raises DeployError where AWS or the registry refuses."""


class StackRunner:
    """Runs the work on every stack, and keeps the results."""

    def __init__(self, works: Mapping[str, StackWork | StackResult], target: Target, deps: InfraDependencies) -> None:
        """``works`` by key, in order; a result is that of a stack with nothing to do."""
        self._works = works
        self._target = target
        self._deps = deps
        self._ends: dict[str, StackResult] = {}
        self._diagnoses: list[Diagnosis] = []
        self._refusal: Exit | None = None

    def outcome(self, when_succeeded: Result) -> InfraOutcome:
        """Work on every stack. After a failure none begins; those in progress are followed to their end."""
        cancelled = out_of_time = False
        processes = {key: self._one(work) for key, work in self._works.items()}
        try:
            run_concurrently(processes, self._deps.clock, self._target.timeout)
        except Cancelled:
            cancelled = True
        except StacksOutOfTime:
            out_of_time = True
        ends = tuple(self._ends.get(key) or _unfinished(work) for key, work in self._works.items())
        result = result_of(ends, when_succeeded=when_succeeded, cancelled=cancelled, out_of_time=out_of_time)
        failures = (StackOutcome.ROLLED_BACK, StackOutcome.FAILED, StackOutcome.IN_PROGRESS)
        has_failed = cancelled or out_of_time or any(end.outcome in failures for end in ends)
        return InfraOutcome(
            self._target.app,
            self._target.environment,
            result,
            ends,
            tuple(self._diagnoses),
            refusal=None if has_failed else self._refusal,
        )

    def _one(self, work: StackWork | StackResult) -> Process[None]:
        if isinstance(work, StackResult):
            self._end(work)
            return
        stack = work.stack
        yield from self._turn_of(stack)
        if any(end.outcome not in SUCCEEDED for end in self._ends.values()):
            self._end(
                StackResult(stack.key, stack.name, StackOutcome.NOT_STARTED, work.status, detail="another stack failed")
            )
            return
        try:
            with ExitStack() as locked:
                if stack.runs_images:
                    locked.enter_context(self._deps.guard())
                end, diagnoses = yield from work.done()
        except Cancelled:
            raise
        except DeployError as error:
            end, diagnoses = self._refused(work, error)
        self._end(end)
        self._diagnoses += diagnoses
        for diagnosis in diagnoses:
            self._deps.emit(Explained(diagnosis))

    def _turn_of(self, stack: Stack) -> Process[None]:
        reported = False
        while waiting := [key for key in stack.needs if key in self._works and key not in self._ends]:
            if not reported:
                reported = True
                self._deps.emit(StackWaits(stack.key, ", ".join(waiting)))
            yield False

    def _refused(self, work: StackWork, error: DeployError) -> Ended:
        """AWS or the registry refused, or another release has the lock."""
        if error.exit_code is not Exit.PRECONDITION_FAILED:
            self._refusal = self._refusal or error.exit_code
        stack = work.stack
        outcome = StackOutcome.IN_PROGRESS if work.executed else StackOutcome.REFUSED
        diagnosis = Diagnosis("refused", error.cause, error.fix, subject=stack.key)
        return StackResult(stack.key, stack.name, outcome, work.status, detail=error.cause), (diagnosis,)

    def _end(self, end: StackResult) -> None:
        self._ends[end.key] = end
        self._deps.emit(StackEnded(end))


def _unfinished(work: StackWork | StackResult) -> StackResult:
    if isinstance(work, StackResult):
        return work
    stack = work.stack
    if not work.executed:
        return StackResult(stack.key, stack.name, StackOutcome.NOT_STARTED, work.status)
    detail = "CloudFormation continues; the next `deploytool infra apply` follows it to its end"
    return StackResult(stack.key, stack.name, StackOutcome.IN_PROGRESS, work.status, detail=detail)
