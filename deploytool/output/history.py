"""What the ledger and ECS say of an environment: history, one release, lock, status, recovery; as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from deploytool.ecs.model import ServiceState, revision
from deploytool.errors import DeployError, Exit
from deploytool.ledger.live import Drift, Recorded, different_versions, drift_text
from deploytool.ledger.lock import HolderKind, LockState, describe, is_acquirable
from deploytool.ledger.record import Record, ServiceRecord, StepRecord, StepState
from deploytool.ledger.recovery import RecoveryResult
from deploytool.output.documents import (
    DriftEntry,
    HistoryDocument,
    LockDocument,
    LockHolder,
    RecordedService,
    RecoveryDocument,
    ReleaseDocument,
    ReleaseEntry,
    ServiceStatus,
    StatusDocument,
    StepEntry,
    UnfinishedRelease,
)
from deploytool.output.json import (
    commit_entry,
    moment,
    moment_or_none,
    problem_entries,
    problems_of,
    revision_or_none,
    seconds,
    seconds_or_none,
    urls,
)
from deploytool.output.markup import clean, columns, count, duration, short_digest, words
from deploytool.release.model import Commit, ObservedService, Problem

# The releases of an environment, as a table, one in full, and as JSON.

SUBJECT = 32
"""Characters of a commit's subject in the table."""
_MARKS = {StepState.ENDED: "✓", StepState.FAILED: "✗", StepState.BEGAN: "…"}


def history_text(environment: str, records: Sequence[Record], live: str) -> str:
    """Newest first; ``live`` is the id of the release whose version should serve."""
    if not records:
        return f"no releases of {environment} are recorded"
    head = ("", "when (UTC)", "release", "kind", "commit", "subject", "who", "result", "took")
    rows = [head, *(_history_row(record, live) for record in records)]
    legend = "★ live" if any(record.release_id == live for record in records) else ""
    return "\n".join((f"releases of {environment}, newest first:", *columns(rows), *([legend] if legend else [])))


def history_document(environment: str, records: Sequence[Record], live: str) -> HistoryDocument:
    """``deploytool history --output json``."""
    return {
        "schema": 1,
        "kind": "history",
        "exit_code": 0,
        "problems": [],
        "environment": environment,
        "live_release_id": live or None,
        "releases": [release_entry(record) for record in records],
    }


def release_document(record: Record, live: str) -> ReleaseDocument:
    """``deploytool history RELEASE --output json``."""
    return {
        "schema": 1,
        "kind": "release",
        "exit_code": 0,
        "problems": [],
        **release_entry(record),
        "live": record.release_id == live,
    }


def release_entry(record: Record) -> ReleaseEntry:
    """A release record as JSON data."""
    return {
        "release_id": record.release_id,
        "operation": record.kind,
        "app": record.app,
        "environment": record.environment,
        "commit": commit_entry(record.commit),
        "actor": record.actor,
        "urls": urls("", record.run_url, record.commit.source, record.pull_request, record.github.comment_url),
        "run_id": record.run_id or None,
        "pull_request": record.pull_request,
        "started_at": moment(record.started_at),
        "ended_at": moment_or_none(record.ended_at),
        "seconds": seconds_or_none(record.seconds),
        "result": record.result,
        "summary": record.summary,
        "images": [{"name": name, "digest": digest} for name, digest in record.images.items()],
        "services": [_recorded_service(key, service, record) for key, service in record.services.items()],
        "steps": [_step_entry(step) for step in record.steps],
        "migration": {
            "ran": record.migration.ran,
            "task_arn": record.migration.task or None,
            "revision": revision_or_none(record.migration.revision),
        },
        "github_deployment_id": record.github.deployment_id,
        "previous_release_id": record.previous or None,
        "restores_release_id": record.restores or None,
        "fencing_token": record.fencing_token,
    }


def _recorded_service(key: str, service: ServiceRecord, record: Record) -> RecordedService:
    running = record.running.get(key)
    return {
        "name": key,
        "ecs_service": service.name,
        "previous_revision": revision(service.before),
        "attempted_revision": revision_or_none(service.after),
        "running_revision": revision_or_none(running),
        "running_task_definition_arn": running,
        "ecs_deployment_id": service.deployment_id or None,
    }


def _step_entry(step: StepRecord) -> StepEntry:
    return {
        "name": step.name.replace(" ", "_"),
        "seconds": seconds(step.seconds),
        "status": step.state,
        "recorded_at": moment(step.at),
        "detail": step.detail,
    }


def record_text(record: Record, live: str) -> str:
    """One release in full."""
    parts = [_facts(record, live), _services(record), _steps(record)]
    if record.summary:
        parts.append((clean(record.summary),))
    return "\n\n".join("\n".join(part) for part in parts if part)


def _history_row(record: Record, live: str) -> tuple[str, ...]:
    subject = clean(record.commit.subject)
    return (
        "★" if record.release_id == live else "",
        f"{record.started_at:%Y-%m-%d %H:%M}",
        record.release_id,
        record.kind.value,
        record.commit.short,
        subject if len(subject) <= SUBJECT else f"{subject[: SUBJECT - 1]}…",
        clean(record.actor),
        words(record.result) if record.result else "unfinished",
        "-" if record.seconds is None else duration(record.seconds),
    )


def _facts(record: Record, live: str) -> tuple[str, ...]:
    pull_request = f" (#{record.pull_request})" if record.pull_request else ""
    took = f", took {duration(record.seconds)}" if record.seconds is not None else ""
    facts = {
        "release": f"{record.release_id}{' ★ live' if record.release_id == live else ''}",
        "kind": f"{record.kind.value}{f' to {record.restores}' if record.restores else ''}",
        "environment": f"{record.app} in {record.environment}",
        "commit": f"{record.commit.sha[:12]} {clean(record.commit.subject)}{pull_request}",
        "who": clean(record.actor),
        "run": clean(record.run_url),
        "began": f"{record.started_at:%Y-%m-%d %H:%M:%S} UTC{took}",
        "result": words(record.result) if record.result else "unfinished",
        "images": ", ".join(f"{name} {short_digest(digest)}" for name, digest in record.images.items()),
        "migration": revision(record.migration.task) if record.migration.ran else "",
        "deployment": str(record.github.deployment_id or ""),
        "comment": clean(record.github.comment_url),
        "before it": record.previous,
    }
    return columns([(name, value) for name, value in facts.items() if value], indent="")


def _services(record: Record) -> tuple[str, ...]:
    if not record.services:
        return ()
    rows = [("service", "before", "meant", "left serving")]
    for key, service in record.services.items():
        after, serves = service.after, record.running.get(key)
        meant = revision(after) if after else "no change"
        rows.append((key, revision(service.before), meant, revision(serves) if serves else "-"))
    return columns(rows)


def _steps(record: Record) -> tuple[str, ...]:
    return columns([_step(step) for step in record.steps])


def _step(step: StepRecord) -> tuple[str, ...]:
    took = "began, no end is recorded" if step.state is StepState.BEGAN else duration(step.seconds)
    return (_MARKS[step.state], step.name, took, clean(step.detail))


# Who has the lock, for people and for scripts.


def lock_text(environment: str, lock_state: LockState | None, now: datetime) -> str:
    """One line, and more where there is a link or someone who waits."""
    if lock_state is None or not lock_state.owner:
        return f"{environment} is free"
    lines = [f"{environment} is locked by {clean(describe(lock_state, now))}"]
    if lock_state.run_url:
        lines.append(f"  see {clean(lock_state.run_url)}")
    if lock_state.superseded_by:
        lines.append(f"  it was asked to give way to release {clean(lock_state.superseded_by)}")
    if is_acquirable(lock_state, now):
        lines.append("  it has expired: the next release takes it")
    elif lock_state.kind is HolderKind.HOLD:
        lines.append("  end the freeze with `deploytool lock release`")
    return "\n".join(lines)


def lock_document(environment: str, lock_state: LockState | None, now: datetime) -> LockDocument:
    """``deploytool lock … --output json``; ``holder`` is null where the lock is free."""
    held = lock_state if lock_state is not None and lock_state.owner else None
    return {
        "schema": 1,
        "kind": "lock",
        "exit_code": 0,
        "problems": [],
        "environment": environment,
        "status": _lock_status(held, now) if held else "unlocked",
        "fencing_token": lock_state.fencing_token if lock_state else 0,
        "holder": _holder(held) if held else None,
    }


def _lock_status(lock_state: LockState, now: datetime) -> Literal["locked", "frozen", "expired"]:
    if is_acquirable(lock_state, now):
        return "expired"
    return "frozen" if lock_state.kind is HolderKind.HOLD else "locked"


def _holder(lock_state: LockState) -> LockHolder:
    return {
        "id": lock_state.owner,
        "type": lock_state.kind,
        "actor": lock_state.actor,
        "reason": lock_state.reason,
        "run_url": lock_state.run_url or None,
        "since_at": moment_or_none(lock_state.since),
        "expires_at": moment_or_none(lock_state.expires),
        "superseded_by": lock_state.superseded_by or None,
    }


# What is live, as a table.


def status_services(
    services: Mapping[str, ObservedService],
    recorded: Mapping[str, Recorded],
    restarts: Mapping[str, int | None],
) -> list[ServiceStatus]:
    """One entry per service, of what the ledger has ``recorded`` of its revision, else of the revision's own tags."""
    return [_service_status(service, recorded.get(key), restarts.get(key)) for key, service in services.items()]


def status_document(
    environment: str,
    services: list[ServiceStatus],
    drifted: Sequence[Drift],
    records: Sequence[Record],
    missing: Sequence[Problem] = (),
) -> StatusDocument:
    """``deploytool status --output json``. ``missing``: what is configured and does not exist."""
    return {
        "schema": 1,
        "kind": "status",
        "exit_code": int(Exit.PRECONDITION_FAILED) if missing else 0,
        "problems": problem_entries("not-found", missing),
        "environment": environment,
        "services": services,
        "versions_differ": bool(_differing(services)),
        "drift": [_drift_entry(each) for each in drifted],
        "unfinished": [_unfinished(record) for record in records if not record.finished],
    }


def status_text(environment: str, services: list[ServiceStatus]) -> str:
    """The services for people."""
    head = ("service", "commit", "revision", "tasks", "rollout", "release")
    body = [
        (
            service["name"],
            service["commit"]["sha"][:7] if service["commit"] else "unknown",
            service["revision"],
            f"{service['running']}/{service['desired']}{_restarted(service['restarts'])}",
            words(_ROLLOUT_WORDS.get(service["status"], service["status"])),
            service["release_id"] or "-",
        )
        for service in services
    ]
    if not body:
        return f"nothing runs in {environment}"
    lines = [f"live in {environment}:", *columns((head, *body))]
    if differing := _differing(services):
        lines.append(f"! {differing}")
    return "\n".join(lines)


def _differing(services: Sequence[ServiceStatus]) -> str:
    return different_versions(
        {service["name"]: service["commit"]["sha"] if service["commit"] else "" for service in services}
    )


def _restarted(restarts: int | None) -> str:
    return f", {count(restarts, 'restart')}" if restarts else ""


def _drift_entry(drift: Drift) -> DriftEntry:
    return {
        "name": drift.key,
        "release_id": drift.release_id,
        "recorded_revision": revision(drift.recorded),
        "running_revision": revision(drift.running),
        "same_images": drift.same_images,
    }


def _unfinished(record: Record) -> UnfinishedRelease:
    return {"release_id": record.release_id, "actor": record.actor, "started_at": moment(record.started_at)}


@dataclass(frozen=True)
class LockSighting:
    """The lock as it was read, and when."""

    state: LockState | None
    now: datetime

    @property
    def freeze(self) -> str:
        """Who froze the environment; empty where nobody did, or the freeze has ended."""
        held = self.state
        if held is None or held.kind is not HolderKind.HOLD or is_acquirable(held, self.now):
            return ""
        return describe(held, self.now)

    def runs(self, record: Record) -> bool:
        """The release has the lock, and renews it."""
        return (
            self.state is not None and self.state.owner == record.release_id and not is_acquirable(self.state, self.now)
        )


def ledger_text(
    drifted: Sequence[Drift],
    records: Sequence[Record],
    missing: Sequence[Problem] = (),
    lock: LockSighting | None = None,
) -> str:
    """What the ledger has to add, on lines of its own; empty where it agrees. ``missing``: what does not exist.

    ``lock`` is ``None`` where it could not be read.
    """
    lines = [f"{problem.cause}; {problem.fix}" for problem in missing]
    if lock and lock.freeze:
        lines.append(f"deployments are frozen by {clean(lock.freeze)}")
    lines += [_without_end(record, lock) for record in records if not record.finished]
    lines += [drift_text(each) for each in drifted]
    return "".join(f"\n! {line}" for line in lines)


def _without_end(record: Record, lock: LockSighting | None) -> str:
    who = f"release {record.release_id} of {clean(record.actor)}, begun {record.started_at:%Y-%m-%d %H:%M} UTC,"
    step = record.steps[-1].name if record.steps else "preparing"
    if lock is None:
        return f"{who} has no end: it runs, or it was killed"
    if lock.runs(record):
        return (
            f"{who} is running ({step}, {duration((lock.now - record.started_at).total_seconds())}): not verified yet"
        )
    return f"{who} did not finish ({step}): the next release recovers it, or `deploytool recover`"


_ROLLOUT_WORDS = {"succeeded": "completed", "deleted": "service deleted"}


def _rollout_status(state: ServiceState) -> Literal["in_progress", "succeeded", "failed", "deleted", "none"]:
    if state.status != "ACTIVE":
        return "deleted"
    return STATUSES[state.primary.rollout_state or "COMPLETED"] if state.primary else "none"


STATUSES: Mapping[str, Literal["in_progress", "succeeded", "failed"]] = {
    "IN_PROGRESS": "in_progress",
    "COMPLETED": "succeeded",
    "FAILED": "failed",
}
"""By ECS's rolloutState."""


def _service_status(service: ObservedService, released: Recorded | None, restarts: int | None) -> ServiceStatus:
    state = service.state
    sha = released.commit if released else service.commit
    return {
        "name": service.key,
        "ecs_service": state.name,
        "commit": commit_entry(Commit(sha)) if sha else None,
        "release_id": released.release_id if released else service.tags.get("deploytool:release"),
        "revision": revision(state.task_definition),
        "task_definition_arn": state.task_definition,
        "status": _rollout_status(state),
        "running": state.running,
        "pending": state.pending,
        "desired": state.desired,
        "restarts": restarts,
    }


# What became of interrupted releases.


def recovery_document(
    environment: str, results: Sequence[RecoveryResult], error: DeployError | None
) -> RecoveryDocument:
    """``deploytool recover --output json``; ``error`` where services are still between two versions."""
    return {
        "schema": 1,
        "kind": "recovery",
        "exit_code": int(error.exit_code) if error else 0,
        "problems": problems_of(error) if error else [],
        "environment": environment,
        "nothing_to_do": not results,
        "releases": [
            {
                "release_id": result.release_id,
                "result": result.result,
                "summary": result.summary,
                "services": [{"name": key, "running_revision": revision(arn)} for key, arn in result.running.items()],
            }
            for result in results
        ],
    }
