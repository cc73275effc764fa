"""The ECS calls of a release, and their answers reduced to ``ecs.model``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from deploytool.aws.call import batches, call, paginate
from deploytool.aws.session import Session
from deploytool.ecs.deployment_model import Rollout, rollout_of
from deploytool.ecs.model import (
    RELEASE_TAG,
    RunTaskFailure,
    ServiceDeployment,
    ServiceState,
    StandaloneTask,
    Task,
    TaskDefinition,
)
from deploytool.ecs.parse import parse_service, parse_service_deployment, parse_task
from deploytool.ecs.task_diagnosis import ended_by_failure
from deploytool.errors import CloudError, CredentialsMissing

PER_CALL = 20
SELDOM, OFTEN = 10, 5
"""Polls between two readings: while ECS starts tasks, and once DescribeServices calls a rollout ended (bake time and
the stages of a canary come after that)."""
OVER = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})


class ServiceDeployments:
    """DescribeServiceDeployments and StopServiceDeployment, where ECS has them and IAM allows them.

    Found through ``currentServiceDeployment`` of DescribeServices and believed only where its revision is ours.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._named: dict[str, str] = {}
        """Service name to the ARN that DescribeServices named last."""
        self._ended: dict[str, str | None] = {}
        """Service name to its PRIMARY's rollout state at the last reading."""
        self._known: dict[str, ServiceDeployment] = {}
        self._missing: set[str] = set()
        """ARNs that the last answer about them left out."""
        self._polls_since = 0
        self._seen: dict[str, str | None] = {}
        self._denied = False

    def learn(self, states: Iterable[ServiceState]) -> None:
        """Remember what a DescribeServices answered."""
        for state in states:
            self._named[state.name] = state.current_service_deployment
            self._seen[state.name] = state.primary.rollout_state if state.primary else None

    def of(self, rollouts: Sequence[Rollout]) -> Mapping[str, ServiceDeployment]:
        """By service name, as last read; a denied reading is not tried again, and is no failure.

        One not read yet counts as PENDING: what DescribeServices calls completed is believed once this agrees. One that
        an answer left out is not there: DescribeServices alone decides.
        """
        services = {self._named[each.service]: each.service for each in rollouts if self._named.get(each.service)}
        self._polls_since += 1
        if services and not self._denied and self._due(services):
            self._read(tuple(services))
            self._polls_since = 0
            self._ended = {service: self._seen[service] for service in services.values()}
        if self._denied:
            return {service: self._known[arn] for arn, service in services.items() if arn in self._known}
        ours = {each.service: each.deployment_id for each in rollouts}
        return {
            service: self._known.get(arn) or ServiceDeployment(arn, "PENDING", target_revision=ours[service])
            for arn, service in services.items()
            if arn in self._known or arn not in self._missing
        }

    def stop(self, rollout: Rollout) -> bool:
        """StopServiceDeployment with ROLLBACK for our own; False where that cannot be."""
        arn = self._named.get(rollout.service, "")
        if arn and arn not in self._known and not self._denied:
            self._read((arn,))
        known = self._known.get(arn)
        if known is None or not known.target_revision.endswith(rollout.deployment_id.rpartition("/")[2]):
            return False
        try:
            call(self._client, "stop_service_deployment", serviceDeploymentArn=known.arn, stopType="ROLLBACK")
        except CloudError:
            # Denied, or just over: UpdateService, which the caller then sends, leads to the same revision.
            return False
        return True

    def _due(self, services: Mapping[str, str]) -> bool:
        """Once DescribeServices calls all of them ended; before that now and then."""
        unsettled = {arn for arn in services if arn not in self._known or self._known[arn].status not in OVER}
        ended = {arn for arn in unsettled if self._seen[services[arn]] != "IN_PROGRESS"}
        changed = any(self._seen[services[arn]] != self._ended.get(services[arn]) for arn in ended)
        if changed and ended == unsettled:
            return True
        return bool(unsettled) and self._polls_since >= (OFTEN if ended else SELDOM)

    def _read(self, arns: Sequence[str]) -> None:
        for batch in batches(arns, PER_CALL):
            try:
                answer = call(self._client, "describe_service_deployments", serviceDeploymentArns=batch)
            except CredentialsMissing:
                raise
            except CloudError:
                self._denied = True
                return
            deployments = answer.get("serviceDeployments", ())
            self._missing = self._missing.union(batch) - {raw["serviceDeploymentArn"] for raw in deployments}
            for raw in deployments:
                self._known[raw["serviceDeploymentArn"]] = parse_service_deployment(raw)


class ServerTime:
    """The time of AWS's clock: that of this machine may be minutes away from it, and AWS dates tasks by its own.

    The Date header has whole seconds and is a moment old when it arrives, so each answer gives a time that AWS's clock
    has passed; the latest of these is behind by less than a second, and by less with each answer.
    """

    def __init__(self) -> None:
        self._offset: float | None = None
        """Seconds since the epoch, less those of the monotonic clock."""

    def learn(self, answer: Mapping[str, Any]) -> None:
        """From an answer's Date header, where it has one."""
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        try:
            seconds = parsedate_to_datetime(date).timestamp() if date else None
        except ValueError:
            return
        if seconds is not None:
            offset = seconds - time.monotonic()
            self._offset = offset if self._offset is None else max(self._offset, offset)

    def now(self) -> datetime:
        """This machine's own time while AWS has not said its own."""
        if self._offset is None:
            return datetime.now(UTC)
        return datetime.fromtimestamp(self._offset + time.monotonic(), UTC)


SERVICES_PER_CALL = 10
TASKS_PER_CALL = 100


class Ecs:
    """One cluster."""

    def __init__(self, session: Session, cluster: str) -> None:
        self._client = session.client("ecs")
        self._cluster = cluster
        self._definitions: dict[str, TaskDefinition] = {}
        self._time = ServerTime()
        self.unknown_fields: dict[str, tuple[str, ...]] = {}
        """By ARN of a task definition: what ECS answered and this botocore dropped."""
        self._service_deployments = ServiceDeployments(self._client)

    def now(self) -> datetime:
        """AWS's time, by the Date headers of its answers."""
        return self._time.now()

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
        after = parse_service(answer["service"])
        if after.primary is None:
            raise CloudError(f"UpdateService of {before.name} answered without a PRIMARY deployment", "run it again")
        return rollout_of(before, after.primary, task_definition)

    def stop_rollout(self, rollout: Rollout) -> bool:
        """StopServiceDeployment with ROLLBACK; False where that cannot be."""
        return self._service_deployments.stop(rollout)

    def services(self, names: Sequence[str]) -> Mapping[str, ServiceState]:
        """DescribeServices, ten at a time; a service that does not exist is not in the answer."""
        states = {}
        for batch in batches(names, SERVICES_PER_CALL):
            answer = call(self._client, "describe_services", cluster=self._cluster, services=batch)
            self._time.learn(answer)
            for raw in answer["services"]:
                state = parse_service(raw)
                states[state.name] = state
        self._service_deployments.learn(states.values())
        return states

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
        tasks = [task for task in stopped if _of(rollout, task) and ended_by_failure(task)]
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
    ) -> Task | RunTaskFailure:
        """RunTask with the network and capacity of the service it is service."""
        service = task.network_from
        where: dict[str, Any] = {}
        if service.capacity_providers:
            where["capacityProviderStrategy"] = list(service.capacity_providers)
        elif service.launch_type:
            where["launchType"] = service.launch_type
        if service.network:
            where["networkConfiguration"] = dict(service.network)
        if service.platform_version and (service.capacity_providers or service.launch_type == "FARGATE"):
            where["platformVersion"] = service.platform_version
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
            return RunTaskFailure(failure.get("reason", ""), failure.get("arn", ""), failure.get("detail", ""))
        if not answer.get("tasks"):
            return RunTaskFailure("RunTask answered with neither a task nor a failure")
        return parse_task(answer["tasks"][0], self.task_definition(task_definition))

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
            self.unknown_fields[arn] = tuple(answer.get("unknownFields", ()))
        return self._definitions[arn]

    def _every_task(self, **of: Any) -> list[Task]:
        """ListTasks to its last page: 100 at a time, in no documented order."""
        listed = list(paginate(self._client, "list_tasks", "taskArns", cluster=self._cluster, **of))
        return [task for batch in batches(listed, TASKS_PER_CALL) for task in self._tasks(batch)]

    def _tasks(self, arns: Sequence[str]) -> list[Task]:
        if not arns:
            return []
        answer = call(self._client, "describe_tasks", cluster=self._cluster, tasks=list(arns))
        self._time.learn(answer)
        return [parse_task(raw, self.task_definition(raw["taskDefinitionArn"])) for raw in answer["tasks"]]


def _of(rollout: Rollout, task: Task) -> bool:
    if task.started_by.startswith("ecs-svc/"):
        return task.started_by == rollout.deployment_id
    return task.task_definition == rollout.task_definition
