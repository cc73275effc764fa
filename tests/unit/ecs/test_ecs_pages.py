"""A service with more tasks than one answer names; botocore's Stubber judges by AWS's own service model."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.stub import Stubber

from deploytool.ecs.client import Ecs

ARN = "arn:aws:ecs:us-east-1:123456789012"
DEFINITION = f"{ARN}:task-definition/shop-worker:7"
RUNNING = {"cluster": "shop", "serviceName": "worker"}


class OneClient:
    """A session whose only client is stubbed."""

    def __init__(self) -> None:
        self.ecs = boto3.client("ecs", "us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")

    def client(self, _service: str) -> Any:
        return self.ecs


def task(number: int) -> dict[str, Any]:
    return {
        "taskArn": f"{ARN}:task/shop/{number}",
        "taskDefinitionArn": DEFINITION,
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
    }


def test_every_task_is_read_when_there_are_more_than_one_answer_names() -> None:
    session = OneClient()
    pages = [[task(number) for number in range(100)], [task(100)]]
    names = [[each["taskArn"] for each in page] for page in pages]
    with Stubber(session.ecs) as aws:
        aws.add_response("list_tasks", {"taskArns": [*names[0]], "nextToken": "more"}, RUNNING)
        aws.add_response("list_tasks", {"taskArns": [*names[1]]}, {**RUNNING, "nextToken": "more"})
        aws.add_response("describe_tasks", {"tasks": pages[0]}, {"cluster": "shop", "tasks": names[0]})
        aws.add_response("describe_task_definition", {"taskDefinition": {"taskDefinitionArn": DEFINITION}})
        aws.add_response("describe_tasks", {"tasks": pages[1]}, {"cluster": "shop", "tasks": names[1]})
        found = Ecs(session, "shop").running_tasks("worker")  # type: ignore[arg-type]  # a session of one client
        aws.assert_no_pending_responses()
    assert [each.arn for each in found] == [*names[0], *names[1]]
