"""One change to an environment, from the lock to what is told of it: what all verbs that bring a version share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import click

from deploytool.aws.session import Session
from deploytool.config.model import EnvironmentConfig
from deploytool.deploy import git
from deploytool.deploy.context import Context, SystemClock
from deploytool.deploy.github import GithubReporting
from deploytool.deploy.images import Images
from deploytool.ecs.client import Ecs
from deploytool.ecs.observability import Alarms, Logs, TargetGroups
from deploytool.errors import ConfigurationError, DeployError, Exit
from deploytool.ledger.journal import Journal
from deploytool.ledger.lock import IfBusy, LockState, describe
from deploytool.ledger.lock_store import DEFAULT_TTL, Lease, Lock, acquire
from deploytool.ledger.record import Kind, Record, open_record, version_of
from deploytool.ledger.recovery import RecoveryResult, last_that_moved, recover, settle_finished
from deploytool.ledger.rollback_target import replaced_release, rollback_target, rolled_back_release
from deploytool.ledger.store import Ledger
from deploytool.output.console import is_interactive, print_document, print_text, tolerating_closed_stream
from deploytool.output.json import outcome_document, plan_document
from deploytool.output.outcome import outcome_text
from deploytool.release import ports
from deploytool.release.engine import run
from deploytool.release.events import IncludedCommits, WarningIssued
from deploytool.release.events import Recovered as SettledEvent
from deploytool.release.http import HttpClient
from deploytool.release.model import (
    GithubRecord,
    ObservedService,
    Outcome,
    Plan,
    PublishedImage,
    ReleaseRequest,
    Result,
    TriggeredBy,
)
from deploytool.release.ports import NullJournal, NullLock

# SEG cli.change
# One change to an environment, from the lock to what is told of it: what all verbs that bring a version share.


def run_deployment(
    found: Context,
    clock: SystemClock,
    decide: Callable[[DeploymentSession], PlannedDeployment],
    *,
    if_busy: IfBusy | None,
    wait: float | None,
    reason: str = "",
    as_json: bool,
) -> Outcome:
    """Take the lock, decide under it, carry that out, and say what it came to.

    ``decide`` looks at what is live and makes the plan. ``wait`` is in seconds, as ``if_busy`` for a lock that another
    has. ``reason`` is what others read of the lock meanwhile. Raises DeployError where it is refused, NotSettled where
    it left an earlier release as it found it: with services between two versions.
    """
    from deploytool.deploy.context import release_id, triggered_by
    from deploytool.deploy.github import github_reporting

    asked_by, name = triggered_by(), release_id()
    with github_reporting(found, name) as github:
        # What loads boto3, while GitHub is told.
        from deploytool.deploy.git import checkout, require_clean
        from deploytool.output.console import progress_listener

        busy = LockConflictPolicy.asked(if_busy, wait)
        with (
            progress_listener(github.on_event, as_json=as_json) as emit,
            deployment_session(found, name, asked_by, clock, emit, busy, reason) as session,
        ):
            with session.minding_unsettled():
                planned = decide(session)
                if planned.plan.builds:
                    require_clean(checkout(found.root), found.commit)
            outcome = execute(session, planned, github)
        print_outcome(outcome, as_json=as_json)
    # Every service on one version is what settles an earlier release, too; a rollback of some is not that.
    if not outcome.live or planned.previous:
        session.require_settled()
    return outcome


# SEG cli.world
# Everything outside, put together for the engine (``run.ports.World``).


class NoBuilder:
    """Port ``run.ports.Builder`` for what never builds: a rollback, a promotion, settling."""

    def build(self, image: object, write_line: ports.LineWriter) -> PublishedImage:
        """Never called: such plans have no Build step."""
        raise AssertionError("a plan without a Build step does not build")

    def gate(self, image: object, digest: str, write_line: ports.LineWriter) -> None:
        """What ran before was let through before."""


def dependencies(
    session: Session,
    ecs: Ecs,
    logs: Logs,
    clock: ports.Clock,
    emit: ports.EventListener,
    *,
    builder: ports.Builder | None = None,
    lease: ports.Lease | None = None,
    journal: ports.Journal | None = None,
) -> ports.Dependencies:
    """The world of one account; what is left out builds nothing, asks nobody and notes nothing."""
    return ports.Dependencies(
        ecs=ecs,
        logs=logs,
        builder=builder or NoBuilder(),
        web=HttpClient(),
        alarms=Alarms(session),
        target_groups=TargetGroups(session),
        clock=clock,
        emit=emit,
        lease=lease or NullLock(),
        journal=journal or NullJournal(),
    )


@contextmanager
def open_logs(session: Session) -> Iterator[Logs]:
    """CloudWatch Logs; at the end it is said which of them could not be read."""
    logs = Logs(session)
    try:
        yield logs
    finally:
        for note in sorted(logs.unreadable):
            click.echo(f"warning: {note}", err=True)


# SEG cli.transaction
# One change to one environment: the lock is taken, what a killed release left is settled, and the ledger is open.

DEFAULT_WAIT = 600.0
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

    exit_code = Exit.ROLLBACK_INCOMPLETE

    def __init__(self, cause: str, fix: str = "") -> None:
        super().__init__(
            cause, fix or "see `deploytool status` and `deploytool logs`, then `deploytool recover` or release a commit"
        )


@dataclass(frozen=True)
class LockConflictPolicy:
    """What to do where another release has the lock."""

    if_busy: IfBusy = "refuse"
    wait_seconds: float = 0.0

    @classmethod
    def asked(cls, if_busy: IfBusy | None, wait: float | None) -> LockConflictPolicy:
        """From the options: ``--wait`` alone means to wait."""
        return cls(if_busy or ("refuse" if wait is None else "wait"), DEFAULT_WAIT if wait is None else wait)


@dataclass
class DeploymentSession:
    """The lock is ours for as long as this lives."""

    project: Context
    release_id: str
    triggered_by: TriggeredBy
    """Who asked for the change."""
    clock: SystemClock
    emit: ports.EventListener
    ecs: Ecs
    logs: Logs
    lease: Lease | None
    ledger: Ledger | None
    settled: tuple[RecoveryResult, ...] = ()
    """How each release that was killed or cancelled, and had left something, was settled by this run."""
    _before: str = ""
    _restores: str = ""
    _kept: Journal | None = None

    def serving_again(self, outcome: Outcome) -> str:
        """The release that serves again, where this one brought one back: by intent, or since it failed."""
        if outcome.result is Result.ROLLED_BACK:
            return "" if outcome.plan.already_running else self._before
        return self._restores if outcome.succeeded else ""

    def records(self, limit: int | None = None) -> tuple[Record, ...]:
        """The ledger, newest first; empty where there is none."""
        return self.ledger.recent(limit) if self.ledger else ()

    def version(self) -> Record | None:
        """The release that the ledger names as live; ``None`` where it names none, or there is no ledger."""
        return self.ledger.version() if self.ledger else None

    @property
    def unsettled(self) -> str:
        """What came of the releases that could not be settled; empty where all are."""
        return "; ".join(each.summary for each in self.settled if not each.succeeded)

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

    def deps(self, planned: PlannedDeployment) -> ports.Dependencies:
        """Everything the engine needs to carry out this plan; its record is begun."""
        return self._world(planned.images, self._journal(planned))

    def on_github(self, github: GithubRecord) -> None:
        """Keep what was made on GitHub in the record, where there is one; comes from another thread."""
        if self._kept:
            self._kept.on_github(github)

    def settle(self) -> tuple[RecoveryResult, ...]:
        """Close what killed releases left, oldest first, then see a cancelled one's services back.

        Raises what ``run.settle`` raises.
        """
        if self.ledger is None or self.lease is None:
            return ()
        closed, timeout = [], float(self.project.settings.timeout)
        for record in self.ledger.unfinished():
            ours = replace(record, fencing_token=self.lease.fencing_token)
            self.ledger.save(ours)
            journal = Journal(self.ledger, ours)
            end = recover(ours, self._world(None, journal), timeout)
            journal.settled(end.result, end.summary, end.running)
            request = _request(record, self.project.settings)
            self.emit(SettledEvent(request, end.result is Result.RELEASED, end.summary, record.github))
            closed.append(end)
        # A cancelled release sends its services back without waiting: who comes next waits until they are there.
        last = last_that_moved(self.records(LOOKED_AT)) if not closed else None
        if last and (end_of_last := settle_finished(last, self._world(None, NullJournal()), timeout)):
            closed.append(end_of_last)
        return tuple(closed)

    def _journal(self, planned: PlannedDeployment) -> ports.Journal:
        if self.ledger is None or self.lease is None or planned.plan.nothing_to_do:
            return NullJournal()
        live = next(iter(self.ledger.recent(1, result=Result.RELEASED)), None)
        self._before, self._restores = live.live_release_id if live else "", planned.restores
        record = open_record(
            planned.plan,
            planned.live,
            document=plan_document(planned.plan),
            now=_now(),
            fencing_token=self.lease.fencing_token,
            kind=planned.kind,
            previous=planned.previous or self._before,
            restores=planned.restores,
        )
        self.ledger.begin(record)
        self._kept = Journal(self.ledger, record)
        return self._kept

    def _world(self, builder: Images | None, journal: ports.Journal) -> ports.Dependencies:
        return dependencies(
            self.project.session,
            self.ecs,
            self.logs,
            self.clock,
            self.emit,
            builder=builder,
            lease=self.lease,
            journal=journal,
        )


@contextmanager
def deployment_session(
    project: Context,
    release_id: str,
    origin: TriggeredBy,
    clock: SystemClock,
    emit: ports.EventListener,
    busy: LockConflictPolicy,
    reason: str = "",
) -> Iterator[DeploymentSession]:
    """Take the lock (or wait, or ask for it), settle what was left, and free it at the end, whatever happens.

    Raises Locked, SupersededBy, LedgerMissing, CloudError.
    """
    lease, ledger = _acquired(project, release_id, origin, clock, emit, busy, reason)
    try:
        with open_logs(project.session) as logs:
            ecs = Ecs(project.session, project.settings.cluster)
            session = DeploymentSession(project, release_id, origin, clock, emit, ecs, logs, lease, ledger)
            session.settled = session.settle()
            yield session
    finally:
        if lease:
            _release_lock(lease, emit)


def _acquired(
    project: Context,
    release_id: str,
    origin: TriggeredBy,
    clock: SystemClock,
    emit: ports.EventListener,
    busy: LockConflictPolicy,
    reason: str,
) -> tuple[Lease | None, Ledger | None]:
    """Neither lock nor ledger where the configuration says so, and a warning."""
    settings = project.settings
    if settings.ledger is None:
        emit(WarningIssued(NO_LEDGER))
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
        waiting=_report_waiting(settings.environment),
    )
    return lease, ledger


def _ttl() -> float:
    """Seconds that a lease lasts. For tests and demos, which kill releases and cannot wait half a minute each time."""
    asked = os.environ.get(LEASE_TTL, "")
    try:
        seconds = float(asked or DEFAULT_TTL)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 3600:
        raise ConfigurationError(f"{LEASE_TTL}={asked} is not a number of seconds from 1 to 3600", "unset it")
    return seconds


def _release_lock(lease: Lease, emit: ports.EventListener) -> None:
    """A lock that cannot be freed expires; that must not hide how the release ended."""
    try:
        lease.release()
    except DeployError as error:
        emit(WarningIssued(f"the lock was not freed and ends by itself: {error.cause}"))


def _report_waiting(environment: str) -> Callable[[LockState], None]:
    def told(lock_state: LockState) -> None:
        click.echo(f"waiting: {environment} is locked by {describe(lock_state, _now())}", err=True)

    return told


def _request(record: Record, settings: EnvironmentConfig) -> ReleaseRequest:
    origin = TriggeredBy(record.actor, record.run_url, record.run_id, record.pull_request)
    here = (settings.github_environment, settings.production)
    return ReleaseRequest(record.release_id, record.app, record.environment, record.commit, origin, *here)


def _now() -> datetime:
    return datetime.now(UTC)


# SEG cli.carry_out
# Carry out a plan, and say what it came to.


def execute(session: DeploymentSession, planned: PlannedDeployment, github: GithubReporting) -> Outcome:
    """Run the plan to its outcome; the ledger has it before this returns, what ``github`` makes included."""
    if planned.plan.concerned and not planned.previous:
        _report_context(session, planned)
    github.remembered_by(session.on_github)
    outcome = run(planned.plan, session.deps(planned))
    github.serves_again(session.serving_again(outcome))
    return outcome


def _report_context(session: DeploymentSession, planned: PlannedDeployment) -> None:
    """What the comments of pull requests are made of and the plan does not hold."""
    records, plan = session.records(), planned.plan
    if back := rollback_target(records, planned.restores):
        session.emit(back)
    commit = plan.request.commit
    if planned.kind is not Kind.ROLLBACK and (over := replaced_release(records)):
        session.emit(over)
    taken = rolled_back_release(records) if planned.kind is Kind.ROLLBACK else None
    if taken:
        session.emit(taken)
        base, head = commit.sha, taken.request.commit.sha
    else:
        version = version_of(records)
        base, head = plan.commit_before or (version.commit.sha if version else ""), commit.sha
    others = tuple(each for each in git.between(session.project.root, base, head) if each.sha != head)
    session.emit(IncludedCommits(others))


def print_outcome(outcome: Outcome, *, as_json: bool) -> None:
    """The outcome on standard output."""
    with tolerating_closed_stream(sys.stdout):
        if as_json:
            print_document(outcome_document(outcome))
        elif is_interactive():
            from rich.console import Console
            from rich.text import Text

            Console().print(Text(outcome_text(outcome)))
        else:
            print_text(outcome_text(outcome))


@dataclass(frozen=True)
class PlannedDeployment:
    """A plan, with what it was made from and what it means to the history of releases."""

    plan: Plan
    live: Mapping[str, ObservedService]
    images: Images | None
    """``None`` where nothing is ever built: rollback and promotion."""
    kind: Kind = Kind.RELEASE
    restores: str = ""
    """The release whose version it brings back."""
    previous: str = ""
    """The release that a rollback from it goes to, where that is not the one that is live now."""
