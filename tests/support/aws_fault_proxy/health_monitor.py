"""Runs the health checks of running tasks in their real containers."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.aws_fault_proxy.engine import Engine, EngineRefusedError, RunningContainer
from tests.support.aws_fault_proxy.health_check import (
    Health,
    HealthCheck,
    HealthStatus,
    checked_essentials,
    health_check,
    probed,
)
from tests.support.aws_fault_proxy.upstream import Upstream, UpstreamRefusedError
from tests.support.aws_fault_proxy.wire import Json, Scope

_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class WatchedTask:
    """A task of this upstream whose definition has health checks."""

    task: Json
    scope: Scope
    checks: dict[str, HealthCheck]
    essentials: frozenset[str]


class HealthMonitor:
    """While switched on, one thread looks for new containers and each container with a check has one that probes it.

    `on_unhealthy(watched, container)` is called when an essential container's checks have failed often enough.
    """

    def __init__(self, upstream: Upstream, on_unhealthy: Callable[[WatchedTask, RunningContainer], None]) -> None:
        self._upstream = upstream
        self._engine = Engine()
        self._on_unhealthy = on_unhealthy
        self._health: dict[str, dict[str, Health]] = {}
        self._tasks: dict[str, WatchedTask | None] = {}
        self._probed: set[str] = set()
        self._lock = threading.Lock()
        self._off = threading.Event()
        self._off.set()

    def switch(self, on: bool) -> None:
        """Start or stop probing."""
        if on and self._off.is_set():
            self._off = threading.Event()
            self._probed = set()
            threading.Thread(target=self._watch, args=(self._off,), daemon=True).start()
        elif not on:
            self._off.set()

    @property
    def on(self) -> bool:
        """Whether checks are being run."""
        return not self._off.is_set()

    def statuses(self, task_arn: str) -> dict[str, HealthStatus]:
        """The health of a task's containers, by name."""
        with self._lock:
            return {name: health.status for name, health in self._health.get(task_arn, {}).items()}

    def _watch(self, off: threading.Event) -> None:
        while not off.wait(_LOOK_SECONDS):
            try:
                for container in self._engine.task_containers():
                    self._begin(container, off)
            except (OSError, EngineRefusedError) as error:
                print(f"front: health checks wait for Docker: {error}", flush=True)

    def _begin(self, container: RunningContainer, off: threading.Event) -> None:
        if container.id in self._probed:
            return
        if container.task_arn not in self._tasks:
            self._tasks[container.task_arn] = self._described(container.task_arn)
        self._probed.add(container.id)
        watched = self._tasks[container.task_arn]
        if watched and container.name in watched.checks:
            threading.Thread(target=self._probe, args=(watched, container, off), daemon=True).start()

    def _described(self, task_arn: str) -> WatchedTask | None:
        """The task, None when this upstream does not know it or it has nothing to check."""
        scope = scope_of(task_arn)
        try:
            cluster = task_arn.rsplit("/", 2)[1]
            result = self._upstream.ecs("DescribeTasks", {"cluster": cluster, "tasks": [task_arn]}, scope)["tasks"]
            if not result:
                return None
            request = {"taskDefinition": result[0]["taskDefinitionArn"]}
            definition = self._upstream.ecs("DescribeTaskDefinition", request, scope)["taskDefinition"]
        except UpstreamRefusedError:
            return None  # another MiniStack's task: this one has no such cluster
        checks = {c["name"]: health_check(c) for c in definition["containerDefinitions"]}
        kept = {name: check for name, check in checks.items() if check}
        return WatchedTask(result[0], scope, kept, checked_essentials(definition)) if kept else None

    def _probe(self, watched: WatchedTask, container: RunningContainer, off: threading.Event) -> None:
        check, arn, name = watched.checks[container.name], container.task_arn, container.name
        began, health = time.monotonic(), Health()
        while not off.wait(check.interval):
            try:
                passed = self._engine.run(container.id, check.command, check.timeout)
            except (OSError, EngineRefusedError):
                return  # the container ended; MiniStack tells what became of the task
            health = probed(health, check, passed, time.monotonic() - began)
            with self._lock:
                self._health.setdefault(arn, {})[name] = health
            if health.status == "UNHEALTHY" and name in watched.essentials:
                self._on_unhealthy(watched, container)


def scope_of(arn: str) -> Scope:
    """The account and region an ARN names, as MiniStack is asked for them."""
    _, _, _, region, account, *_ = arn.split(":")
    return Scope(account, region)
