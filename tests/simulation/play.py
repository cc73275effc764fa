"""Play a schedule to its end and hold it against the invariants."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from deploytool.errors import Exit
from tests.simulation import invariants
from tests.simulation.process import Process
from tests.simulation.schedule import Run, Schedule, drawn, smaller
from tests.simulation.site import Broke, Site
from tests.support.fake_ecs.life import HEALTHY

TRIES = 6
"""Times that a last release, with nothing wrong any more, is tried: ECS may still be rolling."""
START_UP = 11.0
"""Seconds between two processes: by then a reading shows what the one before did."""
SHRINKS = 60


@dataclass(frozen=True)
class Failure:
    """A schedule that broke an invariant, made as small as it still does."""

    seed: int
    why: str
    schedule: Schedule
    trace: tuple[str, ...]


def play(site: Site) -> None:
    """Raises Broke."""
    with nothing_escapes(site):
        stuck = False
        for run in site.schedule.runs:
            stuck = one(site, run) or stuck
        at_last(site, stuck=stuck)


@contextmanager
def nothing_escapes(site: Site) -> Iterator[None]:
    """Whatever gets out of a process that was not killed breaks an invariant too: no failure may escape untold."""
    try:
        yield
    except Exception as fault:
        site.note(f"{type(fault).__name__}: {fault}")
        where = traceback.extract_tb(fault.__traceback__)[-1]
        raise Broke(f"{type(fault).__name__} got out of {where.filename}:{where.lineno}: {fault}") from fault


def one(site: Site, wish: Run) -> bool:
    """One process, with its rival if it has one. True where somebody was told to look."""
    process = Process(site, wish)
    told = False

    def meanwhile() -> None:
        nonlocal told
        faults, lives, migrations = site.ecs.faults, site.ecs.next_life, site.ecs.migrations.lives
        site.note(f"{process.id} stands still")
        site.clock.sleep(40.0)
        assert wish.rival is not None
        told = one(site, wish.rival)
        _enter(site, process)
        site.ecs.faults, site.ecs.next_life, site.ecs.migrations.lives = faults, lives, migrations
        site.note(f"{process.id} goes on")

    process.life.meanwhile = meanwhile
    site.clock.sleep(START_UP)
    began = site.clock.now
    _enter(site, process)
    end = process.live()
    site.ecs.faults = []
    if wish.rival is None or process.life.halt_at is not None:  # else the rival's changes are in between
        invariants.at_end(site, process, end, began)
        if end.exit is Exit.CANCELLED:
            site.clock.sleep(120.0)
            invariants.later(site, process, end, began)
        invariants.one_release(site, process, end)
    else:
        invariants.claims(site, process, end)
    return told or end.exit is Exit.ROLLBACK_INCOMPLETE


def at_last(site: Site, *, stuck: bool) -> None:
    """What is broken is mended; then one release must end well. With ``stuck`` a person was told to look, and did."""
    site.table.down = False
    site.clock.sleep(120.0)
    site.table.down = False
    for arn in site.ecs.migrations.running():
        site.ecs.migrations.stop(arn)
    for service in site.ecs.members.values():
        if stuck and service.primary.state == "IN_PROGRESS":
            site.note(f"a person puts {service.name} back")
            service.move_to(service.live)
            service.primary.life = HEALTHY
    site.ecs.lives = dict.fromkeys(site.ecs.lives, HEALTHY)
    site.clock.sleep(60.0)
    for _ in range(TRIES):
        process = Process(site, Run())
        _enter(site, process)
        end = process.live()
        if end.exit is not Exit.PRECONDITION_FAILED:
            break
        site.clock.sleep(120.0)
    invariants.at_last(site, process, end)


def _enter(site: Site, process: Process) -> None:
    site.ecs.life = process.life
    site.ecs.changing = lambda operation, about, revision: invariants.at_change(
        site, process, operation, about, revision
    )


def attempt(schedule: Schedule) -> tuple[str, tuple[str, ...]]:
    """Which invariant broke (empty: none) and the trace."""
    site = Site(schedule)
    try:
        play(site)
    except Broke as broke:
        return str(broke), tuple(site.trace)
    return "", tuple(site.trace)


def broken(seed: int) -> Failure | None:
    """``None`` where the schedule of this number keeps every invariant."""
    schedule = drawn(seed)
    why, trace = attempt(schedule)
    if not why:
        return None
    for _ in range(SHRINKS):
        for less in smaller(schedule):
            found, told = attempt(less)
            if _kind(found) == _kind(why):
                schedule, why, trace = less, found, told
                break
        else:
            break
    return Failure(seed, why, schedule, trace)


def _kind(why: str) -> str:
    """Without names and numbers: a smaller schedule must break in the same way."""
    return re.sub(r"r-\d+|[\d.]+", "N", why)[:60]
