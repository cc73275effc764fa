"""A release record: its contents, the transitions from plan to end, and what the records say is live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from deploytool.release.model import (
    Commit,
    GithubRecord,
    ObservedService,
    Outcome,
    Plan,
    ReleaseRequest,
    Result,
    StepName,
    TriggeredBy,
)


class Kind(StrEnum):
    """How a version came to an environment."""

    RELEASE = "release"
    ROLLBACK = "rollback"
    PROMOTE = "promote"
    MIGRATE = "migrate"
    """No version: the migration alone."""


class StepState(StrEnum):
    """Progress of a step."""

    BEGAN = "in_progress"
    ENDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class StepRecord:
    """One step: written before it begins and after it ended."""

    name: StepName
    state: StepState
    at: datetime
    """When it began."""
    seconds: float = 0.0
    """Duration; 0 while it has not ended."""
    detail: str = ""


@dataclass(frozen=True)
class ServiceRecord:
    """One service: the previous revision, and the new one where there is one."""

    name: str
    before: str
    after: str | None = None
    deployment_id: str = ""
    """Of the ECS deployment that UpdateService answered with; empty where the service was not updated."""


@dataclass(frozen=True)
class MigrationRecord:
    """The migrate task."""

    task: str = ""
    """ARN. After a crash between RunTask and this note, the task is found by ``startedBy`` = release id."""
    revision: str = ""
    """ARN of the task definition it runs."""
    ran: bool = False
    """A task was started: the database may have changed. Whether it succeeded is in the step."""


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
    """Of the lease under which it was written last: a newer run that recovers it writes its own."""
    actor: str = ""
    run_url: str = ""
    run_id: str = ""
    pull_request: int | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)
    """What recovery must know of the plan: ``codec.stored_plan``."""
    images: Mapping[str, str] = field(default_factory=dict)
    """Image name to digest."""
    services: Mapping[str, ServiceRecord] = field(default_factory=dict)
    """By key, every service of the configuration, including those that the release does not change."""
    steps: tuple[StepRecord, ...] = ()
    migration: MigrationRecord = MigrationRecord()
    ended_at: datetime | None = None
    result: Result | None = None
    summary: str = ""
    running: Mapping[str, str] = field(default_factory=dict)
    """Service key to the ARN of the revision that ran at the end."""
    github: GithubRecord = field(default_factory=GithubRecord)
    previous: str = ""
    """``live_release_id`` of the release that was live before; empty for the first."""
    restores: str = ""
    """For a rollback: the release whose version it restores."""

    @property
    def request(self) -> ReleaseRequest:
        """What was asked for, without what only the configuration knows of GitHub."""
        origin = TriggeredBy(self.actor, self.run_url, self.run_id, self.pull_request)
        return ReleaseRequest(self.release_id, self.app, self.environment, self.commit, origin)

    @property
    def live_release_id(self) -> str:
        """The release whose version is live if this one is successful."""
        return self.restores or self.release_id

    @property
    def finished(self) -> bool:
        """Its end was written."""
        return self.result is not None

    @property
    def successful(self) -> bool:
        """It made its version live. A release with nothing to do did not: the previous one had."""
        return self.result is Result.RELEASED

    @property
    def partial(self) -> bool:
        """A rollback of some services: it restored no release as a whole."""
        return self.kind is Kind.ROLLBACK and not self.restores

    @property
    def seconds(self) -> float | None:
        """Duration; ``None`` while it is not over."""
        return None if self.ended_at is None else (self.ended_at - self.started_at).total_seconds()


def last_successful(newest_first: Iterable[Record]) -> Record | None:
    """The record that made live what should be live now: its ``live_release_id`` names the version."""
    return next((record for record in newest_first if record.successful), None)


def version_of(newest_first: Iterable[Record]) -> Record | None:
    """The release whose version should be live now: for a rollback, the release that it restored."""
    records = tuple(newest_first)
    last = last_successful(records)
    return next((record for record in records if last and record.release_id == last.live_release_id), last)


DETAIL = 2000
"""Characters kept of a step's detail: an item of DynamoDB, the whole record, is at most 400 KB."""
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

    ``document`` is the plan as JSON data, ``live`` every service, ``previous`` the ``live_release_id`` of the last
    successful record.
    """
    request, origin = plan.request, plan.request.triggered_by
    return Record(
        release_id=request.release_id,
        kind=kind,
        app=request.app,
        environment=request.environment,
        commit=request.commit,
        started_at=now,
        fencing_token=fencing_token,
        actor=origin.actor,
        run_url=origin.run_url,
        run_id=origin.run_id,
        pull_request=origin.pull_request,
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
    """The last step of that name is over; one that was not recorded to begin is left out."""
    steps = list(record.steps)
    for index in range(len(steps) - 1, -1, -1):
        if steps[index].name == name:
            state = StepState.ENDED if succeeded else StepState.FAILED
            detail = detail[:DETAIL] or steps[index].detail
            steps[index] = replace(steps[index], state=state, seconds=round(seconds, 3), detail=detail)
            break
    return replace(record, steps=tuple(steps))


def built(record: Record, name: str, digest: str) -> Record:
    """An image is in the registry."""
    return replace(record, images={**record.images, name: digest})


def registered(record: Record, key: str, arn: str) -> Record:
    """A revision was registered, or an identical one is reused; ``key`` is a service's or ``migrate``."""
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
        # The revert: `after` stays what the release was to make live.
        return _service(record, key, deployment_id=deployment_id)
    return _service(record, key, after=arn, deployment_id=deployment_id)


def on_github(record: Record, github: GithubRecord) -> Record:
    """What was made on GitHub, and which pull request it belongs to."""
    return replace(record, github=github, pull_request=record.pull_request or github.pull_request)


def close_record(record: Record, outcome: Outcome, now: datetime) -> Record:
    """The release is over."""
    before = {key: service.before for key, service in record.services.items()}
    return replace(
        record,
        ended_at=now,
        result=outcome.result,
        summary=outcome.summary,
        images={**record.images, **dict(outcome.digests)},
        running={**before, **{service.key: service.running for service in outcome.services}},
    )


def close_recovered(record: Record, result: Result, summary: str, running: Mapping[str, str], now: datetime) -> Record:
    """An interrupted release was recovered by a later run."""
    return replace(record, ended_at=now, result=result, summary=summary, running=dict(running))


def _service(record: Record, key: str, **change: Any) -> Record:
    return replace(record, services={**record.services, key: replace(record.services[key], **change)})
