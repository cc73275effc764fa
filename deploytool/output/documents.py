"""What ``--output json`` prints, declared once: the builders are checked against it, the published schemas made of it.

One form for every verb: ``schema``, ``kind``, ``exit_code`` and ``problems``, then what the kind adds. One name per
thing: see docs/json.md. Adding a field keeps ``schema``; renaming or removing one, or changing a meaning, raises it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from deploytool.ecs.deployment_model import DeploymentState
from deploytool.ledger.lock import HolderKind
from deploytool.ledger.record import Kind, StepState
from deploytool.release.model import Result

Moment = Annotated[str, ("format", "date-time"), ("pattern", r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
"""UTC, to the second."""
Seconds = Annotated[float, ("minimum", 0)]
"""To the millisecond."""
Revision = Annotated[str, ("description", "family:number of a task definition")]


class Location(TypedDict):
    """A place in deploytool.yml; line and column count from 1, null where the whole file is meant."""

    file: str
    line: int | None
    column: int | None
    key: str


class ProblemEntry(TypedDict):
    """Why it failed or was refused, and what to do."""

    code: Annotated[str, ("description", "stable word, such as permission-missing")]
    cause: str
    fix: str
    subject: NotRequired[Annotated[str, ("description", "container, task or resource that it is about")]]
    quote: NotRequired[Annotated[str, ("description", "what AWS or the registry said, word for word")]]
    log: NotRequired[Annotated[list[str], ("description", "last lines of the container's log")]]
    location: NotRequired[Location]


class Envelope(TypedDict):
    """What every document has."""

    schema: Literal[1]
    exit_code: Annotated[int, ("description", "exit code of the command")]
    problems: list[ProblemEntry]


class ErrorDocument(Envelope):
    """Any verb that was refused or failed before it had an outcome; also crashes (exit code 1)."""

    kind: Literal["error"]
    result: Annotated[str, ("description", "the exit code as a word: usage, refused, locked, failed, …")]


class DiagnosisEntry(TypedDict):
    """One cause that the input shows. ``container`` is null where AWS's words name none."""

    code: Annotated[str, ("description", "stable word, such as image-missing")]
    cause: str
    fix: str
    retriable: Annotated[bool, ("description", "trying again may succeed")]
    fatal: Annotated[bool, ("description", "trying again cannot succeed")]
    container: str | None


class DeploymentEntry(TypedDict):
    """The status that a release would read."""

    status: DeploymentState
    detail: str


class ExplanationDocument(Envelope):
    """``explain``; ``diagnoses`` is empty where nothing is recognized, ``deployment`` null without ``--deployment``."""

    kind: Literal["explanation"]
    diagnoses: list[DiagnosisEntry]
    deployment: DeploymentEntry | None


class CommitEntry(TypedDict):
    """A commit; subject and time are null where only the sha is known."""

    sha: str
    subject: str | None
    committed_at: Moment | None


class VersionEntry(TypedDict):
    """A version of the app. ``release_id`` is null where the ledger does not know it."""

    release_id: str | None
    commit: CommitEntry | None


class Urls(TypedDict):
    """Where to look; null where there is none."""

    app: str | None
    run: str | None
    pull_request: str | None
    comment: str | None


class ImageEntry(TypedDict):
    """An image of the configuration, by the digest that runs."""

    name: str
    digest: str


class PlannedImage(TypedDict):
    """An image, found in the registry or to be built; ``digest`` is null until it is built."""

    name: str
    reference: str
    digest: str | None
    action: Literal["build", "reuse"]


class PlannedMigration(TypedDict):
    """The task that migrates."""

    family: str
    container: str
    image: str
    command: list[str] | None
    timeout_seconds: Seconds
    files: list[str]


class PlannedService(TypedDict):
    """What becomes of a service, and the revision that a failed release reverts to."""

    name: str
    ecs_service: str
    action: Literal["update", "unchanged"]
    desired: int
    previous_revision: Revision
    steady_seconds: Annotated[Seconds, ("description", "that each new task must have run; 0: not watched")]
    images: Annotated[dict[str, str], ("description", "container to image of the configuration")]
    diff: list[str]


class PlannedCheck(TypedDict):
    """A check after the rollout."""

    service: str
    url: str
    expected_status: int
    body: str | None
    version: str | None
    timeout_seconds: Seconds
    bake_seconds: Seconds
    alarms: list[str]
    command: list[str]


class PlanDocument(Envelope):
    """``plan``: what a release, rollback or promotion would do. ``restores_release_id`` is of a rollback."""

    kind: Literal["plan"]
    operation: Kind
    restores_release_id: str | None
    release_id: str
    app: str
    environment: str
    region: str
    cluster: str
    commit: CommitEntry
    actor: str
    urls: Urls
    nothing_to_do: bool
    images: list[PlannedImage]
    migration: PlannedMigration | None
    services: list[PlannedService]
    checks: list[PlannedCheck]
    warnings: list[str]


class ServiceResult(TypedDict):
    """Where a service ended. ``attempted_revision`` is null where the release registered none."""

    name: str
    ecs_service: str
    status: Annotated[DeploymentState, ("description", "of its rollout; where it was reverted, of the revert")]
    detail: str
    previous_revision: Revision
    attempted_revision: Revision | None
    running_revision: Revision


class StepEntry(TypedDict):
    """A step of a release; ``started_at`` and ``status`` are in records only."""

    name: str
    seconds: Seconds
    status: NotRequired[StepState]
    recorded_at: NotRequired[Moment]
    detail: NotRequired[str]


_FromTo = TypedDict("_FromTo", {"from": VersionEntry | None, "to": VersionEntry})


class OutcomeDocument(Envelope, _FromTo):
    """``release``, ``rollback``, ``promote``, ``migrate`` and ``handle-comment``: what was done, and how it ended.

    ``from`` is the version that was live before, ``to`` the one that was asked for; ``result`` says whether it is live.
    """

    kind: Literal["outcome"]
    operation: Kind
    result: Result
    summary: str
    release_id: str
    app: str
    environment: str
    commit: CommitEntry
    actor: str
    started_at: Moment | None
    seconds: Seconds
    urls: Urls
    services: list[ServiceResult]
    images: list[ImageEntry]
    steps: list[StepEntry]
    warnings: list[str]


class ServiceStatus(TypedDict):
    """A service as it is now; ``commit`` and ``release_id`` are null where deploytool did not deploy it."""

    name: str
    ecs_service: str
    commit: CommitEntry | None
    release_id: str | None
    revision: Revision
    task_definition_arn: str
    status: Annotated[
        Literal["in_progress", "succeeded", "failed", "deleted", "none"],
        ("description", "of the newest ECS deployment; deleted: the service is INACTIVE or DRAINING"),
    ]
    running: int
    pending: int
    desired: int
    restarts: Annotated[
        int | None,
        ("description", "tasks of this revision that failed lately, as long as ECS lists them; null where unreadable"),
    ]


class DriftEntry(TypedDict):
    """A service that runs another revision than the last release left."""

    name: str
    release_id: str
    recorded_revision: Revision
    running_revision: Revision
    same_images: bool


class UnfinishedRelease(TypedDict):
    """A release whose end is not recorded: it runs, or was killed."""

    release_id: str
    actor: str
    started_at: Moment


class StatusDocument(Envelope):
    """``status``: what runs in an environment."""

    kind: Literal["status"]
    environment: str
    services: list[ServiceStatus]
    versions_differ: Annotated[bool, ("description", "services run different commits")]
    drift: list[DriftEntry]
    unfinished: list[UnfinishedRelease]


class RecordedService(TypedDict):
    """A service in a release record."""

    name: str
    ecs_service: str
    previous_revision: Revision
    attempted_revision: Revision | None
    running_revision: Revision | None
    running_task_definition_arn: str | None
    ecs_deployment_id: str | None


class MigrationEntry(TypedDict):
    """The migrate task of a release."""

    ran: bool
    task_arn: str | None
    revision: Revision | None


class ReleaseEntry(TypedDict):
    """A release record. ``result`` is null while it runs, or where it was interrupted."""

    release_id: str
    operation: Kind
    app: str
    environment: str
    commit: CommitEntry
    actor: str
    urls: Urls
    run_id: str | None
    pull_request: int | None
    started_at: Moment
    ended_at: Moment | None
    seconds: Seconds | None
    result: Result | None
    summary: str
    images: list[ImageEntry]
    services: list[RecordedService]
    steps: list[StepEntry]
    migration: MigrationEntry
    github_deployment_id: int | None
    previous_release_id: str | None
    restores_release_id: str | None
    fencing_token: int


class HistoryDocument(Envelope):
    """``history``: releases, newest first."""

    kind: Literal["history"]
    environment: str
    live_release_id: str | None
    releases: list[ReleaseEntry]


class ReleaseDocument(Envelope, ReleaseEntry):
    """``history RELEASE``: one release in full."""

    kind: Literal["release"]
    live: bool


class LockHolder(TypedDict):
    """Who holds the lock: a release or a freeze."""

    id: str
    type: HolderKind
    actor: str
    reason: str
    run_url: str | None
    since_at: Moment | None
    expires_at: Moment | None
    superseded_by: str | None


class LockDocument(Envelope):
    """``lock show``, ``lock hold`` and ``lock release``."""

    kind: Literal["lock"]
    environment: str
    status: Literal["unlocked", "locked", "frozen", "expired"]
    fencing_token: int
    holder: LockHolder | None


class BucketEntry(TypedDict):
    """A stretch of time."""

    started_at: Moment
    deployed: int
    failed: int


class StatsDocument(Envelope):
    """``stats``: the four DORA metrics; null where nothing happened to measure."""

    kind: Literal["stats"]
    environment: str
    since_at: Moment
    until_at: Moment
    deployments: int
    deployments_per_day: float
    lead_time_seconds: Seconds | None
    changes: int
    failures: int
    change_failure_rate: float | None
    time_to_restore_seconds: Seconds | None
    unrestored: int
    buckets: list[BucketEntry]


class RecoveredRelease(TypedDict):
    """An interrupted release, and how it was closed."""

    release_id: str
    result: Result
    summary: str
    services: list[RunningService]


class RunningService(TypedDict):
    """A service and what it runs."""

    name: str
    running_revision: Revision


class RecoveryDocument(Envelope):
    """``recover``."""

    kind: Literal["recovery"]
    environment: str
    nothing_to_do: bool
    releases: list[RecoveredRelease]


class PruneItemEntry(TypedDict):
    """A revision or image, and why it is kept or may be deleted."""

    type: Literal["revision", "image"]
    name: str
    repository: str | None
    delete: bool
    reasons: list[str]


class PruneDocument(Envelope):
    """``prune``; ``applied`` is false without ``--yes``."""

    kind: Literal["prune"]
    applied: bool
    items: list[PruneItemEntry]


class ConfigCheckDocument(Envelope):
    """``config check``; ``settings`` is what holds in ``--environment``, null without it."""

    kind: Literal["config_check"]
    valid: bool
    settings: dict[str, Any] | None


class LogLine(TypedDict):
    """A line of ``logs`` and ``run``: both print JSON lines."""

    schema: Literal[1]
    kind: Literal["log_line"]
    service: str
    container: str
    task_id: str | None
    line: str


class RunDocument(Envelope):
    """The last line of ``run``; ``exit_code`` is the command's own."""

    kind: Literal["run"]
    environment: str
    service: str


class CommentIgnoredDocument(Envelope):
    """``handle-comment`` where the event asks for nothing."""

    kind: Literal["comment_ignored"]
    reason: str


class SandboxDocument(Envelope):
    """``sandbox up``: where everything is."""

    kind: Literal["sandbox"]
    app_url: str
    github_url: str
    github_api_url: str
    aws_endpoint_url: str
    registry: str
    region: str
    repository: str
    workdir: str
    environments: list[str]
    seconds: Seconds


class SandboxPart(TypedDict):
    """A part of the sandbox."""

    name: str
    status: Literal["up", "down"]
    detail: str


class SandboxStatusDocument(Envelope):
    """``sandbox status``; exit code 3 where a part is down."""

    kind: Literal["sandbox_status"]
    parts: list[SandboxPart]
    app_url: str
    workdir: str
    faults: list[str]
    omitted: str


class SandboxEnvDocument(Envelope):
    """``sandbox env``; an empty value means to unset the variable."""

    kind: Literal["sandbox_env"]
    variables: dict[str, str]


class SandboxFaultDocument(Envelope):
    """``sandbox break`` and ``sandbox fix``; ``commit`` and ``url`` are null where the repository did not change."""

    kind: Literal["sandbox_fault"]
    faults: list[str]
    commit: str | None
    url: str | None
    expected: str
    workdir: str


class SandboxDownDocument(Envelope):
    """``sandbox down``; ``stopped`` is false where there was none."""

    kind: Literal["sandbox_down"]
    stopped: bool
