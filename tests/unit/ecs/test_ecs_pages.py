"""A service with more tasks than one answer names; botocore's Stubber judges by AWS's own service model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from deploytool.ecs.client import Ecs, ServerTime

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


def answer(date: str | None) -> dict[str, Any]:
    return {"ResponseMetadata": {"HTTPHeaders": {"date": date} if date else {}}}


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_the_time_is_this_machines_when_aws_did_not_say_its_own(date: str | None) -> None:
    server = ServerTime()
    server.learn(answer(date))
    server.learn({})
    assert abs((server.now() - datetime.now(UTC)).total_seconds()) < 5


def test_the_time_is_that_of_aws_when_this_machines_clock_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: seconds)
    server = ServerTime()
    said = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    server.learn(answer("Fri, 02 Jan 2026 03:04:05 GMT"))
    assert server.now() == said
    seconds += 10.75
    server.learn(answer("Fri, 02 Jan 2026 03:04:15 GMT"))  # has whole seconds: what is known already is later
    assert server.now() == said + timedelta(seconds=10.75)
    seconds += 0.25
    server.learn(answer("Fri, 02 Jan 2026 03:04:17 GMT"))
    assert server.now() == said + timedelta(seconds=12)
