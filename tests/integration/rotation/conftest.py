"""A MiniStack with two services that have no tasks, a secret, a lock, and the state machine of the data template."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from deploytool.aws.session import Session
from deploytool.infra.intrinsics import resolve, scope_of
from deploytool.ledger.lock_store import Lock
from deploytool.ledger.store import TABLE
from tests.integration.aws_fault_proxy.conftest import eventually
from tests.support.cloudformation.templates import NAMES, load
from tests.support.ministack import point_to, running_ministack

ROLE = "arn:aws:iam::000000000000:role/any"
SERVICES = ("app", "worker")
SECONDS_BETWEEN_LOOKS = 1


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_ministack(tmp_path_factory.mktemp("ministack"), "rotation") as address:
        yield address


@dataclass(frozen=True)
class Rotation:
    """One cluster's world."""

    cluster: str
    secret: str
    machine: str
    lock: Lock
    _made: Any

    def client(self, service: str) -> Any:
        return self._made(service)

    def change_password(self) -> None:
        """After every deployment there is; MiniStack counts whole seconds."""
        time.sleep(1.1)
        self.client("secretsmanager").rotate_secret(SecretId=self.secret)

    def deployments(self) -> dict[str, tuple[str, str]]:
        """Id of the PRIMARY deployment and its revision, by service."""
        answer = self.client("ecs").describe_services(cluster=self.cluster, services=list(SERVICES))["services"]
        result = {item["serviceName"]: item["deployments"] for item in answer}
        return {
            name: next((item["id"], item["taskDefinition"]) for item in deployments if item["status"] == "PRIMARY")
            for name, deployments in result.items()
        }

    def start(self) -> str:
        """What EventBridge does; the execution."""
        return str(self.client("stepfunctions").start_execution(stateMachineArn=self.machine)["executionArn"])

    def status(self, execution: str) -> str:
        return str(self.client("stepfunctions").describe_execution(executionArn=execution)["status"])

    def states(self, execution: str) -> list[str]:
        """The states entered so far."""
        events = self.client("stepfunctions").get_execution_history(executionArn=execution, maxResults=1000)["events"]
        return [item["stateEnteredEventDetails"]["name"] for item in events if "stateEnteredEventDetails" in item]

    def run(self) -> list[str]:
        """One execution, to its good end; the states it went through."""
        execution = self.start()
        eventually(lambda: self.status(execution) != "RUNNING")
        answer = self.client("stepfunctions").describe_execution(executionArn=execution)
        assert answer["status"] == "SUCCEEDED", (answer.get("error"), answer.get("cause"), self.states(execution))
        return self.states(execution)


@pytest.fixture
def rotation(endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Rotation:
    point_to(endpoint, monkeypatch)
    session = boto3.session.Session(region_name="us-east-1")
    cluster = f"shop-{abs(hash(request.node.name)) % 10**8}"
    session.client("dynamodb").create_table(TableName=cluster, **TABLE)
    secret = session.client("secretsmanager").create_secret(Name=f"rds!db-{cluster}", SecretString='{"password": "a"}')
    _make_services(session.client("ecs"), cluster)
    machine = session.client("stepfunctions").create_state_machine(
        name=cluster, roleArn=ROLE, definition=json.dumps(_definition(cluster, secret["ARN"]))
    )
    lock = Lock(Session("us-east-1"), cluster, "shop", "production")
    return Rotation(cluster, secret["ARN"], machine["stateMachineArn"], lock, session.client)


def _make_services(ecs: Any, cluster: str) -> None:
    ecs.create_cluster(clusterName=cluster)
    for name in SERVICES:
        ecs.register_task_definition(
            family=f"{cluster}-{name}", containerDefinitions=[{"name": name, "image": "none", "memory": 64}]
        )
        ecs.create_service(cluster=cluster, serviceName=name, taskDefinition=f"{cluster}-{name}", desiredCount=0)


def _definition(cluster: str, secret: str) -> dict[str, Any]:
    """The one of the template, looking again sooner; what only AWS knows is the secret's ARN."""
    document = load()["data"]
    values = {**NAMES, "Cluster": cluster, "LedgerTable": cluster}
    written = document["Resources"]["RestartAfterRotation"]["Properties"]["Definition"]
    definition: dict[str, Any] = resolve(written, scope_of(document, values))
    definition["States"]["Wait"]["Seconds"] = SECONDS_BETWEEN_LOOKS
    definition["States"]["LookAtSecret"]["Arguments"]["SecretId"] = secret
    return definition
