"""Plans and outcomes as JSON, for scripts. Keys stay; ``schema`` grows by one when the meaning of one changes.

Task definitions are left out on purpose: they can hold secrets in plain environment variables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import DeploymentStatus
from deploytool.release.model import (
    ImageChoice,
    Migrate,
    Outcome,
    Plan,
    ReleaseRequest,
    ServiceOutcome,
    ServiceUpdate,
    Verify,
)

SCHEMA = 1


def text(document: Mapping[str, Any]) -> str:
    """A document as it is printed, ending with a newline."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def plan_document(plan: Plan) -> dict[str, Any]:
    """``deploytool plan --output json``."""
    return {
        "schema": SCHEMA,
        "kind": "plan",
        **_request(plan.request),
        "cluster": plan.cluster,
        "region": plan.region,
        "url": plan.url,
        "nothing_to_do": plan.nothing_to_do,
        "images": [_image(image) for image in plan.images.values()],
        "migrate": next((_migrate(step) for step in plan.steps if isinstance(step, Migrate)), None),
        "migration_files": list(plan.migration_files),
        "services": [_change(change) for change in plan.changes],
        "already_running": [change.key for change in plan.already_running],
        "verify": [_verify(step) for step in plan.steps if isinstance(step, Verify)],
        "warnings": list(plan.warnings),
    }


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """``deploytool release --output json``."""
    return {
        "schema": SCHEMA,
        "kind": "outcome",
        **_request(outcome.plan.request),
        "result": outcome.result.value,
        "exit_code": int(outcome.exit_code),
        "good": outcome.succeeded,
        "sentence": outcome.summary,
        "services": [_service(service) for service in outcome.services],
        "diagnoses": [diagnosis_document(diagnosis) for diagnosis in outcome.diagnoses],
        "digests": dict(outcome.digests),
        "timings": [{"step": timing.step, "seconds": timing.seconds} for timing in outcome.timings],
        "seconds": outcome.seconds,
        "warnings": list(outcome.plan.warnings),
    }


def _request(request: ReleaseRequest) -> dict[str, Any]:
    commit = request.commit
    return {
        "release": request.release_id,
        "app": request.app,
        "environment": request.environment,
        "commit": {
            "sha": commit.sha,
            "subject": commit.subject,
            "committed_at": commit.committed_at.isoformat() if commit.committed_at else None,
        },
        "actor": request.triggered_by.actor,
        "run_url": request.triggered_by.run_url,
        "pull_request": request.triggered_by.pull_request,
    }


def _image(image: ImageChoice) -> dict[str, Any]:
    action = "reuse" if image.digest else "build"
    return {"name": image.name, "reference": image.reference, "digest": image.digest, "action": action}


def _migrate(step: Migrate) -> dict[str, Any]:
    return {
        "task": step.family,
        "container": step.container,
        "image": step.image,
        "command": None if step.command is None else list(step.command),
        "timeout_seconds": step.timeout,
    }


def _change(change: ServiceUpdate) -> dict[str, Any]:
    return {
        "key": change.key,
        "service": change.name,
        "desired": change.before.desired,
        "back_to": change.previous_revision,
        "images": dict(change.images),
        "diff": list(change.diff),
    }


def _verify(step: Verify) -> dict[str, Any]:
    return {
        "service": step.service,
        "url": step.url,
        "status": step.status,
        "body": step.body,
        "version": step.version,
        "timeout_seconds": step.timeout,
        "bake_seconds": step.bake,
        "alarms": list(step.alarms),
    }


def _service(service: ServiceOutcome) -> dict[str, Any]:
    return {
        "key": service.key,
        "service": service.name,
        "verdict": _verdict(service.status),
        "back": _verdict(service.revert) if service.revert else None,
        "before": service.before,
        "after": service.after,
        "serving": service.running,
    }


def _verdict(verdict: DeploymentStatus) -> dict[str, Any]:
    return {"fate": verdict.state.value, "detail": verdict.detail}


def diagnosis_document(diagnosis: Diagnosis) -> dict[str, Any]:
    """Why something failed; of a release and of stacks alike."""
    return {
        "code": diagnosis.code,
        "subject": diagnosis.subject,
        "cause": diagnosis.cause,
        "fix": diagnosis.fix,
        "quote": diagnosis.quote,
        "log": list(diagnosis.log),
    }
