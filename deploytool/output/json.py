"""Plans, outcomes and errors as documents; their form is declared in ``documents``.

Task definitions are left out on purpose: they can hold secrets in plain environment variables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from deploytool.config.errors import ConfigErrors, ConfigIssue
from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import DeploymentState
from deploytool.ecs.explain import Explanation
from deploytool.ecs.model import revision
from deploytool.errors import DeployError, Exit
from deploytool.ledger.record import Kind, Record
from deploytool.output.documents import (
    CommentIgnoredDocument,
    CommitEntry,
    ConfigCheckDocument,
    ErrorDocument,
    ExplanationDocument,
    LogLine,
    OutcomeDocument,
    PlanDocument,
    PlannedCheck,
    PlannedImage,
    PlannedMigration,
    PlannedService,
    ProblemEntry,
    RunDocument,
    ServiceResult,
    Urls,
    VersionEntry,
)
from deploytool.release.model import (
    REVERTED,
    Commit,
    ImageChoice,
    Migrate,
    Outcome,
    Plan,
    Problem,
    ReleaseRequest,
    ServiceOutcome,
    ServiceUpdate,
    Verify,
)

_ACTED_ON = re.compile("[\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]|(?<=#)#(?=\\[)")
RESULTS = {
    Exit.OK: "succeeded",
    Exit.INTERNAL_ERROR: "failed",
    Exit.USAGE: "usage",
    Exit.PRECONDITION_FAILED: "refused",
    Exit.BUILD_FAILED: "build_failed",
    Exit.MIGRATION_FAILED: "migration_failed",
    Exit.ROLLED_BACK: "rolled_back",
    Exit.ROLLBACK_INCOMPLETE: "rollback_incomplete",
    Exit.LOCKED: "locked",
    Exit.SUPERSEDED: "superseded",
    Exit.TIMEOUT: "timed_out",
    Exit.CANCELLED: "cancelled",
}
"""The ``result`` of what ended without an outcome."""


def text(document: Mapping[str, Any]) -> str:
    """A document as it is printed, ending with a newline."""
    return _inert(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def one_line(document: Mapping[str, Any]) -> str:
    """A document as a line of JSON lines, or as an output of the action."""
    return _inert(json.dumps(document, ensure_ascii=False))


def _inert(document: str) -> str:
    """The same document, with escapes for what a terminal or the Actions runner (``##[``) would act on."""
    return _ACTED_ON.sub(lambda match: f"\\u{ord(match[0]):04x}", document)


def moment(at: datetime) -> str:
    """UTC, to the second: ``2026-11-30T10:00:00Z``."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def moment_or_none(at: datetime | None) -> str | None:
    """As ``moment``."""
    return moment(at) if at else None


def seconds(duration: float) -> float:
    """To the millisecond."""
    return round(duration, 3)


def seconds_or_none(duration: float | None) -> float | None:
    """As ``seconds``."""
    return None if duration is None else seconds(duration)


def revision_or_none(arn: str | None) -> str | None:
    """``family:number``; ``None`` where there is no ARN."""
    return revision(arn) if arn else None


def error_document(error: DeployError) -> ErrorDocument:
    """What every verb prints where it was refused, or failed before it had an outcome."""
    return {
        "schema": 1,
        "kind": "error",
        "exit_code": int(error.exit_code),
        "problems": problems_of(error),
        "result": RESULTS[error.exit_code],
    }


def internal_error_document(cause: str) -> ErrorDocument:
    """A crash: the traceback is on standard error."""
    fix = "report it with the traceback on standard error"
    problem: ProblemEntry = {"code": "internal-error", "cause": cause, "fix": fix}
    return {"schema": 1, "kind": "error", "exit_code": 1, "problems": [problem], "result": "failed"}


def comment_ignored_document(reason: str) -> CommentIgnoredDocument:
    """``deploytool handle-comment --output json`` of an event that asks for nothing."""
    return {"schema": 1, "kind": "comment_ignored", "exit_code": 0, "problems": [], "reason": reason}


def log_line(service: str, container: str, task_id: str | None, line: str) -> LogLine:
    """A line of ``deploytool logs`` and ``deploytool run``."""
    return {
        "schema": 1,
        "kind": "log_line",
        "service": service,
        "container": container,
        "task_id": task_id,
        "line": line,
    }


def run_document(environment: str, service: str, exit_code: int) -> RunDocument:
    """The last line of ``deploytool run --output json``."""
    problems: list[ProblemEntry] = []
    if exit_code:
        problems = [{"code": "command-failed", "cause": f"the command exited with code {exit_code}", "fix": ""}]
    return {
        "schema": 1,
        "kind": "run",
        "exit_code": exit_code,
        "problems": problems,
        "environment": environment,
        "service": service,
    }


def config_check_document(errors: ConfigErrors | None, settings: dict[str, Any] | None) -> ConfigCheckDocument:
    """``deploytool config check --output json``."""
    return {
        "schema": 1,
        "kind": "config_check",
        "exit_code": int(errors.exit_code) if errors else 0,
        "problems": problems_of(errors) if errors else [],
        "valid": errors is None,
        "settings": settings,
    }


def reason_code(error: DeployError) -> str:
    """The class of a failure as a stable word: ``PermissionMissing`` → ``permission-missing``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(error).__name__).lower()


def problems_of(error: DeployError) -> list[ProblemEntry]:
    """Each reason by itself, where there are several."""
    code = reason_code(error)
    if isinstance(error, ConfigErrors):
        return [_issue(code, issue) for issue in error.issues]
    problems: Iterable[Problem] = getattr(error, "problems", ())
    if entries := problem_entries(code, problems):
        return entries
    return [{"code": code, "cause": error.cause, "fix": error.fix}]


def problem_entries(code: str, problems: Iterable[Problem]) -> list[ProblemEntry]:
    """Reasons of one kind."""
    return [{"code": code, "cause": problem.cause, "fix": problem.fix} for problem in problems]


def diagnosis_entry(diagnosis: Diagnosis) -> ProblemEntry:
    """Why something failed; of a release and of stacks alike."""
    return {
        "code": diagnosis.code,
        "cause": diagnosis.cause,
        "fix": diagnosis.fix,
        "subject": diagnosis.subject,
        "quote": diagnosis.quote,
        "log": list(diagnosis.log),
    }


def explanation_document(explanation: Explanation) -> ExplanationDocument:
    """``deploytool explain --output json``."""
    status = explanation.status
    return {
        "schema": 1,
        "kind": "explanation",
        "exit_code": 0,
        "problems": [],
        "diagnoses": [
            {
                "code": diagnosis.code,
                "cause": diagnosis.cause,
                "fix": diagnosis.fix,
                "retriable": diagnosis.retriable,
                "fatal": diagnosis.fatal,
                "container": diagnosis.container or None,
            }
            for diagnosis in explanation.diagnoses
        ],
        "deployment": {"status": status.state, "detail": status.detail} if status else None,
    }


def commit_entry(commit: Commit) -> CommitEntry:
    """A commit whose subject is known, or only its sha."""
    return {
        "sha": commit.sha,
        "subject": commit.subject or None,
        "committed_at": moment_or_none(commit.committed_at),
    }


def plan_document(plan: Plan, operation: Kind = Kind.RELEASE, restores: str = "") -> PlanDocument:
    """``deploytool plan --output json``; ``restores`` is the release that a rollback brings back."""
    request = plan.request
    return {
        "schema": 1,
        "kind": "plan",
        "exit_code": 0,
        "problems": [],
        "operation": operation,
        "restores_release_id": restores or None,
        "release_id": request.release_id,
        "app": request.app,
        "environment": request.environment,
        "region": plan.region,
        "cluster": plan.cluster,
        "commit": commit_entry(request.commit),
        "actor": request.triggered_by.actor,
        "urls": request_urls(request, plan.url),
        "nothing_to_do": plan.nothing_to_do,
        "images": [_image(image) for image in plan.images.values()],
        "migration": next((_migration(step, plan) for step in plan.steps if isinstance(step, Migrate)), None),
        "services": [
            *(_planned_service(change, unchanged=False) for change in plan.changes),
            *(_planned_service(change, unchanged=True) for change in plan.already_running),
        ],
        "checks": [_check(step) for step in plan.steps if isinstance(step, Verify)],
        "warnings": list(plan.warnings),
    }


@dataclass(frozen=True)
class OutcomeContext:
    """What an outcome does not hold itself: what was asked for, and what was live before."""

    operation: Kind = Kind.RELEASE
    started_at: datetime | None = None
    live_before: Record | None = None
    """The release whose version was live; ``None`` where the ledger names none."""
    restores: str = ""
    """The release whose version a rollback brings back."""
    comment_url: str = ""


def outcome_document(
    outcome: Outcome, context: OutcomeContext = OutcomeContext(), error: DeployError | None = None
) -> OutcomeDocument:
    """``--output json`` of what changes an environment. ``error`` is why the command fails beside its outcome."""
    request = outcome.plan.request
    return {
        "schema": 1,
        "kind": "outcome",
        "exit_code": int(error.exit_code if error else outcome.exit_code),
        "problems": [
            *(diagnosis_entry(diagnosis) for diagnosis in outcome.diagnoses),
            *(problems_of(error) if error else _unexplained(outcome)),
        ],
        "operation": context.operation,
        "result": outcome.result,
        "summary": outcome.summary,
        "release_id": request.release_id,
        "app": request.app,
        "environment": request.environment,
        "commit": commit_entry(request.commit),
        "actor": request.triggered_by.actor,
        "started_at": moment_or_none(context.started_at),
        "seconds": seconds(outcome.seconds),
        "from": _version_before(outcome.plan, context),
        "to": {"release_id": context.restores or request.release_id, "commit": commit_entry(request.commit)},
        "urls": request_urls(request, outcome.plan.url, context.comment_url),
        "services": [_service(service) for service in outcome.services],
        "images": [{"name": name, "digest": digest} for name, digest in outcome.digests],
        "steps": [
            {"name": timing.step.replace(" ", "_"), "seconds": seconds(timing.seconds)} for timing in outcome.timings
        ],
        "warnings": list(outcome.plan.warnings),
    }


def request_urls(request: ReleaseRequest, app: str, comment: str = "") -> Urls:
    """The links of a release."""
    origin = request.triggered_by
    return urls(app, origin.run_url, request.commit.source, origin.pull_request, comment)


def urls(app: str, run: str, repository: str, pull_request: int | None, comment: str) -> Urls:
    """Links, ``None`` for what is empty; the pull request's needs the URL of the repository."""
    return {
        "app": app or None,
        "run": run or None,
        "pull_request": f"{repository}/pull/{pull_request}" if repository and pull_request else None,
        "comment": comment or None,
    }


def _unexplained(outcome: Outcome) -> list[ProblemEntry]:
    """A failure without a diagnosis has its sentence."""
    if outcome.succeeded or outcome.diagnoses:
        return []
    return [{"code": outcome.result.value.replace("_", "-"), "cause": outcome.summary, "fix": ""}]


def _version_before(plan: Plan, context: OutcomeContext) -> VersionEntry | None:
    live = context.live_before
    if live is not None:
        return {"release_id": live.live_release_id, "commit": commit_entry(live.commit)}
    return {"release_id": None, "commit": commit_entry(Commit(plan.commit_before))} if plan.commit_before else None


def _issue(code: str, issue: ConfigIssue) -> ProblemEntry:
    return {
        "code": code,
        "cause": issue.problem,
        "fix": issue.fix,
        "location": {"file": issue.file, "line": issue.line, "column": issue.column, "key": issue.path},
    }


def _image(image: ImageChoice) -> PlannedImage:
    return {
        "name": image.name,
        "reference": image.reference,
        "digest": image.digest,
        "action": "reuse" if image.digest else "build",
    }


def _migration(step: Migrate, plan: Plan) -> PlannedMigration:
    return {
        "family": step.family,
        "container": step.container,
        "image": step.image,
        "command": None if step.command is None else list(step.command),
        "timeout_seconds": seconds(step.timeout),
        "files": list(plan.migration_files),
    }


def _planned_service(change: ServiceUpdate, *, unchanged: bool) -> PlannedService:
    return {
        "name": change.key,
        "ecs_service": change.name,
        "action": "unchanged" if unchanged else "update",
        "desired": change.before.desired,
        "previous_revision": revision(change.previous_revision),
        "steady_seconds": seconds(change.steady),
        "images": dict(change.images),
        "diff": list(change.diff),
    }


def _check(step: Verify) -> PlannedCheck:
    return {
        "service": step.service,
        "url": step.url,
        "expected_status": step.status,
        "body": step.body,
        "version": step.version,
        "timeout_seconds": seconds(step.timeout),
        "bake_seconds": seconds(step.bake),
        "alarms": list(step.alarms),
        "command": list(step.command),
    }


def _service(service: ServiceOutcome) -> ServiceResult:
    return {
        "name": service.key,
        "ecs_service": service.name,
        "status": _state(service),
        "detail": service.status.detail or (service.revert.detail if service.revert else ""),
        "previous_revision": revision(service.before),
        "attempted_revision": revision_or_none(service.after),
        "running_revision": revision(service.running),
    }


def _state(service: ServiceOutcome) -> DeploymentState:
    if service.revert is None:
        return service.status.state
    if service.revert.state in REVERTED:
        return DeploymentState.ROLLED_BACK
    return service.revert.state if service.revert.settled else DeploymentState.ROLLING_BACK
