"""The account is made of the product's stacks: what MiniStack would lose of them is there, in both environments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from deploytool.sandbox.account import ENVIRONMENTS, Account, ExampleEnvironment
from deploytool.sandbox.docker import docker_client
from tests.e2e.sandbox.conftest import deploytool

if TYPE_CHECKING:
    from deploytool.sandbox.state import SandboxState


pytestmark = pytest.mark.timeout(600)
READ_ONLY = {
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy",
}  # fmt: skip
EACH = pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=list(ENVIRONMENTS))


@pytest.fixture
def account(sandbox: SandboxState) -> Account:
    return Account(sandbox.aws_endpoint_url, sandbox.region)


def definition(account: Account, environment: ExampleEnvironment, role: str) -> dict[str, Any]:
    answer = account.client("ecs").describe_task_definition(taskDefinition=environment.family(role))
    result: dict[str, Any] = answer["taskDefinition"]
    return result


@EACH
def test_a_task_definition_of_a_stack_can_be_registered_again(
    account: Account, environment: ExampleEnvironment
) -> None:
    """As a release does it; boto3 refuses a number that is text, and a member that ECS does not know."""
    for role in ("app", "worker", "migrate"):
        made = definition(account, environment, role)
        fields = {key: value for key, value in made.items() if key not in READ_ONLY}
        again = account.client("ecs").register_task_definition(**{**fields, "family": f"trial-{role}"})
        assert again["taskDefinition"]["containerDefinitions"] == made["containerDefinitions"]
        assert all(secret["valueFrom"] for secret in made["containerDefinitions"][0]["secrets"])


@EACH
def test_a_service_keeps_what_its_template_says(account: Account, environment: ExampleEnvironment) -> None:
    services = account.client("ecs").describe_services(cluster=environment.cluster, services=["app", "worker"])
    app, worker = services["services"]
    assert (app["desiredCount"], worker["desiredCount"]) == (environment.app_tasks, 1)
    assert app["healthCheckGracePeriodSeconds"] == 60
    assert app["propagateTags"] == worker["propagateTags"] == "SERVICE"
    assert app["loadBalancers"][0]["containerPort"] == 8080
    assert all(item["deploymentConfiguration"]["deploymentCircuitBreaker"]["rollback"] for item in (app, worker))


@EACH
def test_the_databases_of_the_stacks_are_the_sandboxs_own(
    sandbox: SandboxState, account: Account, environment: ExampleEnvironment
) -> None:
    def secret(what: str) -> dict[str, str]:
        answer = account.client("secretsmanager").get_secret_value(SecretId=environment.secret(what))
        read: dict[str, str] = json.loads(answer["SecretString"])
        return read

    address = "{{.NetworkSettings.IPAddress}}"
    postgres, redis = (
        docker_client("inspect", "--format", address, sandbox.containers[item]).strip()
        for item in ("postgres", "redis")
    )
    assert secret("database") == {"host": postgres, "port": "5432", "dbname": environment.database}
    result = secret("redis")
    assert (result["host"], result["port"]) == (redis, str(environment.redis_port))
    assert result["auth_token"]


def test_what_is_left_out_is_told(sandbox: SandboxState) -> None:
    output = deploytool(sandbox.root, "sandbox", "status").stdout
    assert "left out: " in output
    assert "EC2 NatGateway × 3" in output


def test_nothing_is_to_do_when_the_stacks_are_applied_to_it_again(sandbox: SandboxState) -> None:
    for environment in sandbox.environments:
        done = deploytool(sandbox.workdir, "infra", "apply", "--environment", environment, "--output", "json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["result"] == "nothing_to_do"
