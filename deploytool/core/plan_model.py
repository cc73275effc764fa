"""A plan: the ordered steps of a release, as data. Printing one is the dry run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deploytool.core.model import Request
from deploytool.core.observed import ServiceState, TaskDefinition


@dataclass(frozen=True)
class ImageChoice:
    """Which image a release runs: found in the registry, or to be built."""

    name: str
    reference: str
    """``registry/repository:tag``."""
    digest: str | None
    """``None``: to be built by this release."""

    @property
    def repository(self) -> str:
        """The reference without its tag."""
        head, _, tail = self.reference.rpartition("/")
        return f"{head}/{tail.partition(':')[0]}" if head else tail.partition(":")[0]

    def pinned(self, digest: str) -> str:
        """The form that runs: by digest, so that no tag can move under it."""
        return f"{self.repository}@{digest}"


@dataclass(frozen=True)
class Build:
    """Build and push what the registry does not hold yet."""

    images: tuple[str, ...]


@dataclass(frozen=True)
class StandaloneTask:
    """A task beside the services, as ECS calls it: what RunTask is told of it besides its revision."""

    container: str
    """Whose command is set, whose log is followed, whose exit code counts."""
    command: tuple[str, ...] | None
    like: ServiceState
    """The service whose network and capacity the task copies."""


@dataclass(frozen=True)
class Migrate:
    """Run the migrate task with the new image and judge its exit code."""

    family: str
    base: TaskDefinition
    container: str
    image: str
    command: tuple[str, ...] | None
    like: ServiceState
    """The service whose network and capacity the task copies."""
    timeout: float
    """Seconds."""
    on_cancel: str = "finish"

    @property
    def task(self) -> StandaloneTask:
        """The task that it runs."""
        return StandaloneTask(self.container, self.command, self.like)


@dataclass(frozen=True)
class ServiceChange:
    """One service, from the revision before to the one after."""

    key: str
    name: str
    base: TaskDefinition
    """The live revision, or the template, that the new revision is made from."""
    images: Mapping[str, str]
    """Container name → image name of the configuration."""
    back_to: str
    """ARN of the revision that serves now."""
    before: ServiceState
    commit_before: str = ""
    """Sha of the commit that serves now; empty where deploytool did not release it."""
    diff: tuple[str, ...] = ()
    unchanged: bool = False
    """The live revision is already what this release wants."""
    revision: str = ""
    """ARN of a revision that exists already, for a rollback; empty: register one from ``base``."""


@dataclass(frozen=True)
class RollOut:
    """Update these services together and wait until each one's fate is known."""

    services: tuple[ServiceChange, ...]
    timeout: float
    """Seconds for all of them."""


@dataclass(frozen=True)
class Verify:
    """Ask the new version over HTTP, then watch alarms for the bake time."""

    service: str
    url: str
    status: int
    body: str | None
    version: str | None
    timeout: float
    """Seconds until the answer must be right."""
    interval: float
    """Seconds between two questions."""
    bake: float = 0.0
    """Seconds to watch the alarms after the answer is right."""
    alarms: tuple[str, ...] = ()


Step = Build | Migrate | RollOut | Verify


@dataclass(frozen=True)
class Plan:
    """What a release will do, in order."""

    request: Request
    cluster: str
    region: str
    images: Mapping[str, ImageChoice]
    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    """Put on every task definition registered and every task run."""
    url: str = ""
    """Where the environment is seen, for the comment."""
    migration_files: tuple[str, ...] = ()
    """Added since the commit that is live; empty also where this clone does not hold that commit."""
    already_running: tuple[ServiceChange, ...] = ()
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
    def changes(self) -> tuple[ServiceChange, ...]:
        """Every service the plan touches, in order."""
        return tuple(change for step in self.steps if isinstance(step, RollOut) for change in step.services)

    @property
    def concerned(self) -> tuple[ServiceChange, ...]:
        """Every service whose version the plan makes live: those that move, or all where each runs it already."""
        return self.changes or self.already_running

    @property
    def commit_before(self) -> str:
        """Sha of the commit that runs before it; empty where something else than deploytool brought it."""
        return next((change.commit_before for change in self.concerned if change.commit_before), "")
