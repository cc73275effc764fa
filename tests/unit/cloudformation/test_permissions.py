"""The deploy role may do what the verbs call, and nothing else; docs/permissions.md says the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from deploytool.infra.checks.model import template_set
from tests.support.cloudformation import operations
from tests.support.cloudformation.policy import permissions
from tests.support.cloudformation.templates import SITUATIONS, load

CLOUD = template_set(load(), SITUATIONS["everything"])
DEPLOY = permissions(CLOUD, "ProductionDeployRole")
PLAN = permissions(CLOUD, "PlanRole")

VERBS = (
    "release", "rollback", "handle_comment", "promote", "migrate", "recover",
    "plan", "status", "history", "logs", "lock", "stats",
)  # fmt: skip
NO_PERMISSION_NEEDED = {"sts:GetCallerIdentity"}
NOT_CALLED = {
    # Docker pushes and looks at images over the registry's own protocol.
    "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
    # RegisterTaskDefinition and RunTask ask for it where they are given tags, and for the roles that a task has.
    "ecs:TagResource", "iam:PassRole",
}  # fmt: skip
"""Actions without an operation that the code names."""
DOCUMENT = Path(__file__).parents[3] / "docs" / "permissions.md"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret"
ROLE = "arn:aws:iam::123456789012:role"
TO_TASKS = {"iam_PassedToService": "ecs-tasks.amazonaws.com"}
ECS = "arn:aws:ecs:us-east-1:123456789012"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/deploytool"


def test_the_deploy_role_may_do_all_that_the_verbs_call() -> None:
    assert operations.actions(*VERBS) - NO_PERMISSION_NEEDED - DEPLOY.actions == set()


def test_the_deploy_role_may_do_nothing_that_no_verb_calls() -> None:
    assert DEPLOY.actions - operations.actions(*VERBS) - NOT_CALLED == set()
    assert DEPLOY.actions >= NOT_CALLED


def test_no_call_hides_its_operation() -> None:
    assert operations.hidden() == []


def test_what_prune_removes_with_is_left_out_of_the_deploy_role() -> None:
    only_prune = operations.actions("prune") - operations.actions(*VERBS)
    assert only_prune == set(_documented()["OnlyForPrune"]["Action"])
    assert only_prune.isdisjoint(DEPLOY.actions)


def test_the_document_and_the_template_name_the_same_actions() -> None:
    statements = _documented()
    prune = set(statements.pop("OnlyForPrune")["Action"])
    named = {action for each in statements.values() for action in _list(each["Action"])}
    assert named == DEPLOY.actions
    assert prune.isdisjoint(named)


def test_the_plan_role_changes_nothing() -> None:
    reading = re.compile(r"^\w+:(Describe|Get|List|Query|BatchGet)")
    assert [action for action in sorted(PLAN.actions) if not reading.match(action)] == []
    assert PLAN.actions < DEPLOY.actions


OWN: list[tuple[str, str, dict[str, str]]] = [
    ("ecs:UpdateService", f"{ECS}:service/shop/app", {}),
    ("ecs:UpdateService", f"{ECS}:service/shop/worker", {}),
    ("ecs:StopServiceDeployment", f"{ECS}:service-deployment/shop/app/x1", {}),
    ("ecs:DescribeServices", f"{ECS}:service/shop/app", {}),
    ("ecs:DescribeTasks", f"{ECS}:task/shop/0123", {}),
    ("ecs:ListTasks", "*", {"ecs_cluster": f"{ECS}:cluster/shop"}),
    ("ecs:RunTask", f"{ECS}:task-definition/shop-migrate:7", {"ecs_cluster": f"{ECS}:cluster/shop"}),
    ("ecs:StopTask", f"{ECS}:task/shop/0123", {"ecs_cluster": f"{ECS}:cluster/shop"}),
    ("ecs:TagResource", f"{ECS}:task-definition/shop-app:8", {"ecs_CreateAction": "RegisterTaskDefinition"}),
    ("ecs:RegisterTaskDefinition", f"{ECS}:task-definition/shop-app:*", {}),
    ("ecs:RegisterTaskDefinition", f"{ECS}:task-definition/shop-migrate:9", {}),
    ("iam:PassRole", f"{ROLE}/shop-production-worker", TO_TASKS),
    ("dynamodb:PutItem", TABLE, {"dynamodb_LeadingKeys": "shop#production"}),
    ("dynamodb:Query", f"{TABLE}/index/unfinished", {"dynamodb_LeadingKeys": "shop#production"}),
    ("dynamodb:Query", TABLE, {"dynamodb_LeadingKeys": "shop#staging"}),
    ("logs:GetLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/shop/migrate:log-stream:a/b/c", {}),
    ("secretsmanager:DescribeSecret", f"{SECRET}:shop/production/redis-x1", {}),
    ("secretsmanager:DescribeSecret", f"{SECRET}:rds!db-1-x1", {}),
    ("ecr:PutImage", "arn:aws:ecr:us-east-1:123456789012:repository/shop", {}),
]  # fmt: skip
OTHERS: list[tuple[str, str, dict[str, str]]] = [
    ("ecs:UpdateService", f"{ECS}:service/shop-staging/app", {}),
    ("ecs:UpdateService", f"{ECS}:service/shop/billing", {}),
    ("ecs:RunTask", f"{ECS}:task-definition/shop-app:7", {"ecs_cluster": f"{ECS}:cluster/shop"}),
    ("ecs:RunTask", f"{ECS}:task-definition/shop-migrate:7", {"ecs_cluster": f"{ECS}:cluster/shop-staging"}),
    ("ecs:TagResource", f"{ECS}:task-definition/shop-app:8", {}),
    ("ecs:RegisterTaskDefinition", f"{ECS}:task-definition/shop-staging-migrate:9", {}),
    ("ecs:RegisterTaskDefinition", f"{ECS}:task-definition/billing-app:9", {}),
    ("ecs:DeleteService", f"{ECS}:service/shop/app", {}),
    ("iam:PassRole", f"{ROLE}/shop-staging-worker", TO_TASKS),
    ("iam:PassRole", f"{ROLE}/shop-production-worker", {"iam_PassedToService": "ec2.amazonaws.com"}),
    ("iam:PassRole", f"{ROLE}/shop-production-deploy", TO_TASKS),
    ("dynamodb:PutItem", TABLE, {"dynamodb_LeadingKeys": "shop#staging"}),
    ("dynamodb:Query", TABLE, {"dynamodb_LeadingKeys": "billing#production"}),
    ("logs:GetLogEvents", "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/shop-staging/app:log-stream:a", {}),
    ("secretsmanager:GetSecretValue", f"{SECRET}:shop/production/redis-x1", {}),
    ("ecr:PutImage", "arn:aws:ecr:us-east-1:123456789012:repository/billing", {}),
]  # fmt: skip


@pytest.mark.parametrize(("action", "resource", "context"), OWN)
def test_the_deploy_role_may_change_its_own_environment(action: str, resource: str, context: dict[str, str]) -> None:
    assert DEPLOY.allow(action, resource, **context)


@pytest.mark.parametrize(("action", "resource", "context"), OTHERS)
def test_the_deploy_role_may_change_nothing_else(action: str, resource: str, context: dict[str, str]) -> None:
    assert not DEPLOY.allow(action, resource, **context)


def test_the_deploy_role_reaches_all_that_the_other_stacks_make_for_a_release() -> None:
    for service in CLOUD.of_type("AWS::ECS::Service"):
        assert DEPLOY.allow("ecs:UpdateService", f"{ECS}:service/shop/{service.properties['ServiceName']}")
    for task in CLOUD.of_type("AWS::ECS::TaskDefinition"):
        for key in ("TaskRoleArn", "ExecutionRoleArn"):
            role = CLOUD.target(task.stack, task.properties[key])
            assert role is not None
            assert DEPLOY.allow("iam:PassRole", f"{ROLE}/{role.properties['RoleName']}", **TO_TASKS)
            assert DEPLOY.allow("iam:GetRole", f"{ROLE}/{role.properties['RoleName']}")
        (container,) = task.properties["ContainerDefinitions"]
        group = container["LogConfiguration"]["Options"]["awslogs-group"]
        stream = f"arn:aws:logs:us-east-1:123456789012:log-group:{group}:log-stream:x"
        assert DEPLOY.allow("logs:GetLogEvents", stream)
    for secret in CLOUD.of_type("AWS::SecretsManager::Secret"):
        assert DEPLOY.allow("secretsmanager:DescribeSecret", f"{SECRET}:{secret.properties['Name']}-x1")
    for table in CLOUD.of_type("AWS::DynamoDB::Table"):
        name = table.properties["TableName"]
        own = {"dynamodb_LeadingKeys": "shop#production"}
        assert DEPLOY.allow("dynamodb:PutItem", f"arn:aws:dynamodb:us-east-1:123456789012:table/{name}", **own)


def test_staging_has_a_role_of_its_own_for_its_own_cluster() -> None:
    staging = permissions(CLOUD, "StagingDeployRole")
    assert staging.actions == DEPLOY.actions
    assert staging.allow("ecs:UpdateService", f"{ECS}:service/shop-staging/app")
    assert not staging.allow("ecs:UpdateService", f"{ECS}:service/shop/app")


def test_a_role_is_made_only_where_its_subjects_are_given() -> None:
    without = template_set(load(), SITUATIONS["nothing but names"])
    assert [each.name for each in without.of_type("AWS::IAM::Role") if each.stack == "bootstrap"] == []


@pytest.mark.parametrize("role", ["ProductionDeployRole", "StagingDeployRole", "PlanRole"])
def test_a_role_is_opened_by_both_forms_of_its_subject_and_by_no_other(role: str) -> None:
    found = CLOUD.get("bootstrap", role)
    assert found is not None
    (statement,) = found.properties["AssumeRolePolicyDocument"]["Statement"]
    (operator,) = statement["Condition"]
    issuer = "token.actions.githubusercontent.com"
    subjects = statement["Condition"][operator][f"{issuer}:sub"]
    assert operator == "StringEquals"
    assert set(statement["Condition"][operator]) == {f"{issuer}:aud", f"{issuer}:sub"}
    assert [subject.split(":")[1] for subject in subjects] == ["org/shop", "org@1/shop@2"]


def _documented() -> dict[str, Any]:
    block = re.search(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert block
    return {statement["Sid"]: statement for statement in json.loads(block[1])["Statement"]}


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
