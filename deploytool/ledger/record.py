"""What the ledger remembers of a release, and what follows from it: which one is live, and whether that still holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from deploytool.ecs.model import TaskDefinition
from deploytool.release.model import Commit, GithubRecord, ObservedService, Outcome, Plan, Result, StepName

# SEG core.ledger
# What the ledger remembers of a release, and what follows from it: which one is live, and whether that still holds.


class Kind(StrEnum):
    """How a version came to an environment."""

    RELEASE = "release"
    ROLLBACK = "rollback"
    PROMOTE = "promote"
    MIGRATE = "migrate"
    """No version at all: the migration alone was run."""


class StepState(StrEnum):
    """How far a step came."""

    BEGAN = "in_progress"
    ENDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class StepRecord:
    """One step: written before it begins, written again when it is over."""

    name: StepName
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
class Record:
    """One release, from before its first change to its end. ``result`` is ``None`` until then."""

    release_id: str
    kind: Kind
    app: str
    environment: str
    commit: Commit
    started_at: datetime
    fencing_token: int
    """Number of the lease under which it was written last: a newer run that settles it writes its own."""
    actor: str = ""
    run_url: str = ""
    run_id: str = ""
    pull_request: int | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)
    """What recovery must know of the plan: ``codec.stored_plan``."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Image name to digest."""
    services: Mapping[str, ServiceRecord] = field(default_factory=dict)
    """By key, every service of the configuration: those that the release leaves alone too."""
    steps: tuple[StepRecord, ...] = ()
    migration: MigrationRecord = MigrationRecord()
    ended_at: datetime | None = None
    result: Result | None = None
    summary: str = ""
    running: Mapping[str, str] = field(default_factory=dict)
    """Service key to the ARN of the revision that served at the end."""
    github: GithubRecord = field(default_factory=GithubRecord)
    previous: str = ""
    """``live_id`` of the release that was live before; empty for the first."""
    restores: str = ""
    """For a rollback: the release whose version it brings back."""

    @property
    def live_release_id(self) -> str:
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
    return next((record for record in records if last and record.release_id == last.live_release_id), last)


@dataclass(frozen=True)
class Recorded:
    """What the ledger says of the revision that a service runs."""

    commit: str
    """Sha."""
    release_id: str


def recorded(live: Mapping[str, ObservedService], newest_first: Iterable[Record]) -> dict[str, Recorded]:
    """By service key: the release that last made its running revision live; without those that no record names.

    A revision that ``infra apply`` made carries no tags, and one that two commits share carries those of the first.
    """
    succeeded = tuple(record for record in newest_first if record.successful)
    found = {}
    for key, service in live.items():
        running = service.state.task_definition
        last = next((each for each in succeeded if each.running.get(key) == running and _speaks_for(each, key)), None)
        if last is not None:
            found[key] = Recorded(last.commit.sha, last.live_release_id)
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


def drift(live: Mapping[str, ObservedService], newest_first: Iterable[Record]) -> tuple[Drift, ...]:
    """Services whose revision somebody changed by other means since the last release ended.

    Nothing is said of a service that no record knows, nor while a release is under way: then change is expected.
    """
    records = tuple(newest_first)
    if any(not record.finished for record in records[:1]):
        return ()
    by_id = {record.release_id: record for record in records}
    found = []
    for key, service in live.items():
        last = next((record for record in records if key in record.running), None)
        serves = service.state.task_definition
        if last is not None and last.running[key] != serves:
            released = by_id.get(last.live_release_id, last).images.values()
            same = bool(runs := _digests(service.task_definition)) and runs.issubset(released)
            found.append(Drift(key, serves, last.running[key], last.release_id, same))
    return tuple(found)


def _digests(definition: TaskDefinition) -> frozenset[str]:
    named = (str(container["image"]) for container in definition.get("containerDefinitions", ()))
    return frozenset(image.partition("@")[2] for image in named if "@" in image)


# SEG core.ledger_notes
# From a plan to the first record of it, and from each note of the engine to the next.

DETAIL = 2000
"""Characters kept of a step's detail: DynamoDB holds 400 KB in an item, the whole record included."""
MIGRATE = "migrate"
"""The key that the migrate task's revision is registered under, and the name of its step."""


def open_record(
    plan: Plan,
    live: Mapping[str, ObservedService],
    *,
    document: Mapping[str, Any],
    now: datetime,
    fencing_token: int,
    kind: Kind = Kind.RELEASE,
    previous: str = "",
    restores: str = "",
) -> Record:
    """The record of a release that has changed nothing yet.

    ``document`` is the plan as JSON data, ``live`` every service found, ``previous`` the ``live_id`` of the last
    successful record.
    """
    request = plan.request
    return Record(
        release_id=request.release_id,
        kind=kind,
        app=request.app,
        environment=request.environment,
        commit=request.commit,
        started_at=now,
        fencing_token=fencing_token,
        actor=request.triggered_by.actor,
        run_url=request.triggered_by.run_url,
        run_id=request.triggered_by.run_id,
        pull_request=request.triggered_by.pull_request,
        plan=document,
        images={name: choice.digest for name, choice in plan.images.items() if choice.digest},
        services={
            key: ServiceRecord(service.state.name, service.state.task_definition) for key, service in live.items()
        },
        previous=previous,
        restores=restores,
    )


def step_began(record: Record, name: StepName, detail: str, now: datetime) -> Record:
    """The step is about to begin."""
    return replace(record, steps=(*record.steps, StepRecord(name, StepState.BEGAN, now, detail=detail[:DETAIL])))


def step_ended(record: Record, name: StepName, succeeded: bool, seconds: float, detail: str = "") -> Record:
    """The last step of that name is over; one that nobody saw begin is left out."""
    steps = list(record.steps)
    for index in range(len(steps) - 1, -1, -1):
        if steps[index].name == name:
            state = StepState.ENDED if succeeded else StepState.FAILED
            told = detail[:DETAIL] or steps[index].detail
            steps[index] = replace(steps[index], state=state, seconds=round(seconds, 3), detail=told)
            break
    return replace(record, steps=tuple(steps))


def built(record: Record, name: str, digest: str) -> Record:
    """An image is in the registry."""
    return replace(record, images={**record.images, name: digest})


def registered(record: Record, key: str, arn: str) -> Record:
    """A revision was registered, or an identical one is used again; ``key`` is a service's or ``migrate``."""
    if key in record.services:
        return _service(record, key, after=arn)
    return replace(record, migration=replace(record.migration, revision=arn))


def migration_started(record: Record, task: str) -> Record:
    """RunTask answered with this task: from now on the database may have changed."""
    return replace(record, migration=MigrationRecord(task, record.migration.revision, ran=True))


def service_updating(record: Record, after: Mapping[str, str]) -> Record:
    """These services are about to be updated to these revisions."""
    for key, arn in after.items():
        record = _service(record, key, after=arn)
    return record


def service_updated(record: Record, key: str, deployment_id: str, arn: str) -> Record:
    """UpdateService answered for this service."""
    if record.services[key].after != arn:
        # The way back: `after` stays what the release meant to make live.
        return _service(record, key, deployment_id=deployment_id)
    return _service(record, key, after=arn, deployment_id=deployment_id)


def on_github(record: Record, github: GithubRecord) -> Record:
    """What was made on GitHub, and which pull request was found there."""
    return replace(record, github=github, pull_request=record.pull_request or github.pull_request)


def close_record(record: Record, outcome: Outcome, now: datetime) -> Record:
    """The release is over."""
    left = {key: service.before for key, service in record.services.items()}
    return replace(
        record,
        ended_at=now,
        result=outcome.result,
        summary=outcome.summary,
        images={**record.images, **dict(outcome.digests)},
        running={**left, **{service.key: service.running for service in outcome.services}},
    )


def recovered_record(
    record: Record, result: Result, sentence: str, serving: Mapping[str, str], now: datetime
) -> Record:
    """A killed release was settled by the run after it."""
    return replace(record, ended_at=now, result=result, summary=sentence, running=dict(serving))


def _service(record: Record, key: str, **change: Any) -> Record:
    return replace(record, services={**record.services, key: replace(record.services[key], **change)})
