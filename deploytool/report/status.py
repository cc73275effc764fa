"""What is live, as a table."""

from __future__ import annotations

from collections.abc import Iterable

from deploytool.core.model import LiveService
from deploytool.report.layout import columns
from deploytool.report.wording import revision

Row = dict[str, str | int | None]


def status_rows(services: Iterable[LiveService]) -> list[Row]:
    """One row per service; ``commit`` is ``None`` where something else than deploytool made the revision."""
    return [_row(service) for service in services]


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


def _row(service: LiveService) -> Row:
    state, primary = service.state, service.state.primary
    return {
        "service": service.key,
        "name": state.name,
        "commit": service.commit or None,
        "release": service.tags.get("deploytool:release"),
        "revision": revision(state.task_definition),
        "task_definition": state.task_definition,
        "running": state.running,
        "pending": state.pending,
        "desired": state.desired,
        "rollout": (primary.rollout_state or "COMPLETED").lower().replace("_", " ") if primary else "none",
    }
