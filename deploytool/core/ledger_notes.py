"""From a plan to the first record of it, and from each note of the engine to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from deploytool.core.ledger import GithubRecord, Kind, MigrationRecord, Record, ServiceRecord, StepRecord, StepState
from deploytool.core.model import LiveService
from deploytool.core.outcome import Outcome, Result
from deploytool.core.plan_model import Plan

DETAIL = 2000
"""Characters kept of a step's detail: DynamoDB holds 400 KB in an item, the whole record included."""
MIGRATE = "migrate"
"""The key that the migrate task's revision is registered under, and the name of its step."""


def opened(
    plan: Plan,
    live: Mapping[str, LiveService],
    *,
    document: Mapping[str, Any],
    now: datetime,
    fence: int,
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
        fence=fence,
        actor=request.origin.actor,
        run_url=request.origin.run_url,
        run_id=request.origin.run_id,
        pull_request=request.origin.pull_request,
        plan=document,
        images={name: choice.digest for name, choice in plan.images.items() if choice.digest},
        services={
            key: ServiceRecord(service.state.name, service.state.task_definition) for key, service in live.items()
        },
        previous=previous,
        restores=restores,
    )


def step_began(record: Record, name: str, detail: str, now: datetime) -> Record:
    """The step is about to begin."""
    return replace(record, steps=(*record.steps, StepRecord(name, StepState.BEGAN, now, detail=detail[:DETAIL])))


def step_ended(record: Record, name: str, good: bool, seconds: float, detail: str = "") -> Record:
    """The last step of that name is over; one that nobody saw begin is left out."""
    steps = list(record.steps)
    for index in range(len(steps) - 1, -1, -1):
        if steps[index].name == name:
            state = StepState.ENDED if good else StepState.FAILED
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


def moving(record: Record, after: Mapping[str, str]) -> Record:
    """These services are about to be updated to these revisions."""
    for key, arn in after.items():
        record = _service(record, key, after=arn)
    return record


def moved(record: Record, key: str, deployment_id: str, arn: str) -> Record:
    """UpdateService answered for this service."""
    if record.services[key].after != arn:
        # The way back: `after` stays what the release meant to make live.
        return _service(record, key, deployment_id=deployment_id)
    return _service(record, key, after=arn, deployment_id=deployment_id)


def on_github(record: Record, github: GithubRecord) -> Record:
    """What was made on GitHub, and which pull request was found there."""
    return replace(record, github=github, pull_request=record.pull_request or github.pull_request)


def closed(record: Record, outcome: Outcome, now: datetime) -> Record:
    """The release is over."""
    left = {key: service.before for key, service in record.services.items()}
    return replace(
        record,
        ended_at=now,
        result=outcome.result,
        sentence=outcome.sentence,
        images={**record.images, **dict(outcome.digests)},
        serving={**left, **{service.key: service.serving for service in outcome.services}},
    )


def settled(record: Record, result: Result, sentence: str, serving: Mapping[str, str], now: datetime) -> Record:
    """A killed release was settled by the run after it."""
    return replace(record, ended_at=now, result=result, sentence=sentence, serving=dict(serving))


def _service(record: Record, key: str, **change: Any) -> Record:
    return replace(record, services={**record.services, key: replace(record.services[key], **change)})
