"""The sandbox's AWS account: clients that reach MiniStack alone, and the example's environments in it."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

APP = "architecturedeck"
SERVICES = ("app", "worker")


@dataclass(frozen=True)
class Account:
    """Clients by service name, made once. Endpoint and keys are explicit: the user's AWS environment and files are not
    read.
    """

    endpoint: str
    region: str
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.session.Session().client(
                service,
                endpoint_url=self.endpoint,
                region_name=self.region,
                aws_access_key_id="test",
                aws_secret_access_key="test",  # noqa: S106 - MiniStack takes any; this one opens nothing else
                config=Config(retries={"total_max_attempts": 2}, read_timeout=30, proxies={}),
            )
        return self._clients[service]


def architecture() -> str:
    """This machine's CPU, which the tasks' containers run on, in ECS's words: ``ARM64`` or ``X86_64``."""
    return "ARM64" if platform.machine().lower() in ("aarch64", "arm64") else "X86_64"


def runtime_platform(cpu: str) -> dict[str, Any]:
    """The part of a task definition that requires a CPU; empty for X86_64, ECS's default.

    Where it is explicit, MiniStack tries twice to start a container, and the second error hides the first.
    """
    return {} if cpu == "X86_64" else {"runtimePlatform": {"cpuArchitecture": cpu, "operatingSystemFamily": "LINUX"}}


@dataclass(frozen=True)
class ExampleEnvironment:
    """One environment: its cluster, and what the stacks name after it; ``app_tasks`` is what autoscaling would set."""

    name: str
    cluster: str
    app_tasks: int
    redis_port: int
    repository: str = APP

    @property
    def store(self) -> str:
        """The data stack's name of both its database and its Redis."""
        return f"{APP}-{self.name}"

    @property
    def database(self) -> str:
        """Its database in the one PostgreSQL server."""
        return self.cluster.replace("-", "_")

    def family(self, role: str) -> str:
        """The task definition family of `app`, `worker` or `migrate`."""
        return f"{self.cluster}-{role}"

    def secret(self, what: str) -> str:
        """The name in Secrets Manager of `database`, `redis` or `openai-api-key`."""
        return f"{APP}/{self.name}/{what}"

    def url(self, endpoint: str) -> str:
        """The address of its load balancer, whose name resolves in AWS only: MiniStack forwards a path."""
        return f"{endpoint}/_alb/{self.cluster}"


PRODUCTION = ExampleEnvironment("production", APP, app_tasks=2, redis_port=6379)
STAGING = ExampleEnvironment("staging", f"{APP}-staging", app_tasks=1, redis_port=6380)
ENVIRONMENTS = {environment.name: environment for environment in (PRODUCTION, STAGING)}


def scale(account: Account, environment: ExampleEnvironment) -> None:
    """Raise the app to its minimum number of tasks, as autoscaling does, which MiniStack's CloudFormation lacks."""
    account.client("ecs").update_service(cluster=environment.cluster, service="app", desiredCount=environment.app_tasks)


def is_steady(account: Account, cluster: str) -> bool:
    """Whether all services of the cluster are steady: all tasks run, and all are of the newest deployment."""
    services = account.client("ecs").describe_services(cluster=cluster, services=list(SERVICES))["services"]
    return all(_is_steady(service) for service in services)


def _is_steady(service: dict[str, Any]) -> bool:
    (primary,) = [deployment for deployment in service["deployments"] if deployment["status"] == "PRIMARY"]
    running = primary["runningCount"] == service["runningCount"] == service["desiredCount"]
    return bool(running and primary["rolloutState"] == "COMPLETED")
