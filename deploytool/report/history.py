"""The releases of an environment, as a table, one in full, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploytool.core.ledger import Record, StepRecord, StepState
from deploytool.core.ledger_document import to_document
from deploytool.core.observed import revision
from deploytool.report.layout import columns
from deploytool.report.wording import clean, duration, short_digest

SUBJECT = 32
"""Characters of a commit's subject in the table."""
_MARKS = {StepState.ENDED: "✓", StepState.FAILED: "✗", StepState.BEGAN: "…"}


def history_text(environment: str, records: Sequence[Record], live: str) -> str:
    """Newest first; ``live`` is the id of the release whose version should serve."""
    if not records:
        return f"no releases of {environment} are recorded"
    head = ("", "when (UTC)", "release", "kind", "commit", "subject", "who", "result", "took")
    rows = [head, *(_row(record, live) for record in records)]
    legend = "★ live" if any(record.release_id == live for record in records) else ""
    return "\n".join((f"releases of {environment}, newest first:", *columns(rows), *([legend] if legend else [])))


def history_document(environment: str, records: Sequence[Record], live: str) -> dict[str, Any]:
    """``deploytool history --output json``: the records without their plans, which one record in full has."""
    listed = [{key: value for key, value in to_document(record).items() if key != "plan"} for record in records]
    return {"schema": 1, "environment": environment, "live": live or None, "releases": listed}


def record_text(record: Record, live: str) -> str:
    """One release in full."""
    parts = [_facts(record, live), _services(record), _steps(record)]
    if record.sentence:
        parts.append((clean(record.sentence),))
    return "\n\n".join("\n".join(part) for part in parts if part)


def _row(record: Record, live: str) -> tuple[str, ...]:
    subject = clean(record.commit.subject)
    return (
        "★" if record.release_id == live else "",
        f"{record.started_at:%Y-%m-%d %H:%M}",
        record.release_id,
        record.kind.value,
        record.commit.short,
        subject if len(subject) <= SUBJECT else f"{subject[: SUBJECT - 1]}…",
        clean(record.actor),
        record.result.value if record.result else "unfinished",
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
        "result": record.result.value if record.result else "unfinished",
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
        after, serves = service.after, record.serving.get(key)
        meant = revision(after) if after else "no change"
        rows.append((key, revision(service.before), meant, revision(serves) if serves else "-"))
    return columns(rows)


def _steps(record: Record) -> tuple[str, ...]:
    return columns([_step(step) for step in record.steps])


def _step(step: StepRecord) -> tuple[str, ...]:
    took = "began, no end is recorded" if step.state is StepState.BEGAN else duration(step.seconds)
    return (_MARKS[step.state], step.name, took, clean(step.detail))
