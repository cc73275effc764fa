"""The sandbox's ECS, or the front before it, driven by a timeline of the evidence through boto3."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import boto3

from deploytool.ecs.model import ServiceDeployment, ServiceState
from deploytool.ecs.parse import parse_service, parse_service_deployment
from tests.support.evidence import BREAKERS, Setup

POLL = 0.05
STEADY_SECONDS = 20.0


@dataclass
class LiveEcs:
    """``tests.support.conformance.Model``: one service in a cluster of its own."""

    url: str
    name: str = field(default_factory=lambda: f"conform-{uuid.uuid4().hex[:8]}")

    def __post_init__(self) -> None:
        self._ecs, self._cloudwatch = self.client("ecs"), self.client("cloudwatch")

    def client(self, service: str) -> Any:
        """At the address of the model."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", **keys)

    def start(self, setup: Setup) -> None:
        """Created with healthy tasks, and steady before it gets its alarms and hooks."""
        self._ecs.create_cluster(clusterName=self.name)
        enable, rollback = BREAKERS[setup.breaker]
        self._first = self._revision("healthy")
        self._ecs.create_service(
            cluster=self.name,
            serviceName="app",
            taskDefinition=self._first,
            desiredCount=setup.desired,
            deploymentConfiguration={"deploymentCircuitBreaker": {"enable": enable, "rollback": rollback}},
        )
        deadline = time.monotonic() + STEADY_SECONDS
        while (self._primary()["rolloutState"]) != "COMPLETED":
            assert time.monotonic() < deadline, f"the service is never steady: {self._service()}"
            time.sleep(POLL)
        configuration: dict[str, Any] = {"deploymentCircuitBreaker": {"enable": enable, "rollback": rollback}}
        configuration["strategy"] = setup.strategy
        if setup.alarms:
            self._alarm("OK")
            configuration["alarms"] = {"alarmNames": [self.name], "enable": True, "rollback": True}
        if setup.hook:
            timeout = {"timeoutInMinutes": 600, "action": "ROLLBACK"}
            hook = {"targetType": "PAUSE", "lifecycleStages": [setup.hook], "timeoutConfiguration": timeout}
            configuration["lifecycleHooks"] = [hook]
        self._ecs.update_service(cluster=self.name, service="app", deploymentConfiguration=configuration)

    def do(self, step: str) -> ServiceState | None:
        """One step of ``drive``."""
        match step.split():
            case ["update", life]:
                return self._update(taskDefinition=self._revision(life))
            case ["force", life]:
                # The tag moves: the revision is the same, what it runs is not.
                self._ecs.put_attributes(cluster=self.name, attributes=[self._tag(life)])
                return self._update(forceNewDeployment=True)
            case ["revert"]:
                return self._update(taskDefinition=self._first)
            case ["alarm"]:
                self._alarm("ALARM")
            case ["continue" | "refuse" as answer]:
                arn, hook = self._current(), self._described()["lifecycleHookDetails"][0]["hookId"]
                action = "CONTINUE" if answer == "continue" else "ROLLBACK"
                self._ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook, action=action)
            case ["stop"]:
                self._ecs.stop_service_deployment(serviceDeploymentArn=self._current(), stopType="ROLLBACK")
            case ["protect" | "unprotect" as answer]:
                protected = self._ecs.update_task_protection(
                    cluster=self.name, tasks=self._tasks(), protectionEnabled=answer == "protect"
                )
                assert not protected["failures"]
            case _:
                raise ValueError(f"no such step: {step}")
        return None

    def look(self) -> tuple[ServiceState, ServiceDeployment | None]:
        """DescribeServices, and DescribeServiceDeployments of the current one."""
        service = self._service()
        current = service.get("currentServiceDeployment")
        return parse_service(service), parse_service_deployment(self._described()) if current else None

    def wait(self) -> None:
        """A short while."""
        time.sleep(POLL)

    def _update(self, **change: Any) -> ServiceState:
        return parse_service(self._ecs.update_service(cluster=self.name, service="app", **change)["service"])

    def _revision(self, life: str) -> str:
        container = {"name": "app", "image": f"{life}-{self.name}:1", "memory": 32, "essential": True}
        made = self._ecs.register_task_definition(family=self.name, containerDefinitions=[container])
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def _tag(self, life: str) -> dict[str, str]:
        return {"name": "life", "value": life, "targetType": "container-instance", "targetId": f"healthy-{self.name}"}

    def _alarm(self, state: str) -> None:
        if state == "OK":
            self._cloudwatch.put_metric_alarm(
                AlarmName=self.name, MetricName="errors", Namespace="app", Period=60, EvaluationPeriods=1,
                Threshold=1.0, ComparisonOperator="GreaterThanThreshold", Statistic="Sum",
            )  # fmt: skip
        self._cloudwatch.set_alarm_state(AlarmName=self.name, StateValue=state, StateReason="a test")

    def _service(self) -> Any:
        return self._ecs.describe_services(cluster=self.name, services=["app"])["services"][0]

    def _primary(self) -> Any:
        return next(each for each in self._service()["deployments"] if each["status"] == "PRIMARY")

    def _current(self) -> str:
        return str(self._service()["currentServiceDeployment"])

    def _described(self) -> Any:
        current = self._current()
        return self._ecs.describe_service_deployments(serviceDeploymentArns=[current])["serviceDeployments"][0]

    def _tasks(self) -> list[str]:
        return list(self._ecs.list_tasks(cluster=self.name, serviceName="app")["taskArns"])
