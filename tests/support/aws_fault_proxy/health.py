"""Container health as AWS acts on it: it is shown, it holds rollouts back, and it trips the circuit breaker."""

import threading
import time
from collections import Counter

from tests.support.aws_fault_proxy.behaviour import Behaviour
from tests.support.aws_fault_proxy.deployment_log import SeenDeployment, deployment_of_task
from tests.support.aws_fault_proxy.engine import Engine, EngineRefusedError, RunningContainer
from tests.support.aws_fault_proxy.health_check import checked_essentials, task_health
from tests.support.aws_fault_proxy.health_monitor import HealthMonitor, WatchedTask, scope_of
from tests.support.aws_fault_proxy.health_rewrite import Failed, shown_service, shown_task
from tests.support.aws_fault_proxy.services import (
    SERVICE_ACTIONS,
    breaker_of,
    breaker_threshold,
    map_services,
    primary_of,
    services_in,
)
from tests.support.aws_fault_proxy.upstream import Upstream, UpstreamRefusedError
from tests.support.aws_fault_proxy.wire import AwsCall, Json, Scope


class HealthChecks(Behaviour):
    """Rewrites tasks and services by what the monitor sees; ends tasks of services, and rollouts, that are unhealthy.

    MiniStack calls a rollout COMPLETED a second after its containers run. What it never learns, that they turned
    unhealthy later, the front counts itself, and rolls back by an UpdateService of its own.
    By then MiniStack has stopped the old tasks, which AWS keeps: between the two the service has no healthy task.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._engine = Engine()
        self._monitor = HealthMonitor(upstream, self._unhealthy)
        self._definitions: dict[str, frozenset[str]] = {}
        self._killed: set[str] = set()
        self._passed: dict[str, list[Json]] = {}
        """Service ARN to its deployments that were healthy, as listed then, oldest first."""
        self._failures: Counter[str] = Counter()
        self._failed: dict[str, dict[str, Failed]] = {}
        self._since = 0.0
        self._lock = threading.RLock()

    def switch(self, on: bool) -> None:
        """Start or stop running checks; what is deployed already counts as healthy."""
        if on and not self._monitor.on:
            self._since = time.time()
        self._monitor.switch(on)

    def after(self, call: AwsCall, payload: Json) -> Json:
        """Show health in tasks, and services by it."""
        if call.action == "DescribeTasks":
            return {**payload, "tasks": [self._task(task, call.scope) for task in payload.get("tasks") or []]}
        return map_services(payload, self.seen) if call.action in SERVICE_ACTIONS else payload

    def seen(self, service: Json) -> Json:
        """The service as callers of the front see it; as it came while checks are off."""
        if not self._monitor.on:
            return service
        held_back = self._held_back(service)
        primary = primary_of(service)
        arn = service["serviceArn"]
        with self._lock:
            if primary and not held_back and primary.get("rolloutState") == "COMPLETED":
                passed = self._passed.setdefault(arn, [])
                if not _is_last(primary, passed):
                    passed.append(primary)
            return shown_service(service, held_back, self._failures, self._failed.get(arn, {}))

    def _held_back(self, service: Json) -> bool:
        """Whether the PRIMARY's tasks have checks and too few of them are healthy yet."""
        primary, scope = primary_of(service), scope_of(service["serviceArn"])
        if not primary or primary.get("rolloutState") != "COMPLETED" or float(primary["createdAt"]) < self._since:
            return False
        definition = primary["taskDefinition"]
        with self._lock:
            passed_once = _is_last(primary, self._passed.get(service["serviceArn"], []))
        essentials = self._essentials(definition, scope)
        if passed_once or not essentials:
            return False
        request = {"cluster": service["clusterArn"], "serviceName": service["serviceName"]}
        arns = self._upstream.ecs("ListTasks", request, scope).get("taskArns") or []
        if not arns:
            return int(service.get("desiredCount", 0)) > 0
        asked = {"cluster": service["clusterArn"], "tasks": arns}
        tasks = self._upstream.ecs("DescribeTasks", asked, scope)["tasks"]
        healthy = sum(
            task["taskDefinitionArn"] == definition
            and task.get("lastStatus") == "RUNNING"
            and task_health(essentials, self._monitor.statuses(task["taskArn"])) == "HEALTHY"
            for task in tasks
        )
        return bool(healthy < int(service.get("desiredCount", 0)))

    def _task(self, task: Json, scope: Scope) -> Json:
        arn = task["taskArn"]
        with self._lock:
            killed = arn in self._killed
        essentials = self._essentials(task["taskDefinitionArn"], scope)
        return shown_task(task, essentials, self._monitor.statuses(arn), killed)

    def _essentials(self, definition_arn: str, scope: Scope) -> frozenset[str]:
        """The containers that decide a task's health; a task definition never changes, so it is asked for once."""
        if definition_arn not in self._definitions:
            request = {"taskDefinition": definition_arn}
            try:
                described = self._upstream.ecs("DescribeTaskDefinition", request, scope)["taskDefinition"]
            except UpstreamRefusedError:
                return frozenset()  # deleted: its tasks can have no checks that anybody could look up
            self._definitions[definition_arn] = checked_essentials(described)
        return self._definitions[definition_arn]

    def _unhealthy(self, watched: WatchedTask, container: RunningContainer) -> None:
        """End a service's task, and its rollout when it was one too many; a task run by hand lives on, as on AWS."""
        group = str(watched.task.get("group", ""))
        if not group.startswith("service:"):
            return
        request = {"cluster": watched.task["clusterArn"], "services": [group.removeprefix("service:")]}
        services = services_in(self._upstream.ecs("DescribeServices", request, watched.scope))
        definition = watched.task.get("taskDefinitionArn")
        if any((primary_of(service) or {}).get("taskDefinition") != definition for service in services):
            return  # ECS has rolled it back, and stops its tasks once the earlier deployment is steady
        with self._lock:
            if container.task_arn in self._killed:
                return
            self._killed.add(container.task_arn)
        for service in services:
            self._count(service, watched)
        try:
            self._engine.kill(container.id)
        except EngineRefusedError:
            return  # it ended by itself in the same moment

    def _count(self, service: Json, watched: WatchedTask) -> None:
        primary = primary_of(service)
        shown = [
            SeenDeployment(d["id"], d["taskDefinition"], float(d.get("createdAt") or 0))
            for d in reversed(service["deployments"])
        ]
        started_by = deployment_of_task(watched.task, shown)
        if not primary or not started_by or started_by.id != primary["id"]:
            return
        with self._lock:
            arn = service["serviceArn"]
            if _is_last(primary, self._passed.get(arn, [])):
                return
            self._failures[primary["id"]] += 1
            tripped = self._failures[primary["id"]] >= breaker_threshold(service)
            known = primary["id"] in self._failed.get(arn, {})
            breaker = breaker_of(service)
            # Where the ended container is one too many for MiniStack's own breaker, it rolls back alone.
            counted = int(primary.get("failedTasks", 0)) + 1 if primary.get("rolloutState") != "COMPLETED" else 0
            if not breaker or not tripped or known or counted >= breaker_threshold(service):
                return
            back_to = next(iter(reversed(self._passed.get(arn, []))), None) if breaker.get("rollback") else None
            self._failed.setdefault(arn, {})[primary["id"]] = Failed(primary, rolls_back=back_to is not None)
            if back_to is not None:
                self._upstream.roll_back(service, back_to, watched.scope)


def _is_last(deployment: Json, passed: list[Json]) -> bool:
    return bool(passed) and passed[-1]["taskDefinition"] == deployment["taskDefinition"]
