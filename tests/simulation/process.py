"""One ``deploytool release``: lock, settle what was left, look, plan, run; in the order of ``cli.transaction``."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import timedelta

from deploytool.config import model as config
from deploytool.errors import DeployError, Exit, SupersededBy
from deploytool.ledger.lock import Locked, LockState, LockStep, next_step
from deploytool.ledger.record import Record, open_record
from deploytool.ledger.recovery import RecoveryResult, recover
from deploytool.release.engine import run
from deploytool.release.events import Event, Explained, StepBegan, WarningIssued
from deploytool.release.model import (
    Commit,
    ObservedService,
    ObservedState,
    Outcome,
    PublishedImage,
    ReleaseRequest,
    Verify,
)
from deploytool.release.planner import plan
from deploytool.release.ports import Cancelled, Dependencies
from tests.simulation.schedule import Run, said
from tests.simulation.site import SERVICES, Site, commit_of
from tests.support.fake_ecs.clock import VirtualClock
from tests.support.fake_ecs.deployment import moment
from tests.support.fake_ecs.faults import Fault, denied, unanswered
from tests.support.fake_ecs.life import CRASHES, HEALTHY, NEVER_READY, NO_IMAGE, Life
from tests.support.fake_ecs.lifeline import Killed, Lifeline
from tests.support.fake_ecs.recorded import TTL, RecordedJournal, RecordedLease
from tests.support.fake_ecs.surroundings import ModelAlarms, ModelBuilder, ModelLogs, ModelTargetGroups
from tests.support.fake_ecs.table import Gone
from tests.unit.release import plan_cases as cases

TIMEOUT = 40.0
LIVES = {"healthy": HEALTHY, "crashes": CRASHES, "no image": NO_IMAGE, "never ready": NEVER_READY}
GOOD = Life(starts_after=3.0, runs_for=5.0, exit_code=0)
MIGRATIONS: dict[str, list[Life | str]] = {
    "good": [GOOD],
    "slow": [replace(GOOD, runs_for=25.0)],
    "fails": [replace(GOOD, exit_code=1)],
    "hangs": [replace(GOOD, runs_for=None)],
    "never starts": [Life(starts_after=2.0, never_starts="Timeout waiting for network interface provisioning."), GOOD],
    "no capacity": ["Capacity is unavailable at this time.", "RESOURCE:MEMORY", GOOD],
}


@dataclass
class ProcessClock:
    """Port ``release.ports.Clock`` of one process: its calls count, and its cancellation is its own."""

    clock: VirtualClock
    life: Lifeline
    cancel_at: float | None

    def monotonic(self) -> float:
        """Seconds since the world began."""
        return self.clock.now

    def pace(self) -> float:
        """Always the same."""
        return self.clock.pace()

    def sleep(self, seconds: float) -> None:
        """Raises Cancelled once."""
        self.life.call()
        if self.cancel_at is not None and self.cancel_at <= self.clock.now + seconds:
            at, self.cancel_at = self.cancel_at, None
            self.clock.sleep(max(0.0, at - self.clock.now))
            raise Cancelled("SIGTERM")
        self.clock.sleep(seconds)


@dataclass
class End:
    """How a process ended. ``exit`` is ``None`` where it was killed."""

    exit: Exit | None
    outcome: Outcome | None = None
    settled: list[RecoveryResult] = field(default_factory=list)
    raised: DeployError | None = None


class Process:
    """Lives once."""

    def __init__(self, site: Site, script: Run) -> None:
        self.site = site
        self.script = script
        self.id = site.next_id()
        self.life = Lifeline(kill_at=script.kill_at, halt_at=script.halt_at)
        self.clock = ProcessClock(site.clock, self.life, _from(site, script.cancel_at))
        self.lease: RecordedLease | None = None
        self.settling: Record | None = None
        self.settled: list[RecoveryResult] = []
        self.changed: list[tuple[str, str]] = []
        self.before: dict[str, str] = {}

    @property
    def lost(self) -> bool:
        """It noticed that somebody else has the lock."""
        return self.lease is not None and self.lease.lost is not None

    def live(self) -> End:
        """From its start to its end."""
        self._prepare()
        try:
            outcome = self._locked()
        except Killed:
            end = End(None, settled=self.settled)
        except DeployError as error:
            end = End(error.exit_code, settled=self.settled, raised=error)
        else:
            end = End(outcome.exit_code, outcome, self.settled)
        said = end.outcome.summary if end.outcome else end.raised.cause if end.raised else "killed"
        self.site.note(f"{self.id} ends with {'SIGKILL' if end.exit is None else int(end.exit)}: {said}")
        return end

    def _prepare(self) -> None:
        site, script = self.site, self.script
        site.note(f"{self.id} begins: {said(script)}")
        site.ecs.calls.clear()
        site.ecs.faults = [
            Fault(
                each.operation,
                (denied if each.denied else unanswered)(each.operation),
                first=each.first,
                last=each.last,
                lost=each.lost,
            )
            for each in script.faults
        ]
        site.ecs.life = self.life
        site.ecs.next_life = {"app": LIVES[script.app], "worker": LIVES[script.worker]}
        if script.migration:
            site.ecs.migrations.lives = list(MIGRATIONS[script.migration])
        if script.verify_fails:
            site.verify_fails.add(self.id)
        now = site.clock.now
        if script.superseded_at is not None:
            site.clock.at(now + script.superseded_at, self._superseded)
        if script.foreign_at is not None:
            site.clock.at(now + script.foreign_at, lambda: site.deploy_by_other_means("app"))
        if script.table_down:
            begins, lasts = script.table_down
            site.clock.at(now + begins, lambda: self._table(down=True))
            site.clock.at(now + begins + lasts, lambda: self._table(down=False))

    def _table(self, *, down: bool) -> None:
        self.site.note(f"the table is {'down' if down else 'up'}")
        self.site.table.down = down

    def _superseded(self) -> None:
        if self.site.table.lock.owner == self.id:
            self.site.note(f"{self.id} is asked to give way")
            self.site.table.lock = replace(self.site.table.lock, superseded_by=f"{self.id}-newer")

    def _locked(self) -> Outcome:
        self.lease = RecordedLease(self.site.table, self._obtained(), self.site.clock, self.life)
        try:
            self._settle_what_was_left()
            return self._released()
        finally:
            self.lease.release()

    def _obtained(self) -> LockState:
        deadline = self.clock.monotonic() + 300.0
        while True:
            self.life.call()
            now, seen = moment(self.site.clock.now), self.site.table.read_lock()
            step = next_step(seen, self.id, now, self.script.if_busy)
            if step is LockStep.TAKE:
                lock = LockState(owner=self.id, since=now, expires=now + timedelta(seconds=TTL))
                if mine := self.site.table.take(seen, lock):
                    return mine
                continue
            if step is LockStep.YIELD:
                raise SupersededBy(self.id, seen.superseded_by)
            if step is LockStep.SUPERSEDE:
                try:
                    self.site.table.supersede(seen, self.id)
                except Gone:
                    continue
            if step is LockStep.REFUSE or self.clock.monotonic() >= deadline:
                raise Locked("production", seen, now)
            self.clock.sleep(self.clock.pace())

    def _settle_what_was_left(self) -> None:
        assert self.lease is not None
        for record in self.site.table.unfinished():
            ours = replace(record, fencing_token=self.lease.mine.fencing_token)
            self.life.call()
            self.site.table.save(ours)
            self.settling = ours
            end = recover(ours, self._world(self._journal(ours)), TIMEOUT)
            self.site.note(f"{self.id} settled {record.release_id}: {end.summary}")
            self.life.call()
            self.site.table.save(
                replace(
                    ours,
                    result=end.result,
                    summary=end.summary,
                    running=end.running,
                    ended_at=moment(self.site.clock.now),
                )
            )
            self.settling = None
            self.settled.append(end)

    def _released(self) -> Outcome:
        assert self.lease is not None
        self.before = self.site.live()
        live = self._look()
        request = ReleaseRequest(self.id, "shop", "production", Commit(commit_of(self.id)))
        wanted = plan(request, self._settings(), live, cases.REGISTRY)
        verified = [each.service for each in wanted.steps if isinstance(each, Verify)]
        record = open_record(
            wanted,
            live.services,
            document={"verify": verified},
            now=moment(self.site.clock.now),
            fencing_token=self.lease.mine.fencing_token,
        )
        self.life.call()
        self.site.table.begin(record)
        return run(wanted, self._world(self._journal(record)))

    def _look(self) -> ObservedState:
        states = self.site.ecs.services(SERVICES)
        found = [
            ObservedService(name, state, self.site.definition(state.task_definition), host="shop.test")
            for name, state in states.items()
        ]
        digest = PublishedImage(f"sha256:{self.id:0>64}", ("linux/amd64",))
        task = cases.definition("migrate") if self.script.migration else None
        return cases.live(*found, images={"app": digest}, migrate=task)

    def _settings(self) -> config.EnvironmentConfig:
        expect = config.ExpectConfig(200, None, commit_of(self.id))
        asked = cases.verification(expect=expect, timeout=12, interval=4) if self.site.schedule.verified else None
        after = ("app",) if self.site.schedule.staged else ()
        return cases.settings(
            cases.service("app", verify=asked, timeout=TIMEOUT),
            cases.service("worker", *after, timeout=TIMEOUT),
            migrate=cases.migration(timeout=TIMEOUT, on_cancel="stop" if self.script.stop_on_cancel else "finish")
            if self.script.migration
            else None,
        )

    def _journal(self, record: Record) -> RecordedJournal:
        luck = random.Random(f"{self.site.schedule.seed} {self.id}")
        return RecordedJournal(self.site.table, record, self.site.clock, self.life, luck)

    def _world(self, journal: RecordedJournal) -> Dependencies:
        assert self.lease is not None
        return Dependencies(
            ecs=self.site.ecs,
            logs=ModelLogs(),
            builder=ModelBuilder(),
            web=self.site,
            alarms=ModelAlarms(self.site.clock),
            target_groups=ModelTargetGroups(),
            clock=self.clock,
            emit=self._on_event,
            lease=self.lease,
            journal=journal,
        )

    def _on_event(self, event: Event) -> None:
        match event:
            case StepBegan():
                self.site.note(f"{self.id}: {event.step} {event.detail}")
            case Explained():
                self.site.note(f"{self.id}: {event.diagnosis.code}: {event.diagnosis.cause}")
            case WarningIssued():
                self.site.note(f"{self.id}: warned: {event.text}")


def _from(site: Site, seconds: float | None) -> float | None:
    return None if seconds is None else site.clock.now + seconds
