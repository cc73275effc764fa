"""What the engine emits while it runs; a listener folds these into a view."""

from __future__ import annotations

from dataclasses import dataclass, field

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import DeploymentStatus
from deploytool.release.model import Commit, GithubRecord, Outcome, Plan, ReleaseRequest, StepName


@dataclass(frozen=True)
class Planned:
    """The plan is known; nothing has changed yet."""

    plan: Plan


@dataclass(frozen=True)
class StepBegan:
    """A step begins."""

    step: StepName
    detail: str = ""


@dataclass(frozen=True)
class StepEnded:
    """A step is over, successful or not."""

    step: StepName
    succeeded: bool
    seconds: float
    detail: str = ""


@dataclass(frozen=True)
class OutputLine:
    """A line of output of a build or of a task."""

    source: str
    """The step, or the stack, that it comes from."""
    line: str


@dataclass(frozen=True)
class ServiceProgress:
    """One reading of a service that is rolling out: its status, and the tasks of its new deployment."""

    key: str
    status: DeploymentStatus
    running: int
    desired: int
    reverting: bool = False


@dataclass(frozen=True)
class Explained:
    """A reason was found; emitted at once, before the rollout ends."""

    diagnosis: Diagnosis


@dataclass(frozen=True)
class WarningIssued:
    """Something a person should know that does not stop the release."""

    text: str


@dataclass(frozen=True)
class Recovered:
    """An interrupted release was recovered by this run; GitHub may still show it as in progress."""

    request: ReleaseRequest
    """Of the interrupted release."""
    succeeded: bool
    summary: str
    github: GithubRecord = field(default_factory=GithubRecord)


@dataclass(frozen=True)
class RollbackTarget:
    """The release that a rollback restores once this one is live; emitted before anything changes."""

    release_id: str
    commit: Commit


@dataclass(frozen=True)
class RolledBackRelease:
    """This is a rollback of this release; emitted before anything changes."""

    request: ReleaseRequest


@dataclass(frozen=True)
class ReplacedRelease:
    """The live release, which this one replaces if it succeeds; emitted before anything changes."""

    release_id: str
    comments: tuple[int, ...]
    """Ids of what it wrote to pull requests."""


@dataclass(frozen=True)
class IncludedCommits:
    """The other commits that come with this release, or go with a rollback; newest first."""

    commits: tuple[Commit, ...]


@dataclass(frozen=True)
class Ended:
    """The release is over."""

    outcome: Outcome


Event = (
    Planned
    | StepBegan
    | StepEnded
    | OutputLine
    | ServiceProgress
    | Explained
    | WarningIssued
    | Recovered
    | RollbackTarget
    | RolledBackRelease
    | ReplacedRelease
    | IncludedCommits
    | Ended
)
