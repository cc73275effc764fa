"""The sandbox's AWS account, looked at and spoilt behind the release's back: past the front, by boto3 itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from deploytool.sandbox import account

CLUSTER = "architecturedeck"
SERVICES = ("app", "worker")
# What DescribeTaskDefinition adds and RegisterTaskDefinition refuses.
READ_ONLY = {
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy",
    "deregisteredAt",
}  # fmt: skip


class Account(account.Account):
    """What these tests look at and change in it."""

    def running(self) -> dict[str, str]:
        """Service to the ARN of the revision that it is set to."""
        return {service["serviceName"]: service["taskDefinition"] for service in self._described()}

    def definition(self, service: str) -> dict[str, Any]:
        """The live task definition, ready to be registered again."""
        arn = self.running()[service]
        live = self.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
        return {key: value for key, value in live.items() if key not in READ_ONLY}

    def move(self, service: str, revision: str) -> None:
        """UpdateService, as somebody else would."""
        self.client("ecs").update_service(cluster=CLUSTER, service=service, taskDefinition=revision)

    def register(self, definition: Mapping[str, Any]) -> str:
        """RegisterTaskDefinition; the ARN."""
        return str(self.client("ecs").register_task_definition(**definition)["taskDefinition"]["taskDefinitionArn"])

    def heal(self, succeeded: Mapping[str, str]) -> None:
        """Every service on its good revision, and nothing under way."""
        for service, revision in self.running().items():
            if revision != succeeded[service]:
                self.move(service, revision=succeeded[service])
        self.settle()

    def settle(self, seconds: float = 60) -> None:
        """Wait until no rollout is under way."""
        deadline = time.monotonic() + seconds
        while not all(_settled(service) for service in self._described()):
            assert time.monotonic() < deadline, f"the services do not settle: {self._described()}"
            time.sleep(0.2)

    def secrets(self) -> set[str]:
        """The values that no output may hold."""
        client = self.client("secretsmanager")
        names = [secret["ARN"] for secret in client.list_secrets()["SecretList"]]
        return hidden({client.get_secret_value(SecretId=name)["SecretString"] for name in names})

    def _described(self) -> list[dict[str, Any]]:
        result = self.client("ecs").describe_services(cluster=CLUSTER, services=list(SERVICES))
        return list(result["services"])


def hidden(values: Iterable[str]) -> set[str]:
    """The secrets' values, and the passwords inside those that are JSON objects.

    A generated password may look like the beginning of JSON, or be JSON by chance: ``{9,`` or ``12``.
    """
    actual = set(values)
    for value in tuple(actual):
        try:
            parsed = json.loads(value)
        except ValueError:
            continue
        if isinstance(parsed, dict):
            actual |= {parsed[key] for key in ("password", "auth_token") if key in parsed}
    return actual


def _settled(service: Mapping[str, Any]) -> bool:
    primary = next(item for item in service["deployments"] if item["status"] == "PRIMARY")
    alive = [item for item in service["deployments"] if item.get("rolloutState") != "FAILED"]
    return (
        primary["rolloutState"] == "COMPLETED"
        and len(alive) == 1
        and service["runningCount"] == service["desiredCount"]
        and primary["taskDefinition"] == service["taskDefinition"]
    )
