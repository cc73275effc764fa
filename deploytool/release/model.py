"""A release as data: its request, the observed state, the plan, and the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import DeploymentState, DeploymentStatus
from deploytool.ecs.model import ServiceState, StandaloneTask, TaskDefinition
from deploytool.errors import Exit


@dataclass(frozen=True)
class Commit:
    """The git commit that is released."""

    sha: str
    subject: str = ""
    committed_at: datetime | None = None
    source: str = ""
    """URL of the repository, for the OCI label ``org.opencontainers.image.source``."""

    @property
    def short(self) -> str:
        """The first seven hex digits, as GitHub shows them."""
        return self.sha[:7]


@dataclass(frozen=True)
class TriggeredBy:
    """Who asked for it, and from where."""

    actor: str = ""
    run_url: str = ""
    run_id: str = ""
    pull_request: int | None = None


@dataclass(frozen=True)
class ReleaseRequest:
    """One commit to one environment."""

    release_id: str
    app: str
    environment: str
    commit: Commit
    triggered_by: TriggeredBy = TriggeredBy()
    github_environment: str = ""
    """What the environment is called on GitHub; empty: the same."""
    production: bool | None = None
    """GitHub shows it as production; ``None``: by its name."""

    @property
    def deployed_to(self) -> str:
        """The environment, as GitHub knows it."""
        return self.github_environment or self.environment


@dataclass(frozen=True)
class PublishedImage:
    """An image in the registry."""

    digest: str
    platforms: tuple[str, ...] = ()
    """``linux/amd64`` and the like; empty where the registry did not say."""


@dataclass(frozen=True)
class ObservedService:
    """A service before the release."""

    key: str
    """Its name in ``deploytool.yml``."""
    state: ServiceState
    task_definition: TaskDefinition
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tags of its task definition: release, commit, pull request, run."""
    host: str = ""
    """DNS name (and port where it is not the scheme's own) of the load balancer in front of it."""

    @property
    def commit(self) -> str:
        """Sha of the running commit; empty where deploytool did not release it."""
        return self.tags.get("deploytool:commit", "")


@dataclass(frozen=True)
class Problem:
    """One reason to refuse a release before anything changed."""

    cause: str
    fix: str


@dataclass(frozen=True)
class ObservedState:
    """Everything that a plan is made from, besides the configuration."""

    account: str
    services: Mapping[str, ObservedService]
    images: Mapping[str, PublishedImage | None]
    """Per image of the configuration: what the registry holds for this commit."""
    migrate: TaskDefinition | None = None
    templates: Mapping[str, TaskDefinition] = field(default_factory=dict)
    """Task definition files of the repository, by service key; ``migrate`` is the migrate task's."""
    open_images: Mapping[str, Mapping[str, Problem]] = field(default_factory=dict)
    """By the same keys and container: why the file's image cannot run, unless the release gives the container one."""
    problems: tuple[Problem, ...] = ()
    """What does not exist: cluster, services, secrets, roles, log groups."""
    warnings: tuple[str, ...] = ()


class StepName(StrEnum):
    """What a step is called: in events, in the release record and in all output."""

    BUILD = "build"
    MIGRATE = "migrate"
    DEPLOY = "deploy"
    VERIFY = "verify"
    REVERT = "roll back"
    """Services go back to their previous revisions, since a later step failed."""
    RECOVER = "recover"
    """An interrupted release is settled before this one begins."""
    RUN = "run"
    """A command of ``deploytool run``; no step of a release."""


@dataclass(frozen=True)
class ImageChoice:
    """Which image a release runs: the registry's, or one to be built."""

    name: str
    reference: str
    """``registry/repository:tag``."""
    digest: str | None
    """``None``: to be built by this release."""
    platforms: tuple[str, ...] = ()
    """To build for."""
    also_tags: tuple[str, ...] = ()
    """That name it, too, once it is released."""

    @property
    def repository(self) -> str:
        """The reference without its tag or digest."""
        head, slash, tail = self.reference.partition("@")[0].rpartition("/")
        return f"{head}{slash}{tail.partition(':')[0]}"

    def pinned(self, digest: str) -> str:
        """The reference that runs: by digest, which cannot change as a tag can."""
        return f"{self.repository}@{digest}"


@dataclass(frozen=True)
class Build:
    """Build and push what the registry does not hold yet."""

    images: tuple[str, ...]


@dataclass(frozen=True)
class Migrate:
    """Run the migrate task with the new image and judge its exit code."""

    family: str
    base: TaskDefinition
    container: str
    image: str
    command: tuple[str, ...] | None
    network_from: ServiceState
    """The service whose network and capacity the task copies."""
    timeout: float
    """Seconds."""
    on_cancel: str = "finish"

    @property
    def task(self) -> StandaloneTask:
        """The task that it runs."""
        return StandaloneTask(self.container, self.command, self.network_from)


@dataclass(frozen=True)
class ServiceUpdate:
    """One service, from its previous revision to the new one."""

    key: str
    name: str
    base: TaskDefinition
    """The live revision, or the template, that the new revision is made from."""
    images: Mapping[str, str]
    """Container name → image name of the configuration."""
    previous_revision: str
    """ARN of the revision that runs now."""
    before: ServiceState
    commit_before: str = ""
    """Sha of the commit that runs now; empty where deploytool did not release it."""
    diff: tuple[str, ...] = ()
    unchanged: bool = False
    """The live revision is already what this release would register."""
    revision: str = ""
    """ARN of a revision that exists already, for a rollback; empty: register one from ``base``."""
    steady: float = 0.0
    """Seconds that each new task must have run before the release succeeds; 0: not watched."""


@dataclass(frozen=True)
class DeployServices:
    """Update these services together and wait until each is settled."""

    services: tuple[ServiceUpdate, ...]
    timeout: float
    """Seconds for all of them."""


@dataclass(frozen=True)
class Verify:
    """Ask the new version over HTTP, then watch tasks and alarms for the bake time."""

    service: str
    url: str
    status: int
    body: str | None
    version: str | None
    timeout: float
    """Seconds until the response must match."""
    interval: float
    """Seconds between two requests."""
    bake: float = 0.0
    """Seconds to watch tasks and alarms after the response matches."""
    alarms: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    """The user's own check, run where deploytool runs once the response matches."""
    command_timeout: float = 600.0
    """Seconds."""


@dataclass(frozen=True)
class Steady:
    """Wait until the youngest new task of each service has run for ``steady`` seconds, counted by AWS."""

    services: tuple[ServiceUpdate, ...]
    timeout: float
    """Seconds, for tasks that ECS replaces meanwhile for reasons of its own."""


Step = Build | Migrate | DeployServices | Verify | Steady


@dataclass(frozen=True)
class Plan:
    """What a release will do, in order."""

    request: ReleaseRequest
    cluster: str
    region: str
    images: Mapping[str, ImageChoice]
    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    """Put on every task definition registered and every task run."""
    url: str = ""
    """Public URL of the environment, for the comment."""
    migration_files: tuple[str, ...] = ()
    """Added since the commit that is live; empty also where this clone does not hold that commit."""
    staying: Mapping[str, str] = field(default_factory=dict)
    """Services that a rollback leaves out, though they run something else: key to the ARN of their revision."""
    already_running: tuple[ServiceUpdate, ...] = ()
    """Every service, where each runs the wanted version and yet the ledger does not name it as the one that is live:
    none of them moves, but the migration, the checks and the release record are due."""

    @property
    def nothing_to_do(self) -> bool:
        """True where the ledger names the commit as released here, and every service runs it."""
        return not self.steps and not self.already_running

    @property
    def builds(self) -> bool:
        """An image is built of the work tree."""
        return any(isinstance(step, Build) for step in self.steps)

    @property
    def only_migrates(self) -> bool:
        """The migration alone: it makes no version live."""
        return bool(self.steps) and not self.concerned

    @property
    def changes(self) -> tuple[ServiceUpdate, ...]:
        """Every service the plan touches, in order."""
        return tuple(change for step in self.steps if isinstance(step, DeployServices) for change in step.services)

    @property
    def concerned(self) -> tuple[ServiceUpdate, ...]:
        """Every service whose version the plan makes live: those that move, or all where each runs it already."""
        return self.changes or self.already_running

    @property
    def commit_before(self) -> str:
        """Sha of the commit that runs before it; empty where something else than deploytool brought it."""
        return next((change.commit_before for change in self.concerned if change.commit_before), "")


class Result(StrEnum):
    """The one-word outcome; also the ``result`` output of the action."""

    RELEASED = "released"
    MIGRATED = "migrated"
    NOTHING_TO_DO = "nothing_to_do"
    REFUSED = "refused"
    BUILD_FAILED = "build_failed"
    MIGRATION_FAILED = "migration_failed"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_INCOMPLETE = "rollback_incomplete"
    SUPERSEDED = "superseded"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    FAILED = "failed"


EXITS = {
    Result.RELEASED: Exit.OK,
    Result.MIGRATED: Exit.OK,
    Result.NOTHING_TO_DO: Exit.OK,
    Result.REFUSED: Exit.PRECONDITION_FAILED,
    Result.BUILD_FAILED: Exit.BUILD_FAILED,
    Result.MIGRATION_FAILED: Exit.MIGRATION_FAILED,
    Result.ROLLED_BACK: Exit.ROLLED_BACK,
    Result.ROLLBACK_INCOMPLETE: Exit.ROLLBACK_INCOMPLETE,
    Result.SUPERSEDED: Exit.SUPERSEDED,
    Result.TIMED_OUT: Exit.TIMEOUT,
    Result.CANCELLED: Exit.CANCELLED,
    Result.FAILED: Exit.INTERNAL_ERROR,
}


REVERTED = frozenset({DeploymentState.SUCCEEDED, DeploymentState.ROLLED_BACK})
"""States of a revert whose service runs its previous revision again: by our update, or by ECS's own rollback."""


@dataclass(frozen=True)
class ServiceOutcome:
    """Where one service ended."""

    key: str
    name: str
    status: DeploymentStatus
    running: str
    """ARN of the revision that runs now, as last read from ECS."""
    before: str
    after: str | None
    """ARN of the revision this release registered; ``None`` where it came to none."""
    revert: DeploymentStatus | None = None
    """Of its revert, where there was one."""


@dataclass(frozen=True)
class Timing:
    """How long a step took, in seconds."""

    step: StepName
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """How a release ended, and the sentence that says it."""

    plan: Plan
    result: Result
    summary: str
    services: tuple[ServiceOutcome, ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    digests: tuple[tuple[str, str], ...] = ()
    """Image name and the digest that was released."""
    timings: tuple[Timing, ...] = ()
    seconds: float = 0.0

    @property
    def exit_code(self) -> Exit:
        return EXITS[self.result]

    @property
    def succeeded(self) -> bool:
        """True only where it did what was asked for."""
        return self.live or self.result is Result.MIGRATED

    @property
    def live(self) -> bool:
        """True only where the commit runs in every service."""
        return self.result in (Result.RELEASED, Result.NOTHING_TO_DO)


@dataclass(frozen=True)
class GithubRecord:
    """What was made on GitHub: a recovery closes it, the next release edits it."""

    deployment_id: int | None = None
    pull_request: int | None = None
    """The one found for the commit; that of the record is the same, once this is known."""
    comment_id: int | None = None
    comment_url: str = ""
    other_comments: tuple[int, ...] = ()
    """Ids of the comments in the other pull requests of the release."""

    @property
    def comments(self) -> tuple[int, ...]:
        return (*((self.comment_id,) if self.comment_id is not None else ()), *self.other_comments)


@dataclass(frozen=True)
class HttpResponse:
    """An HTTP answer, whatever its status."""

    status: int
    body: str


@dataclass(frozen=True)
class NoResponse:
    """No HTTP answer at all."""

    reason: str
    """``timeout``, ``connection``, ``tls``, ``redirects`` or ``url``."""
    detail: str = ""


class ReleasedVersion(Protocol):
    """The release that the ledger names as live; ``ledger.record.Record`` is one."""

    @property
    def commit(self) -> Commit:
        """What it released."""

    @property
    def images(self) -> Mapping[str, str]:
        """Digests by image name."""

    @property
    def running(self) -> Mapping[str, str]:
        """By service key: ARN of the revision that it left running."""

    @property
    def ended_at(self) -> datetime | None:
        """When it ended, in UTC."""
