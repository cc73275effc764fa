"""What the ledger remembers of a release, and what follows from it: which one is live, and whether that still holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from deploytool.core.model import Commit, LiveService
from deploytool.core.observed import TaskDefinition
from deploytool.core.outcome import Result


class Kind(StrEnum):
    """How a version came to an environment."""

    RELEASE = "release"
    ROLLBACK = "rollback"
    PROMOTE = "promote"
    MIGRATE = "migrate"
    """No version at all: the migration alone was run."""


class StepState(StrEnum):
    """How far a step came."""

    BEGAN = "began"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True)
class StepRecord:
    """One step: written before it begins, written again when it is over."""

    name: str
    state: StepState
    at: datetime
    """When it began."""
    seconds: float = 0.0
    """How long it took; 0 while it has not ended."""
    detail: str = ""


@dataclass(frozen=True)
class ServiceRecord:
    """One service: the revision before, and the one after where it came to one."""

    name: str
    before: str
    after: str | None = None
    deployment_id: str = ""
    """Of the ECS deployment that UpdateService answered with; empty where the service was not updated."""


@dataclass(frozen=True)
class MigrationRecord:
    """What is known of the migrate task."""

    task: str = ""
    """ARN. Where a crash came between RunTask and this note, the task is found by ``startedBy`` = release id."""
    revision: str = ""
    """ARN of the task definition it runs."""
    ran: bool = False
    """A task was started, so that the database may have changed; whether it ended well is said by the step."""


@dataclass(frozen=True)
class GithubRecord:
    """What was made on GitHub, to be closed by whoever comes after a crash, and changed by whoever takes over."""

    deployment_id: int | None = None
    pull_request: int | None = None
    """The one found for the commit; that of the record is the same, once this is known."""
    comment_id: int | None = None
    comment_url: str = ""
    other_comments: tuple[int, ...] = ()
    """Ids of the comments in the other pull requests of the release."""

    @property
    def comments(self) -> tuple[int, ...]:
        """Ids of all of them."""
        return (*((self.comment_id,) if self.comment_id is not None else ()), *self.other_comments)


@dataclass(frozen=True)
class Record:
    """One release, from before its first change to its end. ``result`` is ``None`` until then."""

    release_id: str
    kind: Kind
    app: str
    environment: str
    commit: Commit
    started_at: datetime
    fence: int
    """Number of the lease under which it was written last: a newer run that settles it writes its own."""
    actor: str = ""
    run_url: str = ""
    run_id: str = ""
    pull_request: int | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)
    """The plan as ``deploytool plan --output json`` prints it."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Image name to digest."""
    services: Mapping[str, ServiceRecord] = field(default_factory=dict)
    """By key, every service of the configuration: those that the release leaves alone too."""
    steps: tuple[StepRecord, ...] = ()
    migration: MigrationRecord = MigrationRecord()
    ended_at: datetime | None = None
    result: Result | None = None
    sentence: str = ""
    serving: Mapping[str, str] = field(default_factory=dict)
    """Service key to the ARN of the revision that served at the end."""
    github: GithubRecord = GithubRecord()
    previous: str = ""
    """``live_id`` of the release that was live before; empty for the first."""
    restores: str = ""
    """For a rollback: the release whose version it brings back."""

    @property
    def live_id(self) -> str:
        """The release whose version serves if this one is successful."""
        return self.restores or self.release_id

    @property
    def finished(self) -> bool:
        """Its end was written."""
        return self.result is not None

    @property
    def successful(self) -> bool:
        """It made its version live. A release that found nothing to do did not: the one before it had."""
        return self.result is Result.RELEASED

    @property
    def seconds(self) -> float | None:
        """How long it took; ``None`` while it is not over."""
        return None if self.ended_at is None else (self.ended_at - self.started_at).total_seconds()


def last_successful(newest_first: Iterable[Record]) -> Record | None:
    """The record that made live what should be live now: its ``live_id`` names the version."""
    return next((record for record in newest_first if record.successful), None)


def version_of(newest_first: Iterable[Record]) -> Record | None:
    """The release whose version should be live now: for a rollback, the release that it brought back."""
    records = tuple(newest_first)
    last = last_successful(records)
    return next((record for record in records if last and record.release_id == last.live_id), last)


def covers(version: Record, commit: Commit, live: Mapping[str, LiveService], digests: Mapping[str, str | None]) -> bool:
    """Whether release ``version`` made ``commit`` live in all these services, with these images.

    ``digests`` are by image name, each as the registry holds it for the commit now; ``None`` where it lacks the image.
    An image that was pushed anew was not released. Nor was it to a service that the configuration has gained since, or
    that was created anew: with it the database may be new.
    """
    released = version.images
    return (
        version.commit.sha == commit.sha
        and all(key in version.serving and not _created_since(version, service) for key, service in live.items())
        and all(name in released and digest in (None, released[name]) for name, digest in digests.items())
    )


def _created_since(version: Record, service: LiveService) -> bool:
    created, ended = service.state.created_at, version.ended_at
    return created is not None and ended is not None and created > ended


@dataclass(frozen=True)
class Recorded:
    """What the ledger says of the revision that a service runs."""

    commit: str
    """Sha."""
    release_id: str


def recorded(live: Mapping[str, LiveService], newest_first: Iterable[Record]) -> dict[str, Recorded]:
    """By service key: the release that last made its running revision live; without those that no record names.

    A revision that ``infra apply`` made carries no tags, and one that two commits share carries those of the first.
    """
    good = tuple(record for record in newest_first if record.successful)
    found = {}
    for key, service in live.items():
        running = service.state.task_definition
        last = next((each for each in good if each.serving.get(key) == running and _speaks_for(each, key)), None)
        if last is not None:
            found[key] = Recorded(last.commit.sha, last.live_id)
    return found


def _speaks_for(record: Record, key: str) -> bool:
    """A rollback of some services says nothing of the version of the others."""
    partial = record.kind is Kind.ROLLBACK and not record.restores
    return not partial or (key in record.services and record.services[key].after is not None)


@dataclass(frozen=True)
class Drift:
    """A service that serves something else than the ledger says."""

    key: str
    serves: str
    """ARN of the revision that serves."""
    recorded: str
    """ARN of the revision that the ledger says was left serving."""
    release_id: str
    """The release that left it so."""
    same_images: bool = False
    """The revision that serves runs images of that release: its shape changed, as by ``infra apply``, no code did."""


def drift(live: Mapping[str, LiveService], newest_first: Iterable[Record]) -> tuple[Drift, ...]:
    """Services whose revision somebody changed by other means since the last release ended.

    Nothing is said of a service that no record knows, nor while a release is under way: then change is expected.
    """
    records = tuple(newest_first)
    if any(not record.finished for record in records[:1]):
        return ()
    by_id = {record.release_id: record for record in records}
    found = []
    for key, service in live.items():
        last = next((record for record in records if key in record.serving), None)
        serves = service.state.task_definition
        if last is not None and last.serving[key] != serves:
            released = by_id.get(last.live_id, last).images.values()
            same = bool(runs := _digests(service.task_definition)) and runs.issubset(released)
            found.append(Drift(key, serves, last.serving[key], last.release_id, same))
    return tuple(found)


def _digests(definition: TaskDefinition) -> frozenset[str]:
    named = (str(container["image"]) for container in definition.get("containerDefinitions", ()))
    return frozenset(image.partition("@")[2] for image in named if "@" in image)
