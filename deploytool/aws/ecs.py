"""The ECS calls of a release (port ``run.ports.Ecs``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deploytool.aws import parse
from deploytool.aws.call import PATIENCE, call
from deploytool.aws.every_page import call_all
from deploytool.aws.service_deployments import ServiceDeployments
from deploytool.aws.session import Session
from deploytool.core.observed import NotStarted, ServiceDeployment, ServiceState, Task, TaskDefinition
from deploytool.core.plan_model import StandaloneTask
from deploytool.core.task_definition import RELEASE_TAG
from deploytool.core.verdict_model import Rollout, rollout_of
from deploytool.errors import CloudError

SERVICES_PER_CALL = 10
TASKS_PER_CALL = 100
ENDED_BY_ITSELF = {"EssentialContainerExited", "TaskFailedToStart", "SpotInterruption", "TerminationNotice",
                   "InfrastructureHealth"}  # fmt: skip


class Ecs:
    """One cluster."""

    def __init__(self, session: Session, cluster: str) -> None:
        self._client = session.client("ecs")
        self._cluster = cluster
        self._definitions: dict[str, TaskDefinition] = {}
        self._service_deployments = ServiceDeployments(self._client)

    def register(self, payload: Mapping[str, Any], tags: Mapping[str, str]) -> str:
        """RegisterTaskDefinition; the ARN of the new revision."""
        listed = {tag["key"]: tag["value"] for tag in payload.get("tags", ())} | dict(tags)
        answer = call(
            self._client,
            "register_task_definition",
            **{**payload, "tags": [{"key": key, "value": value} for key, value in listed.items()]},
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def update_service(self, before: ServiceState, task_definition: str) -> Rollout:
        """UpdateService with nothing but the task definition: desired count and the rest are not ours."""
        answer = call(
            self._client, "update_service", cluster=self._cluster, service=before.name, taskDefinition=task_definition
        )
        after = parse.service(answer["service"])
        if after.primary is None:
            raise CloudError(f"UpdateService of {before.name} answered without a PRIMARY deployment", "run it again")
        return rollout_of(before, after.primary, task_definition)

    def stop_rollout(self, rollout: Rollout) -> bool:
        """StopServiceDeployment with ROLLBACK; False where that cannot be."""
        return self._service_deployments.stop(rollout)

    def services(self, names: Sequence[str]) -> Mapping[str, ServiceState]:
        """DescribeServices, ten at a time; a service that does not exist is not in the answer."""
        found = {}
        for batch in _batches(names, SERVICES_PER_CALL):
            answer = call(self._client, "describe_services", cluster=self._cluster, services=batch)
            for raw in answer["services"]:
                state = parse.service(raw)
                found[state.name] = state
        self._service_deployments.learn(found.values())
        return found

    def service_deployments(self, rollouts: Sequence[Rollout]) -> Mapping[str, ServiceDeployment]:
        """DescribeServiceDeployments, by service name; empty where it cannot be read."""
        return self._service_deployments.of(rollouts)

    def images(self, task_definition: str) -> Mapping[str, str]:
        """Container name → image, as the revision has them."""
        containers = self.task_definition(task_definition)["containerDefinitions"]
        return {str(each["name"]): str(each["image"]) for each in containers}

    def failed_tasks(self, rollout: Rollout) -> tuple[Task, ...]:
        """ListTasks and DescribeTasks: the stopped ones of this rollout that ended by a failure."""
        stopped = self._every_task(serviceName=rollout.service, desiredStatus="STOPPED")
        tasks = [task for task in stopped if _of(rollout, task) and _failed(task)]
        return tuple(sorted(tasks, key=lambda task: str(task.stopped_at)))

    def running_tasks(self, service: str) -> tuple[Task, ...]:
        """ListTasks (RUNNING, its default) and DescribeTasks of a service."""
        return tuple(self._every_task(serviceName=service))

    def tasks_of(self, *, service: str | None = None, family: str | None = None) -> list[Task]:
        """Running and lately stopped tasks of a service or of a task definition family, oldest first."""
        named = {"serviceName": service} if service else {"family": family}
        tasks = [task for status in ("STOPPED", "RUNNING") for task in self._every_task(desiredStatus=status, **named)]
        return sorted(tasks, key=lambda task: str(task.created_at))

    def run_task(
        self, task: StandaloneTask, task_definition: str, token: str, tags: Mapping[str, str]
    ) -> Task | NotStarted:
        """RunTask with the network and capacity of the service it is like."""
        like = task.like
        where: dict[str, Any] = {}
        if like.capacity_providers:
            where["capacityProviderStrategy"] = list(like.capacity_providers)
        elif like.launch_type:
            where["launchType"] = like.launch_type
        if like.network:
            where["networkConfiguration"] = dict(like.network)
        if like.platform_version and (like.capacity_providers or like.launch_type == "FARGATE"):
            where["platformVersion"] = like.platform_version
        if task.command:
            override = {"name": task.container, "command": list(task.command)}
            where["overrides"] = {"containerOverrides": [override]}
        answer = call(
            self._client,
            "run_task",
            cluster=self._cluster,
            taskDefinition=task_definition,
            clientToken=token,
            startedBy=tags[RELEASE_TAG],
            tags=[{"key": key, "value": value} for key, value in tags.items()],
            **where,
        )
        for failure in answer.get("failures", ()):
            return NotStarted(failure.get("reason", ""), failure.get("arn", ""), failure.get("detail", ""))
        if not answer.get("tasks"):
            return NotStarted("RunTask answered with neither a task nor a failure")
        return parse.task(answer["tasks"][0], self.task_definition(task_definition))

    def task(self, arn: str) -> Task | None:
        """DescribeTasks for one task."""
        return next(iter(self._tasks((arn,))), None)

    def tasks_started_by(self, release_id: str) -> tuple[Task, ...]:
        """ListTasks by ``startedBy``: migrate tasks of a release that have not stopped."""
        return tuple(task for task in self._every_task(startedBy=release_id) if task.last_status != "STOPPED")

    def stop_task(self, arn: str, reason: str) -> None:
        """StopTask."""
        call(self._client, "stop_task", cluster=self._cluster, task=arn, reason=reason)

    def task_definition(self, arn: str) -> TaskDefinition:
        """DescribeTaskDefinition; a revision never changes, so each is read once."""
        if arn not in self._definitions:
            answer = call(self._client, "describe_task_definition", taskDefinition=arn, include=["TAGS"])
            self._definitions[arn] = {**answer["taskDefinition"], "tags": answer.get("tags", [])}
        return self._definitions[arn]

    def _every_task(self, **of: Any) -> list[Task]:
        """ListTasks to its last page: it names 100 at a time, in no order that is told."""
        listed = call_all(self._client, "list_tasks", PATIENCE, cluster=self._cluster, **of).get("taskArns", [])
        return [task for batch in _batches(listed, TASKS_PER_CALL) for task in self._tasks(batch)]

    def _tasks(self, arns: Sequence[str]) -> list[Task]:
        if not arns:
            return []
        answer = call(self._client, "describe_tasks", cluster=self._cluster, tasks=list(arns))
        return [parse.task(raw, self.task_definition(raw["taskDefinitionArn"])) for raw in answer["tasks"]]


def _batches(items: Sequence[str], size: int) -> list[list[str]]:
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


def _of(rollout: Rollout, task: Task) -> bool:
    if task.started_by.startswith("ecs-svc/"):
        return task.started_by == rollout.deployment_id
    return task.task_definition == rollout.task_definition


def _failed(task: Task) -> bool:
    """Stopped by its own end, or by the scheduler because a health check failed; not by scaling in or a person."""
    return task.stop_code in ENDED_BY_ITSELF or "health check" in task.stopped_reason
