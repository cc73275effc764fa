"""What may happen to an environment, as data: drawn at random, run, and made smaller where it breaks something."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeVar

from deploytool.ledger.lock import IfBusy

Life = Literal["healthy", "crashes", "no image", "never ready"]
Migration = Literal["good", "slow", "fails", "hangs", "never starts", "no capacity"]
READS = ("DescribeServices", "ListTasks", "DescribeTasks", "DescribeServiceDeployments")
CHANGES = ("UpdateService", "RunTask", "RegisterTaskDefinition", "StopTask", "StopServiceDeployment")


@dataclass(frozen=True)
class Broken:
    """Calls ``first`` to ``last`` of an operation fail; ``lost``: with their effect."""

    operation: str
    denied: bool
    first: int
    last: int
    lost: bool = False


@dataclass(frozen=True)
class Run:
    """One process: what it releases and what happens to it. Times are seconds from its beginning; calls are counted."""

    app: Life = "healthy"
    worker: Life = "healthy"
    migration: Migration | None = None
    stop_on_cancel: bool = False
    verify_fails: bool = False
    faults: tuple[Broken, ...] = ()
    if_busy: IfBusy = "wait"
    cancel_at: float | None = None
    kill_at: int | None = None
    halt_at: int | None = None
    """It stands still here while ``rival`` runs."""
    rival: Run | None = None
    superseded_at: float | None = None
    foreign_at: float | None = None
    """Somebody else deploys the app."""
    table_down: tuple[float, float] | None = None


@dataclass(frozen=True)
class Schedule:
    """An environment and the processes that follow each other in it."""

    runs: tuple[Run, ...]
    staged: bool = False
    verified: bool = True
    details: bool = False
    stale: int = 0
    breaker: bool = True
    rollback: bool = True
    ministack: bool = False
    quiet: bool = False
    seed: int = 0
    """Decides which of the notes that follow a change are written before the process dies."""


S = TypeVar("S", "Run", "Schedule")


def said(what: Run | Schedule) -> str:
    """What is not as usual in it."""
    parts = []
    for each in fields(what):
        value = getattr(what, each.name)
        if value != each.default and each.name not in ("runs", "seed"):
            parts.append(f"{each.name}={f'({said(value)})' if isinstance(value, Run) else value}")
    return ", ".join(parts) or "as usual"


def drawn(seed: int) -> Schedule:
    """The schedule of this number."""
    some = random.Random(seed)
    return Schedule(
        runs=tuple(_run(some, deep=True) for _ in range(some.choice((1, 1, 1, 2, 2, 3)))),
        staged=some.random() < 0.3,
        verified=some.random() < 0.6,
        details=some.random() < 0.5,
        stale=some.choice((0, 0, 0, 1, 3)),
        breaker=some.random() < 0.85,
        rollback=some.random() < 0.85,
        ministack=some.random() < 0.3,
        quiet=some.random() < 0.4,
        seed=seed,
    )


def smaller(schedule: Schedule) -> Iterator[Schedule]:
    """Schedules with one thing less happening in them."""
    for index, run in enumerate(schedule.runs):
        before, after = schedule.runs[:index], schedule.runs[index + 1 :]
        if len(schedule.runs) > 1:
            yield replace(schedule, runs=before + after)
        for simpler in _simpler(run):
            yield replace(schedule, runs=(*before, simpler, *after))
    for name in ("staged", "verified", "details", "stale", "breaker", "rollback", "ministack", "quiet"):
        plain = next(each.default for each in fields(Schedule) if each.name == name)
        if getattr(schedule, name) != plain:
            yield _with(schedule, name, plain)


def _with(what: S, name: str, value: object) -> S:
    changed: dict[str, Any] = {name: value}
    return replace(what, **changed)


def _simpler(run: Run) -> Iterator[Run]:
    for each in fields(Run):
        if getattr(run, each.name) != each.default:
            yield _with(run, each.name, each.default)
    for index in range(len(run.faults)):
        yield replace(run, faults=run.faults[:index] + run.faults[index + 1 :])
    if run.rival:
        yield from (replace(run, rival=simpler) for simpler in _simpler(run.rival))


def _run(some: random.Random, *, deep: bool) -> Run:
    lives: tuple[Life, ...] = ("healthy",) * 5 + ("crashes", "no image", "never ready")
    migrations: tuple[Migration | None, ...] = (None, None, "good", "good", "slow", "fails", "hangs", "never starts",
                                                "no capacity")  # fmt: skip
    halted = deep and some.random() < 0.2
    down = some.uniform(0, 40)
    return Run(
        app=some.choice(lives),
        worker=some.choice(lives),
        migration=some.choice(migrations),
        stop_on_cancel=some.random() < 0.5,
        verify_fails=some.random() < 0.15,
        faults=tuple(_fault(some) for _ in range(some.choice((0, 0, 0, 1, 1, 2)))),
        if_busy=some.choice(("wait", "wait", "refuse", "supersede")),
        cancel_at=some.uniform(0, 60) if some.random() < 0.15 else None,
        kill_at=_instant(some) if some.random() < 0.35 else None,
        halt_at=_instant(some) if halted else None,
        rival=_run(some, deep=False) if halted else None,
        superseded_at=some.uniform(0, 50) if some.random() < 0.1 else None,
        foreign_at=some.uniform(0, 60) if some.random() < 0.1 else None,
        table_down=(down, some.choice((2.0, 10.0, 60.0))) if some.random() < 0.1 else None,
    )


def _instant(some: random.Random) -> int:
    return 1 + int(some.random() ** 1.5 * 110)


def _fault(some: random.Random) -> Broken:
    operation = some.choice(CHANGES + READS)
    first = some.choice((1, 1, 2, 3, 4)) if operation in CHANGES else some.randint(1, 25)
    denied = some.random() < 0.4
    last = 10**6 if denied and some.random() < 0.5 else first + some.choice((0, 0, 1, 3))
    return Broken(operation, denied, first, last, lost=not denied and operation in CHANGES and some.random() < 0.5)
