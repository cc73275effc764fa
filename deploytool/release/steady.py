"""New tasks that stop after their rollout completed: ECS calls a worker that dies every few seconds completed too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import DeploymentState, DeploymentStatus, Rollout, ServiceRollout
from deploytool.ecs.model import Task, revision
from deploytool.errors import PermissionMissing
from deploytool.release.events import WarningIssued
from deploytool.release.failures import diagnose_stop, with_details
from deploytool.release.model import ServiceUpdate, Steady
from deploytool.release.ports import Dependencies

Answer = TypeVar("Answer")
PARALLEL = 8
LOOK_EVERY = 3.0
"""Seconds between two looks for stopped tasks."""
PER_SERVICE = 0.2
"""As many for each service: ListTasks may be called some 20 times a second."""
NOT_THE_VERSION = frozenset({"SpotInterruption", "TerminationNotice", "InfrastructureHealth"})
"""Stop codes by which AWS takes a task's machine away: the replacement shows whether the version stays up.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html"""


class TaskStopped(Exception):
    """New tasks stopped although their rollouts had completed."""

    def __init__(self, services: tuple[ServiceRollout, ...], diagnoses: tuple[Diagnosis, ...]) -> None:
        self.services = services
        """Those whose tasks stopped, as failed."""
        self.diagnoses = diagnoses


class NotSteady(Exception):
    """Tasks were replaced until the time was up."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis = diagnosis


@dataclass
class TaskWatch:
    """The tasks of services whose rollout completed; each is watched from the moment that :meth:`add` was called."""

    deps: Dependencies
    _services: dict[str, ServiceRollout] = field(default_factory=dict)
    _since: dict[str, datetime] = field(default_factory=dict)
    _needed: dict[str, int] = field(default_factory=dict)
    """Tasks that a service had to have when its rollout completed."""
    _next_look: float = 0.0

    def add(self, services: Iterable[ServiceRollout]) -> None:
        """Watch their tasks from now on: one that stopped earlier was tolerated by ECS and replaced."""
        now = self.deps.ecs.now()
        for service in services:
            self._services[service.key] = replace(service, rollout=_followed(service))
            self._since[service.key] = now
            if service.state:
                self._needed[service.key] = service.state.desired
        self._next_look = self.deps.clock.monotonic() + self._pause()

    def look(self, *, now: bool = False) -> None:
        """At most every few seconds, unless ``now``. Raises TaskStopped, CloudError."""
        clock = self.deps.clock
        if not self._services or (not now and clock.monotonic() < self._next_look):
            return
        self._next_look = clock.monotonic() + self._pause()
        failed, diagnoses = [], []
        for service, tasks in self._read(tuple(self._services), self._stopped):
            if tasks:
                failed.append(_as_failed(service, tasks[0]))
                diagnoses += [self._diagnose(service, task) for task in tasks]
        if failed:
            raise TaskStopped(tuple(failed), tuple(dict.fromkeys(diagnoses)))

    def wait_until_steady(self, step: Steady) -> None:
        """Until as many new tasks of each service as it needs have run for their time.

        A service needs the tasks that it had when its rollout completed, or fewer if it was scaled in since: one that
        was added since does not count, one that replaces another does. Raises TaskStopped, NotSteady, CloudError,
        LeaseLost, SupersededBy, Cancelled.
        """
        clock = self.deps.clock
        deadline = clock.monotonic() + step.timeout
        steady = {change.key: change.steady for change in step.services}
        due = dict.fromkeys(steady, clock.monotonic())
        while True:
            self.look(now=True)
            now = clock.monotonic()
            at_last = [key for key, at in due.items() if at <= now]
            self._refresh(at_last)
            missing = self._read(at_last, lambda service: self._missing(service, steady[service.key]))
            due = {key: at for key, at in due.items() if key in self._services and at > now}
            due |= {service.key: now + seconds for service, seconds in missing if seconds > 0}
            if not due:
                return
            if min(due.values()) > deadline:
                raise NotSteady(_not_steady(due, step))
            self.deps.lease.raise_if_lost()
            clock.sleep(min(min(due.values()) - now, self._pause()))

    def _pause(self) -> float:
        return max(LOOK_EVERY, PER_SERVICE * len(self._services))

    def _refresh(self, keys: Iterable[str]) -> None:
        """Desired counts may have changed since the rollout completed."""
        services = [self._services[key] for key in keys if key in self._services]
        states = self.deps.ecs.services([service.rollout.service for service in services]) if services else {}
        for service in services:
            if state := states.get(service.rollout.service):
                self._services[service.key] = replace(service, state=state)

    def _read(
        self, keys: Iterable[str], reading: Callable[[ServiceRollout], Answer]
    ) -> list[tuple[ServiceRollout, Answer]]:
        """Each service with what ``reading`` answers; one whose tasks IAM does not let us see is watched no more."""
        services = [self._services[key] for key in keys if key in self._services]
        with ThreadPoolExecutor(max_workers=PARALLEL) as pool:
            futures = [pool.submit(reading, service) for service in services]
        answers = []
        for service, future in zip(services, futures, strict=True):
            try:
                answers.append((service, future.result()))
            except PermissionMissing as denied:
                del self._services[service.key]
                self.deps.emit(
                    WarningIssued(f"whether tasks of {service.key} stay up is unknown: {denied.cause}. {denied.fix}")
                )
        return answers

    def _stopped(self, service: ServiceRollout) -> tuple[Task, ...]:
        since = self._since[service.key]
        return tuple(
            task
            for task in self.deps.ecs.failed_tasks(service.rollout)
            if task.stop_code not in NOT_THE_VERSION
            and task.arn not in service.tasks_seen
            and (task.stopped_at is None or task.stopped_at >= since)
        )

    def _missing(self, service: ServiceRollout, steady: float) -> float:
        """Seconds until enough tasks have run for ``steady``; 0 where they have."""
        desired = service.state.desired if service.state else 0
        needed = min(self._needed.get(service.key, desired), desired)
        ours = revision(service.rollout.task_definition)
        tasks = self.deps.ecs.running_tasks(service.rollout.service)
        now = self.deps.ecs.now()
        ages = sorted(
            (now - task.started_at).total_seconds()
            for task in tasks
            if task.started_at and task.last_status == "RUNNING" and revision(task.task_definition) == ours
        )
        if len(ages) < needed:
            return min(steady, LOOK_EVERY)
        return max(0.0, steady - ages[-needed]) if needed else 0.0

    def _diagnose(self, service: ServiceRollout, task: Task) -> Diagnosis:
        diagnosis = diagnose_stop(task, self.deps)
        if service.state:
            diagnosis = with_details(diagnosis, service.rollout, service.state, self.deps)
        return replace(diagnosis, subject=diagnosis.subject or service.key)


def running_already(change: ServiceUpdate) -> ServiceRollout | None:
    """A service that runs the version before the release begins, to be watched like one that was updated."""
    primary = change.before.primary
    if primary is None:
        return None
    rollout = Rollout(change.name, primary.id, change.previous_revision, created_at=primary.created_at)
    return ServiceRollout(change.key, rollout, DeploymentStatus(DeploymentState.SUCCEEDED), change.before)


def _followed(service: ServiceRollout) -> Rollout:
    """The deployment whose tasks run: another client may have forced one of our revision meanwhile."""
    primary = service.state.primary if service.state else None
    if primary is None or revision(primary.task_definition) != revision(service.rollout.task_definition):
        return service.rollout
    return replace(service.rollout, deployment_id=primary.id)


def _as_failed(service: ServiceRollout, task: Task) -> ServiceRollout:
    what = f"a task of {revision(task.task_definition)} stopped"
    if task.started_at and task.stopped_at:
        what = f"{what} {(task.stopped_at - task.started_at).total_seconds():.0f} s after it started"
    return replace(service, status=DeploymentStatus(DeploymentState.FAILED, what))


def _not_steady(keys: Iterable[str], step: Steady) -> Diagnosis:
    names = ", ".join(keys)
    return Diagnosis(
        code="not-steady",
        cause=f"tasks of {names} were replaced again and again, and none ran long enough within {step.timeout:.0f} s",
        fix="see `deploytool logs` and the service's events for why tasks are replaced, or set `verify.steady` lower",
        subject=names,
    )
