"""Port ``release.ports.Ecs``: the model behind the calls the engine makes, each of them kept."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploytool.ecs.deployment_model import Rollout, rollout_of
from deploytool.ecs.model import RunTaskFailure, ServiceDeployment, ServiceState, StandaloneTask, Task
from deploytool.ecs.task_diagnosis import ended_by_failure
from deploytool.errors import NotFound
from tests.support.fake_ecs.clock import VirtualClock
from tests.support.fake_ecs.deployment import moment
from tests.support.fake_ecs.faults import CHANGING, Call, Fault
from tests.support.fake_ecs.life import HEALTHY, Life
from tests.support.fake_ecs.lifeline import Lifeline
from tests.support.fake_ecs.migrations import Migrations
from tests.support.fake_ecs.service import ModelService

LAG = 10.0
"""Seconds after which every reading is fresh."""
ACCOUNT = "arn:aws:ecs:us-east-1:123456789012"


def revision(family: str, number: int) -> str:
    """ARN of a task definition."""
    return f"{ACCOUNT}:task-definition/{family}:{number}"


@dataclass
class EcsModel:
    """One cluster. ``next_life`` says, by family, how tasks of revisions registered from now on live."""

    clock: VirtualClock
    details: bool = False
    """DescribeServiceDeployments answers."""
    stale: int = 0
    """DescribeServices shows the state before an UpdateService for as many readings after it."""
    listing_lag: float = 0.0
    """Seconds after which a stopped task is listed as such."""
    faults: list[Fault] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    registered: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    members: dict[str, ModelService] = field(default_factory=dict)
    next_life: dict[str, Life] = field(default_factory=dict)
    lives: dict[str, Life] = field(default_factory=dict)
    life: Lifeline = field(default_factory=Lifeline)
    """Of the process that calls."""
    changing: Callable[[str, str, str], None] = lambda operation, about, revision: None
    """Hears of each change before it takes effect."""
    migrations: Migrations = field(init=False)
    _before: dict[str, tuple[ServiceState, int, float]] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _revisions: Iterator[int] = field(default_factory=lambda: itertools.count(2))
    _one_at_a_time: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.migrations = Migrations(self.clock)

    def add(self, name: str, **how: Any) -> ModelService:
        """A service that runs revision 1 of the family of its name."""
        service = ModelService(self.clock, name, self.life_of, lambda: f"ecs-svc/{next(self._ids):03}", **how)
        service.run_already(revision(name, 1))
        self.members[name] = service
        return service

    def life_of(self, arn: str) -> Life:
        """How tasks of a revision live."""
        return self.lives.get(arn, HEALTHY)

    def changed(self) -> list[Call]:
        """Calls that change something."""
        return [call for call in self.calls if call.operation in CHANGING]

    def made(self, operation: str) -> list[Call]:
        """Calls of one operation."""
        return [call for call in self.calls if call.operation == operation]

    def register(self, payload: Mapping[str, Any], tags: Mapping[str, str]) -> str:
        """RegisterTaskDefinition: always a new revision."""
        family = str(payload["family"])
        with self._called("RegisterTaskDefinition", family):
            arn = revision(family, next(self._revisions))
            self.registered[arn] = {**payload, "tags": dict(tags)}
            self.lives[arn] = self.next_life.get(family, HEALTHY)
        return arn

    def update_service(self, before: ServiceState, task_definition: str) -> Rollout:
        """UpdateService; the PRIMARY deployment of its answer is the rollout's."""
        service = self.members[before.name]
        with self._called("UpdateService", before.name, task_definition):
            shown = service.view()
            service.move_to(task_definition)
            if self.stale:
                self._before[before.name] = (shown, self.stale, self.clock.now + LAG)
        return rollout_of(before, service.primary.view(), task_definition)

    def running_tasks(self, service: str) -> tuple[Task, ...]:
        """ListTasks and DescribeTasks of those that run."""
        with self._called("ListTasks", service):
            return self.members[service].running_tasks()

    def now(self) -> datetime:
        """The model has one clock."""
        return moment(self.clock.now)

    def stop_rollout(self, rollout: Rollout) -> bool:
        """StopServiceDeployment; unknown where service deployments are."""
        if not self.details:
            return False
        with self._called("StopServiceDeployment", rollout.service):
            return self.members[rollout.service].stop(rollout.deployment_id)

    def services(self, names: Sequence[str]) -> Mapping[str, ServiceState]:
        """DescribeServices takes ten names; reads are eventually consistent."""
        for start in range(0, len(names), 10):
            with self._called("DescribeServices", ",".join(names[start : start + 10])):
                pass
        return {name: self._seen(name) for name in names if name in self.members}

    def service_deployments(self, rollouts: Sequence[Rollout]) -> Mapping[str, ServiceDeployment]:
        """Of each service the service deployment that UpdateService began last."""
        if not self.details:
            return {}
        with self._called("DescribeServiceDeployments", ",".join(each.service for each in rollouts)):
            pass
        found = {}
        for name in (each.service for each in rollouts):
            told = self.members[name].told
            if told:
                found[name] = self.members[name].service_deployment(list(told)[-1])
        return found

    def images(self, task_definition: str) -> Mapping[str, str]:
        """DescribeTaskDefinition."""
        with self._called("DescribeTaskDefinition", task_definition):
            containers = self.registered[task_definition]["containerDefinitions"]
            return {str(each["name"]): str(each["image"]) for each in containers}

    def failed_tasks(self, rollout: Rollout) -> tuple[Task, ...]:
        """ListTasks (STOPPED) and DescribeTasks; a deployment's tasks are ``startedBy`` its id."""
        with self._called("ListTasks", rollout.service):
            pass
        listed = moment(self.clock.now - self.listing_lag)
        stopped = (t for t in self.members[rollout.service].stopped if t.stopped_at and t.stopped_at <= listed)
        return tuple(t for t in stopped if t.started_by == rollout.deployment_id and ended_by_failure(t))

    def run_task(
        self, task: StandaloneTask, task_definition: str, token: str, tags: Mapping[str, str]
    ) -> Task | RunTaskFailure:
        """RunTask."""
        with self._called("RunTask", token):
            return self.migrations.run(task_definition, task.container, token, tags.get("deploytool:release", ""))

    def tasks_started_by(self, release_id: str) -> tuple[Task, ...]:
        """ListTasks by ``startedBy``."""
        with self._called("ListTasks", release_id):
            running = (self.migrations.task(arn) for arn in self.migrations.running())
            return tuple(task for task in running if task and task.started_by == release_id)

    def task(self, arn: str) -> Task | None:
        """DescribeTasks."""
        with self._called("DescribeTasks", arn):
            return self.migrations.task(arn)

    def tasks_of(self, *, family: str) -> tuple[Task, ...]:
        """ListTasks by family: running and lately stopped."""
        with self._called("ListTasks", family):
            return tuple(self.migrations.view(each) for each in self.migrations.started.values())

    def stop_task(self, arn: str, reason: str) -> None:
        """StopTask."""
        with self._called("StopTask", arn):
            if arn not in self.migrations.started:
                raise NotFound(f"ecs:StopTask: task {arn} was not found ({reason})")
            self.migrations.stop(arn)

    def _seen(self, name: str) -> ServiceState:
        shown, left, until = self._before.get(name, (None, 0, 0.0))
        if shown is None or not left or self.clock.now > until:
            return self.members[name].view()
        self._before[name] = (shown, left - 1, until)
        return shown

    @contextmanager
    def _called(self, operation: str, about: str, revision: str = "") -> Iterator[None]:
        with self._one_at_a_time:
            self.life.call(changing=operation in CHANGING)
            if operation in CHANGING:
                self.changing(operation, about, revision)
            self.calls.append(Call(operation, about, self.clock.now))
            fault = self._fault(operation, about)
            if fault and not fault.lost:
                raise fault.error
            yield
            if fault:
                raise fault.error

    def _fault(self, operation: str, about: str) -> Fault | None:
        for fault in self.faults:
            if fault.operation == operation and fault.about in ("", about):
                number = sum(c.operation == operation and fault.about in ("", c.about) for c in self.calls)
                if fault.first <= number <= fault.last:
                    return fault
        return None
