"""The sandbox's AWS account: clients that can reach MiniStack and nothing else."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

# SEG sandbox.cloud.account
# The sandbox's AWS account: clients that can reach MiniStack and nothing else.


@dataclass(frozen=True)
class Account:
    """Clients by service name, made once. Endpoint and keys are given outright: what the user's environment or files
    say about AWS is not looked at.
    """

    endpoint: str
    region: str
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """The boto3 client of a service."""
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


# SEG sandbox.cloud.cpu
# This machine's CPU, as ECS calls it: the tasks' containers run here.

ARM = ("aarch64", "arm64")


def architecture() -> str:
    """``ARM64`` or ``X86_64``."""
    return "ARM64" if platform.machine().lower() in ARM else "X86_64"


def runtime_platform(cpu: str) -> dict[str, Any]:
    """The part of a task definition that asks for a CPU; empty for X86_64, which ECS takes when nothing is said.

    Where it is said, MiniStack tries twice to start a container, and the second error hides the first.
    """
    return {} if cpu == "X86_64" else {"runtimePlatform": {"cpuArchitecture": cpu, "operatingSystemFamily": "LINUX"}}


# SEG sandbox.cloud.example
# How each environment of the example is called and how large it is.

APP = "architecturedeck"


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
        """What the data stack calls both its database and its Redis."""
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
        """Where its load balancer is reached: the name of one resolves in AWS only, so MiniStack forwards a path."""
        return f"{endpoint}/_alb/{self.cluster}"


PRODUCTION = ExampleEnvironment("production", APP, app_tasks=2, redis_port=6379)
STAGING = ExampleEnvironment("staging", f"{APP}-staging", app_tasks=1, redis_port=6380)
ENVIRONMENTS = {each.name: each for each in (PRODUCTION, STAGING)}
SERVICES = ("app", "worker")


# SEG sandbox.cloud
# The sandbox's AWS account: CloudFormation makes what is in it; here is what AWS would do by itself afterwards.


def scale(account: Account, environment: ExampleEnvironment) -> None:
    """Raise the app to the least number of tasks, as autoscaling does, which MiniStack's CloudFormation lacks."""
    account.client("ecs").update_service(cluster=environment.cluster, service="app", desiredCount=environment.app_tasks)


def wait_until_settled(account: Account, cluster: str) -> bool:
    """Whether every service of the cluster has come to rest: all its tasks run, and all of its newest deployment."""
    services = account.client("ecs").describe_services(cluster=cluster, services=list(SERVICES))["services"]
    return all(_rests(service) for service in services)


def _rests(service: dict[str, Any]) -> bool:
    (primary,) = [deployment for deployment in service["deployments"] if deployment["status"] == "PRIMARY"]
    running = primary["runningCount"] == service["runningCount"] == service["desiredCount"]
    return bool(running and primary["rolloutState"] == "COMPLETED")


# SEG sandbox.cloud.master_secrets
# The secret in which RDS keeps a database's password (``ManageMasterUserPassword``): MiniStack makes none.

_ATTRIBUTE = "MasterUserSecret.SecretArn"


def with_master_secrets(template: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same template with a secret of its own, ``{Database}MasterUserSecret``, for each such database.

    It has the keys of RDS's, `username` and `password`, and stands wherever RDS's is named.
    """
    databases = {
        name: each.get("Properties", {})
        for name, each in template.get("Resources", {}).items()
        if each.get("Type") == "AWS::RDS::DBInstance" and each.get("Properties", {}).get("ManageMasterUserPassword")
    }
    if not databases:
        return template
    pointed: Mapping[str, Any] = _pointed(template, frozenset(databases))
    added = {_name(name): _secret(properties) for name, properties in databases.items()}
    return {**pointed, "Resources": {**pointed["Resources"], **added}}


def _name(database: str) -> str:
    return f"{database}MasterUserSecret"


def _secret(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    user = properties.get("MasterUsername", "postgres")
    with_user = {"Fn::Sub": ['{"username": "${User}"}', {"User": user}]}
    return {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {
            "GenerateSecretString": {
                "SecretStringTemplate": json.dumps({"username": user}) if isinstance(user, str) else with_user,
                "GenerateStringKey": "password",
                "ExcludePunctuation": True,
            }
        },
    }


def _pointed(part: Any, databases: frozenset[str]) -> Any:
    match part:
        case {"Fn::GetAtt": [str(name), attribute]} if name in databases and attribute == _ATTRIBUTE:
            return {"Fn::GetAtt": [_name(name), "Id"]}
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": _substituted(text, databases)}
        case {"Fn::Sub": [str(text), dict(more)]}:
            return {"Fn::Sub": [_substituted(text, databases), _pointed(more, databases)]}
        case dict():
            return {key: _pointed(each, databases) for key, each in part.items()}
        case list():
            return [_pointed(each, databases) for each in part]
        case _:
            return part


def _substituted(text: str, databases: frozenset[str]) -> str:
    return re.sub(
        r"\$\{(\w+)\.MasterUserSecret\.SecretArn\}",
        lambda found: f"${{{_name(found[1])}.Id}}" if found[1] in databases else found[0],
        text,
    )
