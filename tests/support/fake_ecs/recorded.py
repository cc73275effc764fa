"""Lease and journal of one run on the table in memory, with the decisions of ``core`` and the adapters' promises."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from deploytool.errors import DeployError, LeaseLost, SupersededBy
from deploytool.ledger import record as notes
from deploytool.ledger.lock import LockState
from deploytool.ledger.record import Record
from deploytool.release.model import Outcome, StepName
from tests.support.fake_ecs.clock import VirtualClock
from tests.support.fake_ecs.deployment import moment
from tests.support.fake_ecs.lifeline import Lifeline
from tests.support.fake_ecs.table import Gone, ModelTable

TTL = 30.0


@dataclass
class RecordedLease:
    """Port ``release.ports.Lease``: renewed while its process lives, as by the adapter's thread."""

    table: ModelTable
    mine: LockState
    clock: VirtualClock
    life: Lifeline
    lost: LeaseLost | None = None
    over: bool = False

    def __post_init__(self) -> None:
        self._again()

    def check(self) -> None:
        """One conditional write."""
        self.life.call()
        self._renew()
        self.raise_if_lost()

    def raise_if_lost(self) -> None:
        """What the last renewal saw."""
        if self.lost:
            raise self.lost
        if self.mine.superseded_by:
            raise SupersededBy(self.mine.owner, self.mine.superseded_by)

    def release(self) -> None:
        """Free it, where it is ours."""
        self.over = True
        self.life.call()
        self.table.free(self.mine)

    def _renew(self) -> None:
        try:
            self.mine = self.table.renew(self.mine, moment(self.clock.now) + timedelta(seconds=TTL))
        except Gone as gone:
            self.lost = LeaseLost(self.mine.owner, gone.now.owner)
            raise self.lost from None

    def _again(self) -> None:
        self.clock.after(TTL / 3, self._beat)

    def _beat(self) -> None:
        if self.over or self.life.dead or self.lost:
            return
        if not self.life.halted:
            with suppress(DeployError):  # the next change asks again
                self._renew()
        self._again()


@dataclass
class RecordedJournal:
    """Port ``Journal`` of a release: notes that precede a change are durable at once, the others with luck or later."""

    table: ModelTable
    record: Record
    clock: VirtualClock
    life: Lifeline
    luck: random.Random

    def step_began(self, name: StepName, detail: str = "") -> None:
        """Durable on return."""
        self._durable(lambda record: notes.step_began(record, name, detail, moment(self.clock.now)))

    def step_ended(self, name: StepName, succeeded: bool, seconds: float, detail: str = "") -> None:
        """Soon."""
        self._soon(lambda record: notes.step_ended(record, name, succeeded, seconds, detail))

    def image_built(self, name: str, digest: str) -> None:
        """Soon."""
        self._soon(lambda record: notes.built(record, name, digest))

    def revision_registered(self, key: str, arn: str) -> None:
        """Soon."""
        self._soon(lambda record: notes.registered(record, key, arn))

    def migration_started(self, task: str) -> None:
        """Soon."""
        self._soon(lambda record: notes.migration_started(record, task))

    def services_updating(self, after: Mapping[str, str]) -> None:
        """Durable on return."""
        self._durable(lambda record: notes.service_updating(record, after))

    def service_updated(self, key: str, deployment_id: str, arn: str) -> None:
        """Soon."""
        self._soon(lambda record: notes.service_updated(record, key, deployment_id, arn))

    def close(self, outcome: Outcome) -> None:
        """Durable on return."""
        self._durable(lambda record: notes.close_record(record, outcome, moment(self.clock.now)))

    def _durable(self, change: Callable[[Record], Record]) -> None:
        self.life.call()
        self.record = change(self.record)
        self.table.save(self.record)

    def _soon(self, change: Callable[[Record], Record]) -> None:
        self.life.call()
        self.record = change(self.record)
        if self.luck.random() < 0.5:
            return
        try:
            self.table.save(self.record)
        except DeployError:  # the next durable note writes the same again, and raises what it meets
            return
