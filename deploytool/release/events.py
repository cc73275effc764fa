"""What the engine tells while it runs. Whoever watches folds these into a picture."""

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
    """A step is over, well or not."""

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
    """A service's picture changed: its verdict so far and what it waits for."""

    key: str
    status: DeploymentStatus
    running: int
    desired: int
    reverting: bool = False


@dataclass(frozen=True)
class Explained:
    """A reason was found; told at once, before the rollout ends."""

    diagnosis: Diagnosis


@dataclass(frozen=True)
class WarningIssued:
    """Something a person should know that does not stop the release."""

    text: str


@dataclass(frozen=True)
class Recovered:
    """A release that was killed is closed by this run; GitHub may still show it as going on."""

    request: ReleaseRequest
    """Of the release that was killed."""
    succeeded: bool
    summary: str
    github: GithubRecord = field(default_factory=GithubRecord)
    """What the ledger knows of it there."""


@dataclass(frozen=True)
class RollbackTarget:
    """The release that a rollback brings back once this one is live; told before anything changes."""

    release_id: str
    commit: Commit


@dataclass(frozen=True)
class RolledBackRelease:
    """This is a rollback, and this the release that it takes back; told before anything changes."""

    request: ReleaseRequest


@dataclass(frozen=True)
class ReplacedRelease:
    """The release that is live, and whose place this one takes if it succeeds; told before anything changes."""

    release_id: str
    comments: tuple[int, ...]
    """Ids of what it wrote to pull requests."""


@dataclass(frozen=True)
class IncludedCommits:
    """The other commits that come with this release, or go with what a rollback takes back; newest first."""

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
