"""The releases of an environment, as a table, one in full, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from deploytool.ecs.model import revision
from deploytool.ledger.codec import to_document
from deploytool.ledger.lock import HolderKind, LockState, describe, is_acquirable
from deploytool.ledger.record import Drift, Record, Recorded, StepRecord, StepState
from deploytool.output.markup import clean, columns, duration, short_digest, words
from deploytool.release.model import ObservedService

# SEG report.history
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


def history_document(environment: str, records: Sequence[Record], live: str) -> dict[str, Any]:
    """``deploytool history --output json``: the records without their plans, which one record in full has."""
    listed = [{key: value for key, value in to_document(record).items() if key != "plan"} for record in records]
    return {"schema": 1, "environment": environment, "live": live or None, "releases": listed}


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
    return columns([(name, told) for name, told in facts.items() if told], indent="")


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


# SEG report.lock
# Who has the lock, for people and for scripts.


def lock_text(environment: str, lock_state: LockState | None, now: datetime) -> str:
    """One line, and more where there is a link or someone who waits."""
    if lock_state is None or not lock_state.owner:
        return f"{environment} is free"
    told = [f"{environment} is locked by {clean(describe(lock_state, now))}"]
    if lock_state.run_url:
        told.append(f"  see {clean(lock_state.run_url)}")
    if lock_state.superseded_by:
        told.append(f"  it was asked to give way to release {clean(lock_state.superseded_by)}")
    if is_acquirable(lock_state, now):
        told.append("  it has expired: the next release takes it")
    elif lock_state.kind is HolderKind.HOLD:
        told.append("  end the freeze with `deploytool lock release`")
    return "\n".join(told)


def lock_document(environment: str, lock_state: LockState | None, now: datetime) -> dict[str, Any]:
    """``deploytool lock show --output json``; ``holder`` is null where the lock is free."""
    held = lock_state is not None and bool(lock_state.owner)
    return {
        "schema": 1,
        "environment": environment,
        "locked": held and not is_acquirable(lock_state, now),
        "fence": lock_state.fencing_token if lock_state else 0,
        "holder": _holder(lock_state) if lock_state and held else None,
    }


def _holder(lock_state: LockState) -> dict[str, Any]:
    return {
        "id": lock_state.owner,
        "kind": lock_state.kind.value,
        "actor": lock_state.actor,
        "reason": lock_state.reason,
        "run_url": lock_state.run_url,
        "since": lock_state.since.isoformat() if lock_state.since else None,
        "expires": lock_state.expires.isoformat() if lock_state.expires else None,
        "superseded_by": lock_state.superseded_by or None,
    }


# SEG report.status
# What is live, as a table.

Row = dict[str, str | int | None]


def status_rows(services: Mapping[str, ObservedService], recorded: Mapping[str, Recorded]) -> list[Row]:
    """One row per service, of what the ledger has ``recorded`` of its revision, else of the revision's own tags.

    ``commit`` is ``None`` where neither tells it.
    """
    return [_status_row(service, recorded.get(key)) for key, service in services.items()]


def status_text(environment: str, rows: list[Row]) -> str:
    """The rows for people."""
    head = ("service", "commit", "revision", "tasks", "rollout", "release")
    body = [
        (
            str(row["service"]),
            str(row["commit"] or "unknown")[:7],
            str(row["revision"]),
            f"{row['running']}/{row['desired']}",
            str(row["rollout"]),
            str(row["release"] or "-"),
        )
        for row in rows
    ]
    return "\n".join((f"live in {environment}:", *columns((head, *body))))


def drift_rows(drifted: Sequence[Drift]) -> list[Row]:
    """What serves otherwise than the ledger says, as JSON data."""
    return [
        {
            "service": each.key,
            "serves": each.running,
            "recorded": each.recorded,
            "release": each.release_id,
            "same_images": each.same_images,
        }
        for each in drifted
    ]


def unfinished_rows(records: Sequence[Record]) -> list[Row]:
    """Releases without an end, as JSON data."""
    return [
        {"release": record.release_id, "actor": record.actor, "started_at": record.started_at.isoformat()}
        for record in records
        if not record.finished
    ]


def ledger_text(drifted: Sequence[Drift], records: Sequence[Record]) -> str:
    """What the ledger has to add, on lines of its own; empty where it agrees."""
    told = [
        f"release {record.release_id} of {clean(record.actor)}, begun {record.started_at:%Y-%m-%d %H:%M} UTC, has no"
        " end: it runs, or it was killed"
        for record in records
        if not record.finished
    ]
    told += [_drifted(each) for each in drifted]
    return "".join(f"\n! {line}" for line in told)


def _drifted(each: Drift) -> str:
    if each.same_images:
        return (
            f"{each.key} serves {revision(each.running)}: the images that release {each.release_id} left under"
            f" {revision(each.recorded)}, in a task definition changed since, as `deploytool infra apply` does"
        )
    return (
        f"{each.key} is running {revision(each.running)}, but release {each.release_id} deployed"
        f" {revision(each.recorded)} (changed outside deploytool)"
    )


def _status_row(service: ObservedService, released: Recorded | None) -> Row:
    state, primary = service.state, service.state.primary
    return {
        "service": service.key,
        "name": state.name,
        "commit": released.commit if released else service.commit or None,
        "release": released.release_id if released else service.tags.get("deploytool:release"),
        "revision": revision(state.task_definition),
        "task_definition": state.task_definition,
        "running": state.running,
        "pending": state.pending,
        "desired": state.desired,
        "rollout": (primary.rollout_state or "COMPLETED").lower().replace("_", " ") if primary else "none",
    }
