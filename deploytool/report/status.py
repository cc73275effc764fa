"""What is live, as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deploytool.core.ledger import Drift, Record, Recorded
from deploytool.core.model import LiveService
from deploytool.core.observed import revision
from deploytool.report.layout import columns
from deploytool.report.wording import clean

Row = dict[str, str | int | None]


def status_rows(services: Mapping[str, LiveService], recorded: Mapping[str, Recorded]) -> list[Row]:
    """One row per service, of what the ledger has ``recorded`` of its revision, else of the revision's own tags.

    ``commit`` is ``None`` where neither tells it.
    """
    return [_row(service, recorded.get(key)) for key, service in services.items()]


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
            "serves": each.serves,
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
            f"{each.key} serves {revision(each.serves)}: the images that release {each.release_id} left under"
            f" {revision(each.recorded)}, in a task definition changed since, as `deploytool infra apply` does"
        )
    return (
        f"{each.key} drifted: release {each.release_id} left {revision(each.recorded)}, {revision(each.serves)} serves:"
        " somebody deployed it by other means"
    )


def _row(service: LiveService, released: Recorded | None) -> Row:
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
