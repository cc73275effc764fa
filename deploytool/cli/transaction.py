"""One change to one environment: the lock is taken, what a killed release left is settled, and the ledger is open."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import click

from deploytool.aws.ecs import Ecs
from deploytool.aws.journal import Journal
from deploytool.aws.lease import TTL, Lease, acquire
from deploytool.aws.ledger import Ledger
from deploytool.aws.lock import Lock
from deploytool.aws.logs import Logs
from deploytool.cli.clock import SystemClock
from deploytool.cli.decide import Decided
from deploytool.cli.images import Images
from deploytool.cli.project import Project
from deploytool.cli.world import reading_logs, world_of
from deploytool.core.config.model import Settings
from deploytool.core.events import Settled as SettledEvent
from deploytool.core.events import Warned
from deploytool.core.lease import Holding, IfBusy, describe
from deploytool.core.ledger import GithubRecord, Record
from deploytool.core.ledger_notes import opened
from deploytool.core.model import Origin, Request
from deploytool.core.outcome import Outcome, Result
from deploytool.core.recovery import last_that_moved
from deploytool.errors import ConfigurationError, DeployError, Exit
from deploytool.report.documents import plan_document
from deploytool.run import ports
from deploytool.run.settle import Settled, settle, settle_finished
from deploytool.run.unrecorded import Unrecorded

WAIT = 600.0
"""Seconds to wait for another release where ``--wait`` does not say."""
LEASE_TTL = "DEPLOYTOOL_LEASE_TTL"
LOOKED_AT = 10
"""Records, newest first, among which the one is looked for that may have left services on their way."""
NO_LEDGER = (
    "this environment has no ledger (ledger: false): nothing keeps two releases apart, "
    "and there is no history to roll back to"
)


class NotSettled(DeployError):
    """An earlier release left services between two versions, and nothing has brought them to one yet."""

    exit_code = Exit.NOT_ROLLED_BACK

    def __init__(self, cause: str, fix: str = "") -> None:
        super().__init__(
            cause, fix or "see `deploytool status` and `deploytool logs`, then `deploytool recover` or release a commit"
        )


@dataclass(frozen=True)
class Busy:
    """What to do where another release has the lock."""

    if_busy: IfBusy = "refuse"
    wait_seconds: float = 0.0

    @classmethod
    def asked(cls, if_busy: IfBusy | None, wait: float | None) -> Busy:
        """From the options: ``--wait`` alone means to wait."""
        return cls(if_busy or ("refuse" if wait is None else "wait"), WAIT if wait is None else wait)


@dataclass
class Transaction:
    """The lock is ours for as long as this lives."""

    project: Project
    release_id: str
    origin: Origin
    """Who asked for the change."""
    clock: SystemClock
    tell: ports.Tell
    ecs: Ecs
    logs: Logs
    lease: Lease | None
    ledger: Ledger | None
    settled: tuple[Settled, ...] = ()
    """How each release that was killed or cancelled, and had left something, was settled by this run."""
    _before: str = ""
    _restores: str = ""
    _kept: Journal | None = None

    def serving_again(self, outcome: Outcome) -> str:
        """The release that serves again, where this one brought one back: by intent, or since it failed."""
        if outcome.result is Result.ROLLED_BACK:
            return "" if outcome.plan.already_running else self._before
        return self._restores if outcome.good else ""

    def records(self, limit: int | None = None) -> tuple[Record, ...]:
        """The ledger, newest first; empty where there is none."""
        return self.ledger.recent(limit) if self.ledger else ()

    def version(self) -> Record | None:
        """The release that the ledger names as live; ``None`` where it names none, or there is no ledger."""
        return self.ledger.version() if self.ledger else None

    @property
    def unsettled(self) -> str:
        """What came of the releases that could not be settled; empty where all are."""
        return "; ".join(each.sentence for each in self.settled if not each.good)

    def require_settled(self) -> None:
        """Raise NotSettled where services are between two versions."""
        if self.unsettled:
            raise NotSettled(self.unsettled)

    @contextmanager
    def minding_unsettled(self) -> Iterator[None]:
        """A refusal in here must not hide that services are between two versions. Raises NotSettled then."""
        try:
            yield
        except NotSettled:
            raise
        except DeployError as error:
            if not self.unsettled:
                raise
            raise NotSettled(f"{self.unsettled}; {error.cause}", error.fix) from error

    def world(self, decided: Decided) -> ports.World:
        """Everything the engine needs to carry out this plan; its record is begun."""
        return self._world(decided.images, self._journal(decided))

    def on_github(self, github: GithubRecord) -> None:
        """Keep what was made on GitHub in the record, where there is one; comes from another thread."""
        if self._kept:
            self._kept.on_github(github)

    def settle(self) -> tuple[Settled, ...]:
        """Close what killed releases left, oldest first, then see a cancelled one's services back.

        Raises what ``run.settle`` raises.
        """
        if self.ledger is None or self.lease is None:
            return ()
        closed, timeout = [], float(self.project.settings.timeout)
        for record in self.ledger.unfinished():
            ours = replace(record, fence=self.lease.fence)
            self.ledger.save(ours)
            journal = Journal(self.ledger, ours)
            end = settle(ours, self._world(None, journal), timeout)
            journal.settled(end.result, end.sentence, end.serving)
            request = _request(record, self.project.settings)
            self.tell(SettledEvent(request, end.result is Result.RELEASED, end.sentence, record.github))
            closed.append(end)
        # A cancelled release sends its services back without waiting: who comes next waits until they are there.
        last = last_that_moved(self.records(LOOKED_AT)) if not closed else None
        if last and (end_of_last := settle_finished(last, self._world(None, Unrecorded()), timeout)):
            closed.append(end_of_last)
        return tuple(closed)

    def _journal(self, decided: Decided) -> ports.Journal:
        if self.ledger is None or self.lease is None or decided.plan.nothing_to_do:
            return Unrecorded()
        live = next(iter(self.ledger.recent(1, result=Result.RELEASED)), None)
        self._before, self._restores = live.live_id if live else "", decided.restores
        record = opened(
            decided.plan,
            decided.live,
            document=plan_document(decided.plan),
            now=_now(),
            fence=self.lease.fence,
            kind=decided.kind,
            previous=decided.previous or self._before,
            restores=decided.restores,
        )
        self.ledger.begin(record)
        self._kept = Journal(self.ledger, record)
        return self._kept

    def _world(self, builder: Images | None, journal: ports.Journal) -> ports.World:
        return world_of(
            self.project.session,
            self.ecs,
            self.logs,
            self.clock,
            self.tell,
            builder=builder,
            lease=self.lease,
            journal=journal,
        )


@contextmanager
def transaction(project: Project, release_id: str, origin: Origin, clock: SystemClock, tell: ports.Tell, busy: Busy,
                reason: str = "") -> Iterator[Transaction]:  # fmt: skip
    """Take the lock (or wait, or ask for it), settle what was left, and free it at the end, whatever happens.

    Raises Locked, SupersededBy, LedgerMissing, CloudError.
    """
    lease, ledger = _acquired(project, release_id, origin, clock, tell, busy, reason)
    try:
        with reading_logs(project.session) as logs:
            ecs = Ecs(project.session, project.settings.cluster)
            open_one = Transaction(project, release_id, origin, clock, tell, ecs, logs, lease, ledger)
            open_one.settled = open_one.settle()
            yield open_one
    finally:
        if lease:
            _free(lease, tell)


def _acquired(project: Project, release_id: str, origin: Origin, clock: SystemClock, tell: ports.Tell, busy: Busy,
              reason: str) -> tuple[Lease | None, Ledger | None]:  # fmt: skip
    """Neither lock nor ledger where the configuration says so, and a warning."""
    settings = project.settings
    if settings.ledger is None:
        tell(Warned(NO_LEDGER))
        return None, None
    ledger = Ledger(project.session, settings.ledger, settings.app, settings.environment)
    lease = acquire(
        Lock(project.session, settings.ledger, settings.app, settings.environment),
        owner=release_id,
        clock=clock,
        actor=origin.actor,
        run_url=origin.run_url,
        reason=reason,
        if_busy=busy.if_busy,
        wait_seconds=busy.wait_seconds,
        ttl=_ttl(),
        waiting=_waiting(settings.environment),
    )
    return lease, ledger


def _ttl() -> float:
    """Seconds that a lease lasts. For tests and demos, which kill releases and cannot wait half a minute each time."""
    asked = os.environ.get(LEASE_TTL, "")
    try:
        seconds = float(asked or TTL)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 3600:
        raise ConfigurationError(f"{LEASE_TTL}={asked} is not a number of seconds from 1 to 3600", "unset it")
    return seconds


def _free(lease: Lease, tell: ports.Tell) -> None:
    """A lock that cannot be freed expires; that must not hide how the release ended."""
    try:
        lease.release()
    except DeployError as error:
        tell(Warned(f"the lock was not freed and ends by itself: {error.cause}"))


def _waiting(environment: str) -> Callable[[Holding], None]:
    def told(holding: Holding) -> None:
        click.echo(f"waiting: {environment} is locked by {describe(holding, _now())}", err=True)

    return told


def _request(record: Record, settings: Settings) -> Request:
    origin = Origin(record.actor, record.run_url, record.run_id, record.pull_request)
    here = (settings.github_environment, settings.production)
    return Request(record.release_id, record.app, record.environment, record.commit, origin, *here)


def _now() -> datetime:
    return datetime.now(UTC)
