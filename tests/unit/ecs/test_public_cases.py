"""Failures that teams met on the real ECS, from public issues, notes and AWS's documents, through ``explain``.

Each case has its source. ``must`` and ``must_not`` are regular expressions over cause and fix, or over the detail of
the deployment's status. Where a source quotes a text only, the JSON around it is made by us.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploytool.ecs.deployment_status import blocked_by
from deploytool.ecs.explain import DeploymentQuery, Explanation, explain
from deploytool.ecs.model import Deployment, ServiceEvent

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "public_cases.json").read_text(encoding="utf-8"))
ARN = "arn:aws:ecs:us-east-1:123456789012"
CONTAINER = {
    "name": "app",
    "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:abc",
    "essential": True,
    "command": ["node", "server.js"],
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "/shop/app", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "app"},
    },
}


def task_document(case: dict[str, Any]) -> dict[str, Any]:
    """As DescribeTasks and DescribeTaskDefinition answer."""
    task = {
        "taskArn": f"{ARN}:task/shop/0123abcd",
        "taskDefinitionArn": f"{ARN}:task-definition/shop-app:12",
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "startedBy": "ecs-svc/222",
        "containers": [{"name": "app", "lastStatus": "STOPPED"}],
        **case["task"],
    }
    definition = {
        "family": "shop-app",
        "cpu": "256",
        "memory": "512",
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "containerDefinitions": [CONTAINER | case.get("definition", {})],
    }
    return {"tasks": [task], "taskDefinition": definition, "log": case.get("log")}


def service_document(case: dict[str, Any]) -> dict[str, Any]:
    """As DescribeServices and DescribeServiceDeployments answer."""
    deployments = [
        {"createdAt": "2026-01-01T10:00:00+00:00", "launchType": "FARGATE", "platformVersion": "1.4.0", **each}
        for each in case["service"]["deployments"]
    ]
    service = {
        "serviceName": "app",
        "serviceArn": f"{ARN}:service/shop/app",
        "clusterArn": f"{ARN}:cluster/shop",
        "status": "ACTIVE",
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
        },
        **case["service"],
        "deployments": deployments,
    }
    details = [case["serviceDeployment"]] if "serviceDeployment" in case else []
    return {"services": [service], "serviceDeployments": details}


def explained(case: dict[str, Any]) -> Explanation:
    """What a person reads who pastes the case."""
    if "task" in case:
        return explain(json.dumps(task_document(case)))
    if "events" in case:
        return explain("\n".join(case["events"]))
    if "failure" in case:
        return explain(json.dumps({"failures": [case["failure"]]}))
    if "oidc" in case:
        operation = "An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation"
        return explain(f"{operation}: {case['oidc']['message']}\nsub: {case['oidc']['sub']}")
    if "api" in case:
        api = case["api"]
        return explain(
            f"An error occurred ({api['code']}) when calling the {api['operation']} operation: {api['message']}"
        )
    query = case["query"]
    return explain(
        json.dumps(service_document(case)),
        DeploymentQuery(
            query["deployment_id"],
            query["previous_deployment_id"],
            query["task_definition"],
            query["previous_task_definition"],
        ),
    )


def held_against(case: dict[str, Any], text: str) -> list[str]:
    """The marks that ``text`` misses."""
    missing = [mark for mark in case["must"] if not re.search(mark, text, re.IGNORECASE)]
    return missing + [f"not {mark}" for mark in case["must_not"] if re.search(mark, text, re.IGNORECASE)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_failure_of_the_real_ecs_is_explained_as_its_marks_say(case: dict[str, Any]) -> None:
    explanation = explained(case)
    if "status" in case:
        assert explanation.status is not None
        assert (explanation.status.state, held_against(case, explanation.status.detail)) == (case["status"], [])
        return
    first = explanation.diagnoses[0]
    assert held_against(case, f"{first.cause}. {first.fix}") == []
    forbidden = {**case, "must": []}
    assert all(held_against(forbidden, f"{each.cause}. {each.fix}") == [] for each in explanation.diagnoses)
    assert first.fatal == case.get("fatal", first.fatal)
    assert first.retriable == case.get("retriable", first.retriable)


WAITING = {
    "E01": "tasks do not start: ECR could not be reached",
    "E02": "tasks do not start: image .*imagen-rota-test is not in the registry",
    "E03": "tasks do not start: the execution role may not log in",
    "E04": "tasks do not start: AWS has blocked this account",
    "E07": "protected tasks may not be stopped until their protection ends or expires",
    "E08": "tasks do not start: the account's quota of tasks",
    "E09": "tasks do not start: the account's Fargate quota",
    "E10": "minimum and maximum percent leave no room",
    "E12": "tasks do not start: the capacity provider has no container instance",
    "E14": "ECS is throttling restarts",
}
"""What the rollout's line says meanwhile, of the cases that are events; the others do not hold it up."""


@pytest.mark.parametrize("case", [case for case in CASES if "events" in case], ids=lambda case: case["id"])
def test_the_waiting_line_says_what_the_event_means(case: dict[str, Any]) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    begun = Deployment("ecs-svc/222", "PRIMARY", "shop-app:12", "IN_PROGRESS", created_at=now)
    line = "; ".join(blocked_by(begun, [ServiceEvent("1", now, message) for message in case["events"]]))
    assert re.fullmatch(f"({WAITING[case['id']]}.*)" if case["id"] in WAITING else "(tasks do not start: .*)?", line)


def test_there_are_75_cases_each_with_a_source() -> None:
    assert len({case["id"] for case in CASES}) == len(CASES) == 75
    assert all(case["source"] and case["date"] for case in CASES)
