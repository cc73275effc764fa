"""One change to an environment: take the lock, recover what was interrupted, record, execute, report, unlock."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from deploytool.aws.session import Session
from deploytool.deploy import git
from deploytool.deploy.context import Context, Run, ledger_of, lock_of
from deploytool.deploy.github import GithubReporting
from deploytool.deploy.images import Images
from deploytool.ecs.client import Ecs
from deploytool.ecs.observability import Alarms, Logs, TargetGroups
from deploytool.errors import ConfigurationError, DeployError, Exit
from deploytool.images.buildx import Command, stream
from deploytool.images.errors import BuildTimedOut
from deploytool.ledger.codec import stored_plan
from deploytool.ledger.journal import Journal
from deploytool.ledger.lock import LockConflictPolicy, LockState, describe
from deploytool.ledger.lock_store import DEFAULT_TTL, Lease, acquire, utc_now
from deploytool.ledger.record import Kind, Record, open_record, version_of
from deploytool.ledger.recovery import RecoveryResult, last_that_moved, recover, recover_finished
from deploytool.ledger.rollback_target import replaced_release, rollback_target, rolled_back_release
from deploytool.ledger.store import Ledger
from deploytool.output.console import (
    is_interactive,
    print_document,
    print_text,
    progress_listener,
    tolerating_closed_stream,
)
from deploytool.output.json import OutcomeContext
from deploytool.output.outcome import outcome_text
from deploytool.release import ports
from deploytool.release.engine import run as run_plan
from deploytool.release.events import IncludedCommits, Recovered, WarningIssued
from deploytool.release.http import HttpClient
from deploytool.release.model import (
    ObservedService,
    Outcome,
    Plan,
    PublishedImage,
    ReleaseRequest,
    Result,
)

LEASE_TTL = "DEPLOYTOOL_LEASE_TTL"
RECENT = 10
"""Records, newest first, that are searched for one that may have left services in transition."""
NO_LEDGER = (
    "this environment has no ledger (ledger: false): nothing keeps two releases apart, "
    "and there is no history to roll back to"
)


class NotRecovered(DeployError):
    """An earlier release left services between two versions, and no run has brought them to one yet."""

    exit_code = Exit.ROLLBACK_INCOMPLETE

    def __init__(self, cause: str, fix: str = "") -> None:
        super().__init__(
            cause, fix or "see `deploytool status` and `deploytool logs`, then `deploytool recover` or release a commit"
        )


@dataclass(frozen=True)
class PlannedDeployment:
    """A plan, with what it was made from and what it means to the history of releases."""

    plan: Plan
    live: Mapping[str, ObservedService]
    images: Images | None
    """``None`` where nothing is ever built: rollback and promotion."""
    kind: Kind = Kind.RELEASE
    restores: str = ""
    """The release whose version it restores."""
    previous: str = ""
    """The release that a rollback from it goes to, where that is not the one that is live now."""
    records: tuple[Record, ...] = ()
    """The ledger when it was planned, newest first."""


@dataclass(frozen=True)
class StartedRun:
    """A plan about to be executed; its release record is in the ledger, where there is one."""

    planned: PlannedDeployment
    dependencies: ports.Dependencies
    journal: Journal | None
    """``None`` without a ledger, and where there is nothing to do."""
    live: Record | None = None
    """The release that made live what is live when this one begins."""

    @property
    def live_before(self) -> str:
        """The release whose version is live when this one begins."""
        return self.live.live_release_id if self.live else ""

    def restored_release(self, outcome: Outcome) -> str:
        """The earlier release that is running again: by intent, or because this one failed; empty where none is."""
        if self.journal is None:
            return ""
        if outcome.result is Result.ROLLED_BACK:
            return "" if outcome.plan.already_running else self.live_before
        return self.planned.restores if outcome.succeeded else ""


@dataclass(frozen=True)
class DeploymentSession:
    """An environment whose lock is ours."""

    context: Context
    run: Run
    emit: ports.EventListener
    ecs: Ecs
    logs: Logs
    lease: Lease | None
    ledger: Ledger | None
    recovered: tuple[RecoveryResult, ...] = ()
    """How this run closed each release that was killed or cancelled and had left something."""

    def request(self, context: Context) -> ReleaseRequest:
        """What this run is asked for: the commit of ``context``."""
        return context.request(self.run.id, self.run.triggered_by)

    def records(self, limit: int | None = None) -> tuple[Record, ...]:
        """The ledger, newest first; empty where there is none."""
        return self.ledger.recent(limit) if self.ledger else ()

    @property
    def unrecovered(self) -> str:
        """What came of the releases that could not be recovered; empty where all are."""
        return "; ".join(result.summary for result in self.recovered if not result.succeeded)

    @property
    def unrecovered_error(self) -> NotRecovered | None:
        """Set where services are between two versions."""
        return NotRecovered(self.unrecovered) if self.unrecovered else None

    def require_recovered(self) -> None:
        """Raise NotRecovered where services are between two versions."""
        if error := self.unrecovered_error:
            raise error

    def error_after(self, planned: PlannedDeployment, outcome: Outcome) -> NotRecovered | None:
        """The same once ``planned`` was executed: all services on one version recovers an earlier release, too."""
        return self.unrecovered_error if not outcome.live or planned.previous else None

    def dependencies(
        self, *, builder: ports.Builder | None = None, journal: ports.Journal | None = None
    ) -> ports.Dependencies:
        """This session's AWS for the engine."""
        return dependencies(
            self.context.session,
            self.ecs,
            self.logs,
            self.run.clock,
            self.emit,
            builder=builder,
            lease=self.lease,
            journal=journal,
            commands=LocalCommands(self.context.root),
        )

    def begin(self, planned: PlannedDeployment) -> StartedRun:
        """Write the release record, before anything changes. Raises LedgerMissing, CloudError."""
        if self.ledger is None or self.lease is None or planned.plan.nothing_to_do:
            return StartedRun(planned, self.dependencies(builder=planned.images), None)
        live = next(iter(self.ledger.recent(1, result=Result.RELEASED)), None)
        record = open_record(
            planned.plan,
            planned.live,
            document=stored_plan(planned.plan),
            now=utc_now(),
            fencing_token=self.lease.fencing_token,
            kind=planned.kind,
            previous=planned.previous or (live.live_release_id if live else ""),
            restores=planned.restores,
        )
        self.ledger.begin(record)
        journal = Journal(self.ledger, record)
        return StartedRun(planned, self.dependencies(builder=planned.images, journal=journal), journal, live)


@contextmanager
def open_session(
    context: Context,
    run: Run,
    github: GithubReporting,
    conflict: LockConflictPolicy,
    *,
    reason: str = "",
    as_json: bool = False,
) -> Iterator[DeploymentSession]:
    """A locked session whose progress is shown here and on GitHub.

    An error in it must not hide that services are between two versions: then NotRecovered is raised, with both causes.
    Raises as ``locked_session``.
    """
    with (
        progress_listener(github.on_event, as_json=as_json) as emit,
        locked_session(context, run, emit, conflict, reason) as session,
    ):
        try:
            yield session
        except NotRecovered:
            raise
        except DeployError as error:
            if not session.unrecovered:
                raise
            raise NotRecovered(f"{session.unrecovered}; {error.cause}", error.fix) from error


@contextmanager
def locked_session(
    context: Context, run: Run, emit: ports.EventListener, conflict: LockConflictPolicy, reason: str = ""
) -> Iterator[DeploymentSession]:
    """Take the lock (or wait, or ask for it), recover interrupted releases, and release the lock, whatever happens.

    ``reason`` is shown to others while they wait. Raises Locked, SupersededBy, LedgerMissing, CloudError.
    """
    lease, ledger = None, None
    if context.settings.ledger is None:
        emit(WarningIssued(NO_LEDGER))
    else:
        ledger, lease = ledger_of(context), acquire_lock(context, run, conflict, reason)
    try:
        with open_logs(context.session) as logs:
            ecs = Ecs(context.session, context.settings.cluster)
            session = DeploymentSession(context, run, emit, ecs, logs, lease, ledger)
            yield replace(session, recovered=recover_interrupted(session))
    finally:
        if lease:
            _release_lock(lease, emit)


def acquire_lock(context: Context, run: Run, conflict: LockConflictPolicy, reason: str) -> Lease:
    """The lock of an environment that has a ledger. Raises as ``ledger.lock_store.acquire``, and NoLedger."""

    def print_holder(holder: LockState) -> None:
        text = f"waiting: {context.settings.environment} is locked by {describe(holder, utc_now())}"
        print_text(text, err=True)

    origin = run.triggered_by
    request = LockState(owner=run.id, actor=origin.actor, run_url=origin.run_url, reason=reason)
    return acquire(lock_of(context), request, run.clock, conflict=conflict, ttl=lease_ttl(), waiting=print_holder)


def lease_ttl() -> float:
    """Seconds that a lease lasts. For tests and demos, which kill releases and cannot wait half a minute each time."""
    value = os.environ.get(LEASE_TTL, "")
    try:
        seconds = float(value or DEFAULT_TTL)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 3600:
        raise ConfigurationError(f"{LEASE_TTL}={value} is not a number of seconds from 1 to 3600", "unset it")
    return seconds


def _release_lock(lease: Lease, emit: ports.EventListener) -> None:
    """A lock that cannot be released expires; that must not hide how the release ended."""
    try:
        lease.release()
    except DeployError as error:
        emit(WarningIssued(f"the lock was not released and expires by itself: {error.cause}"))


def recover_interrupted(session: DeploymentSession) -> tuple[RecoveryResult, ...]:
    """Close what killed releases left, oldest first, or else wait until a cancelled one's services are rolled back.

    Raises as ``ledger.recovery.recover``.
    """
    if session.ledger is None or session.lease is None:
        return ()
    results, timeout = [], float(session.context.settings.timeout)
    for record in session.ledger.unfinished():
        ours = replace(record, fencing_token=session.lease.fencing_token)
        session.ledger.save(ours)
        journal = Journal(session.ledger, ours)
        result = recover(ours, session.dependencies(journal=journal), timeout)
        journal.close_recovered(result.result, result.summary, result.running)
        request = _request_of(record, session.context)
        session.emit(Recovered(request, result.result is Result.RELEASED, result.summary, record.github))
        results.append(replace(result, release_id=record.release_id))
    if results:
        return tuple(results)
    # A cancelled release starts its rollback without waiting for it: the next run waits.
    last = last_that_moved(session.records(RECENT))
    if last and (finished := recover_finished(last, session.dependencies(), timeout)):
        return (replace(finished, release_id=last.release_id),)
    return ()


def _request_of(record: Record, context: Context) -> ReleaseRequest:
    settings = context.settings
    return replace(record.request, github_environment=settings.github_environment, production=settings.production)


def execute(session: DeploymentSession, planned: PlannedDeployment, github: GithubReporting) -> Outcome:
    """Run the plan to its outcome; the ledger has it before this returns, GitHub's ids included.

    Raises DirtyTree where an image is to be built from a work tree that is not the commit, before anything changes.
    """
    if planned.plan.builds:
        git.require_clean(git.checkout(session.context.root), session.context.commit)
    if planned.plan.concerned and not planned.previous:
        _emit_context(session, planned)
    started_at, started = utc_now(), session.begin(planned)
    github.record_in(started.journal)
    outcome = run_plan(planned.plan, started.dependencies)
    github.set_restored_release(started.restored_release(outcome))
    outcome_context = OutcomeContext(planned.kind, started_at, started.live, planned.restores)
    github.set_outcome_context(outcome_context, session.error_after(planned, outcome))
    return outcome


def _emit_context(session: DeploymentSession, planned: PlannedDeployment) -> None:
    """What the comments of pull requests are made of and the plan does not hold."""
    records, plan = planned.records, planned.plan
    if target := rollback_target(records, planned.restores):
        session.emit(target)
    commit = plan.request.commit
    if planned.kind is not Kind.ROLLBACK and (replaced := replaced_release(records)):
        session.emit(replaced)
    rolled_back = rolled_back_release(records) if planned.kind is Kind.ROLLBACK else None
    if rolled_back:
        session.emit(rolled_back)
        base, head = commit.sha, rolled_back.request.commit.sha
    else:
        version = version_of(records)
        base, head = plan.commit_before or (version.commit.sha if version else ""), commit.sha
    commits = git.between(session.context.root, base, head)
    session.emit(IncludedCommits(tuple(included for included in commits if included.sha != head)))


def print_outcome(outcome: Outcome) -> None:
    """The outcome on standard output, for people."""
    with tolerating_closed_stream(sys.stdout):
        if is_interactive():
            from rich.console import Console
            from rich.text import Text

            Console().print(Text(outcome_text(outcome)))
        else:
            print_text(outcome_text(outcome))


def finish(
    session: DeploymentSession, planned: PlannedDeployment, outcome: Outcome, github: GithubReporting, *, as_json: bool
) -> int:
    """The exit code; prints the document, which is complete once ``github`` is closed. Raises NotRecovered."""
    if as_json:
        with tolerating_closed_stream(sys.stdout):
            print_document(github.document(outcome))
    if error := session.error_after(planned, outcome):
        raise error
    return int(outcome.exit_code)


class NoBuilder:
    """Port ``release.ports.Builder`` for plans without a Build step: rollback, promotion, recovery."""

    def build(self, image: object, write_line: ports.LineWriter) -> PublishedImage:
        """Never called."""
        raise AssertionError("a plan without a Build step does not build")

    def gate(self, image: object, digest: str, write_line: ports.LineWriter) -> None:
        """What ran before passed its scan before."""

    def tag(self, image: object, digest: str) -> None:
        """Only a release of a commit moves tags."""


class LocalCommands:
    """Port ``release.ports.Commands``, in the directory of the configuration."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def run(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        timeout: float,
        write_line: ports.LineWriter,
        pause: Callable[[float], None],
    ) -> int | None:
        """Exit code; 127 for a program that does not exist and 126 for one that cannot be run, as shells say it."""
        # The stage only matters to messages of docker.
        check = Command("build", tuple(command), variables, self._root)
        try:
            return stream(check, os.environ, write_line, timeout, pause)
        except BuildTimedOut:
            return None
        except FileNotFoundError:
            return 127
        except OSError as error:
            write_line(str(error.strerror))
            return 126


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
    commands: ports.Commands | None = None,
) -> ports.Dependencies:
    """The engine's dependencies in one account; by default it builds nothing, locks nothing and records nothing."""
    return ports.Dependencies(
        ecs=ecs,
        logs=logs,
        builder=builder or NoBuilder(),
        web=HttpClient(),
        alarms=Alarms(session),
        target_groups=TargetGroups(session),
        clock=clock,
        emit=emit,
        lease=lease or ports.NullLock(),
        journal=journal or ports.NullJournal(),
        commands=commands or ports.NoCommands(),
    )


@contextmanager
def open_logs(session: Session) -> Iterator[Logs]:
    """CloudWatch Logs; at the end, warns of log groups that could not be read."""
    logs = Logs(session)
    try:
        yield logs
    finally:
        for note in sorted(logs.unreadable):
            print_text(f"warning: {note}", err=True)
