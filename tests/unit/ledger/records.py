"""Records that the tests of the ledger begin from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from deploytool.ecs.deployment_model import DeploymentState, DeploymentStatus
from deploytool.ledger.record import Kind, Record, ServiceRecord
from deploytool.release.model import Commit, Outcome, Plan, ReleaseRequest, Result, ServiceOutcome

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SHA = "a" * 40


def record(release_id: str = "20261123-120000-aaaa", **more: Any) -> Record:
    """A release of app and worker that has begun."""
    wanted: dict[str, Any] = {
        "kind": Kind.RELEASE,
        "app": "shop",
        "environment": "production",
        "commit": Commit(SHA, "Add the cart", NOW - timedelta(hours=1)),
        "started_at": NOW,
        "fencing_token": 1,
        "actor": "mona",
        "services": {
            "app": ServiceRecord("shop-app", "arn:app:7"),
            "worker": ServiceRecord("shop-worker", "arn:worker:3"),
        },
        **more,
    }
    return Record(release_id, **wanted)


def finished(begun: Record, result: Result = Result.RELEASED, minutes: float = 3.0, **more: Any) -> Record:
    """The record once the release is over."""
    succeeded = result is Result.RELEASED
    serving = {key: f"{each.before[:-1]}8" if succeeded else each.before for key, each in begun.services.items()}
    ended = begun.started_at + timedelta(minutes=minutes)
    return replace(begun, **{"result": result, "ended_at": ended, "running": serving, **more})


def plan_of(begun: Record) -> Plan:
    """A plan of that release with nothing in it."""
    request = ReleaseRequest(begun.release_id, begun.app, begun.environment, begun.commit)
    return Plan(request, "shop", "us-east-1", {}, ())


def outcome_of(begun: Record, result: Result = Result.RELEASED) -> Outcome:
    """App moved, worker was not touched."""
    app = ServiceOutcome(
        "app", "shop-app", DeploymentStatus(DeploymentState.SUCCEEDED), "arn:app:8", "arn:app:7", "arn:app:8"
    )
    return Outcome(plan_of(begun), result, "it is live", (app,), digests=(("app", "sha256:new"),))
