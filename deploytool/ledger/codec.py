"""A release record as it is stored, and back. Keys stay; ``schema`` grows by one when the meaning of one changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from deploytool.errors import PreconditionFailed
from deploytool.ledger.record import Kind, MigrationRecord, Record, ServiceRecord, StepRecord, StepState
from deploytool.release.model import Commit, GithubRecord, Migrate, Plan, Result, Steady, StepName, Verify

SCHEMA = 1
OLDER_WORDS = {
    "nothing-to-do": "nothing_to_do",
    "build-failed": "build_failed",
    "migration-failed": "migration_failed",
    "rolled-back": "rolled_back",
    "not-rolled-back": "rollback_incomplete",
    "out-of-time": "timed_out",
    "began": "in_progress",
    "ended": "succeeded",
    "roll-out": "deploy",
    "put-back": "roll back",
    "settle": "recover",
}
"""Results, steps and step states (here with hyphens) as spelled before 2026-11-30: those records stay readable."""


class RecordUnreadable(PreconditionFailed):
    """A record of a newer version, or not of deploytool."""


def to_document(record: Record) -> dict[str, Any]:
    """The record as JSON data."""
    return {
        "schema": SCHEMA,
        "release": record.release_id,
        "kind": record.kind.value,
        "app": record.app,
        "environment": record.environment,
        "commit": {
            "sha": record.commit.sha,
            "subject": record.commit.subject,
            "committed_at": _text(record.commit.committed_at),
            "source": record.commit.source,
        },
        "images": dict(record.images),
        "services": {
            key: {
                "service": service.name,
                "before": service.before,
                "after": service.after,
                "deployment_id": service.deployment_id,
            }
            for key, service in record.services.items()
        },
        "plan": dict(record.plan),
        "actor": record.actor,
        "run_url": record.run_url,
        "run_id": record.run_id,
        "pull_request": record.pull_request,
        "started_at": record.started_at.isoformat(),
        "ended_at": _text(record.ended_at),
        "steps": [
            {
                "name": step.name,
                "state": step.state.value,
                "at": step.at.isoformat(),
                "seconds": step.seconds,
                "detail": step.detail,
            }
            for step in record.steps
        ],
        "migration": {
            "task": record.migration.task,
            "revision": record.migration.revision,
            "ran": record.migration.ran,
        },
        "result": record.result.value if record.result else None,
        "sentence": record.summary,
        "serving": dict(record.running),
        "github": {
            "deployment_id": record.github.deployment_id,
            "pull_request": record.github.pull_request,
            "comment_id": record.github.comment_id,
            "comment_url": record.github.comment_url,
            "other_comments": list(record.github.other_comments),
        },
        "fence": record.fencing_token,
        "previous": record.previous,
        "restores": record.restores,
    }


def stored_plan(plan: Plan) -> dict[str, Any]:
    """What recovery must know of the plan of a release that was interrupted."""
    migrate = next((step for step in plan.steps if isinstance(step, Migrate)), None)
    return {
        "migrate": {"task": migrate.family, "container": migrate.container} if migrate else None,
        "verify": [
            step.service if isinstance(step, Verify) else "steady"
            for step in plan.steps
            if isinstance(step, (Verify, Steady))
        ],
        "already_running": [change.key for change in plan.already_running],
    }


def from_document(document: Mapping[str, Any]) -> Record:
    """The record that was written. Raises RecordUnreadable."""
    named = f"record {document.get('release', 'without a name')} of the ledger"
    if document.get("schema") != SCHEMA:
        raise RecordUnreadable(
            f"{named} has schema {document.get('schema')}, this deploytool reads {SCHEMA}",
            "use the version of deploytool that wrote it, or a newer one",
        )
    try:
        return _record(document)
    except (KeyError, TypeError, ValueError) as error:
        raise RecordUnreadable(f"{named} cannot be read: {error!r}", "it was changed by hand: repair it") from error


def _record(document: Mapping[str, Any]) -> Record:
    commit = document["commit"]
    return Record(
        release_id=document["release"],
        kind=Kind(document["kind"]),
        app=document["app"],
        environment=document["environment"],
        commit=Commit(commit["sha"], commit["subject"], _moment(commit["committed_at"]), commit["source"]),
        images=document["images"],
        services={
            key: ServiceRecord(service["service"], service["before"], service["after"], service["deployment_id"])
            for key, service in document["services"].items()
        },
        plan=document["plan"],
        actor=document["actor"],
        run_url=document["run_url"],
        run_id=document["run_id"],
        pull_request=document["pull_request"],
        started_at=datetime.fromisoformat(document["started_at"]),
        ended_at=_moment(document["ended_at"]),
        steps=tuple(
            StepRecord(
                StepName(_word(step["name"])),
                StepState(_word(step["state"])),
                datetime.fromisoformat(step["at"]),
                step["seconds"],
                step["detail"],
            )
            for step in document["steps"]
        ),
        migration=MigrationRecord(**document["migration"]),
        result=Result(_word(document["result"])) if document["result"] else None,
        summary=document["sentence"],
        running=document["serving"],
        github=_github(document["github"]),
        fencing_token=document["fence"],
        previous=document["previous"],
        restores=document["restores"],
    )


def _github(github: Mapping[str, Any]) -> GithubRecord:
    """Older records have fewer keys."""
    return GithubRecord(
        github["deployment_id"],
        github.get("pull_request"),
        github.get("comment_id"),
        github["comment_url"],
        tuple(github.get("other_comments", ())),
    )


def _word(text: str) -> str:
    return OLDER_WORDS.get(text.replace(" ", "-"), text)


def spellings(result: Result) -> tuple[str, ...]:
    """Every spelling under which records with this result are stored."""
    return (result.value, *(old for old, new in OLDER_WORDS.items() if new == result.value))


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
