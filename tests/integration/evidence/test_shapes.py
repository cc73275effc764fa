"""Answers of the sandbox's ECS have the shapes of botocore's model: no member that AWS has not, and of its type."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import botocore.session
import pytest
import requests
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape

from tests.support.conformance import drive
from tests.support.evidence import timelines
from tests.support.live_ecs import LiveEcs

MODEL = botocore.session.get_session().get_service_model("ecs")
TIMELINES = {timeline.name: timeline for timeline in timelines()}
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "double": (int, float),
    "float": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float),
}


def misfits(value: Any, shape: Shape, path: str = "") -> Iterable[str]:
    """Where a JSON answer is not of its shape."""
    if isinstance(shape, StructureShape):
        if not isinstance(value, dict):
            yield f"{path} is no object"
            return
        for name, member in value.items():
            if name not in shape.members:
                yield f"{path}.{name} is not in {shape.name}"
            else:
                yield from misfits(member, shape.members[name], f"{path}.{name}")
        yield from (f"{path}.{name} is missing" for name in shape.required_members if name not in value)
    elif isinstance(shape, ListShape):
        for index, item in enumerate(value):
            yield from misfits(item, shape.member, f"{path}[{index}]")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from misfits(item, shape.value, f"{path}.{key}")
    elif not isinstance(value, TYPES[shape.type_name]) or (isinstance(value, bool) and shape.type_name != "boolean"):
        yield f"{path} is {value!r}, not a {shape.type_name}"
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{path} is {value!r}, not one of {shape.enum}"


def call(ecs: LiveEcs, operation: str, **request: Any) -> Any:
    """The JSON that the sandbox answers, checked against the output shape."""
    headers = {
        "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ecs/aws4_request, Signature=a",
    }
    answer = requests.post(ecs.url, json=request, headers=headers, timeout=20)
    assert answer.status_code == 200, answer.text
    assert not list(misfits(answer.json(), MODEL.operation_model(operation).output_shape)), operation
    return answer.json()


@pytest.mark.parametrize("name", ["succeeds", "breaker-trips-polled", "alarm-rolls-back", "paused-and-continued"])
def test_every_answer_has_its_shape_when_a_deployment_ended(sandbox: str, name: str) -> None:
    ecs = LiveEcs(sandbox)
    drive(ecs, TIMELINES[name])
    service = call(ecs, "DescribeServices", cluster=ecs.name, services=["app"])["services"][0]
    current = service["currentServiceDeployment"]
    briefs = call(ecs, "ListServiceDeployments", cluster=ecs.name, service="app")["serviceDeployments"]
    assert briefs[0]["serviceDeploymentArn"] == current
    assert len(briefs) == 2
    described = call(ecs, "DescribeServiceDeployments", serviceDeploymentArns=[current])["serviceDeployments"][0]
    assert described["status"] == briefs[0]["status"]
    revisions = call(
        ecs, "DescribeServiceRevisions", serviceRevisionArns=[described["targetServiceRevision"]["arn"], "arn:none"]
    )
    assert revisions["serviceRevisions"][0]["containerImages"][0]["containerName"] == "app"
    assert revisions["failures"] == [{"arn": "arn:none", "reason": "MISSING"}]
    updated = call(ecs, "UpdateService", cluster=ecs.name, service="app", forceNewDeployment=True)["service"]
    assert updated["deployments"][0]["desiredCount"] == 0


def test_a_rolled_back_deployment_says_why_in_its_shape(sandbox: str) -> None:
    ecs = LiveEcs(sandbox)
    drive(ecs, TIMELINES["breaker-trips-polled"])
    time.sleep(2)
    current = call(ecs, "DescribeServices", cluster=ecs.name, services=["app"])["services"][0][
        "currentServiceDeployment"
    ]
    described = call(ecs, "DescribeServiceDeployments", serviceDeploymentArns=[current])["serviceDeployments"][0]
    assert described["status"] == "ROLLBACK_SUCCESSFUL"
    assert described["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    assert described["rollback"]["serviceRevisionArn"] == described["sourceServiceRevisions"][0]["arn"]


def test_protection_is_kept_until_it_is_lifted_and_only_for_a_services_tasks(sandbox: str) -> None:
    ecs = LiveEcs(sandbox)
    ecs.start(TIMELINES["succeeds"].setup)
    task = ecs.client("ecs").list_tasks(cluster=ecs.name, serviceName="app")["taskArns"][0]
    asked = {"cluster": ecs.name, "tasks": [task, "arn:none"]}
    protected = call(ecs, "UpdateTaskProtection", **asked, protectionEnabled=True, expiresInMinutes=60)
    assert protected["failures"] == [{"arn": "arn:none", "reason": "MISSING"}]
    assert protected["protectedTasks"][0]["expirationDate"] > time.time() + 3500
    assert call(ecs, "GetTaskProtection", **asked)["protectedTasks"] == protected["protectedTasks"]
    definition = ecs.client("ecs").describe_services(cluster=ecs.name, services=["app"])["services"][0][
        "taskDefinition"
    ]
    alone = call(ecs, "RunTask", cluster=ecs.name, taskDefinition=definition)["tasks"][0]["taskArn"]
    refused = call(ecs, "UpdateTaskProtection", cluster=ecs.name, tasks=[alone], protectionEnabled=True)
    assert refused["failures"] == [{"arn": alone, "reason": "TASK_NOT_VALID"}]
    call(ecs, "UpdateTaskProtection", cluster=ecs.name, tasks=[task], protectionEnabled=False)
    assert call(ecs, "GetTaskProtection", cluster=ecs.name, tasks=[task])["protectedTasks"] == [
        {"taskArn": task, "protectionEnabled": False}
    ]


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("stop_service_deployment", {"serviceDeploymentArn": "arn:none"}, "ServiceDeploymentNotFoundException"),
        ("stop_service_deployment", {"serviceDeploymentArn": "CURRENT"}, "ConflictException"),
        ("stop_service_deployment", {"serviceDeploymentArn": "a", "stopType": "ABORT"}, "InvalidParameterException"),
        ("describe_service_deployments", {"serviceDeploymentArns": ["a"] * 21}, "InvalidParameterException"),
        ("list_service_deployments", {"service": "none", "cluster": "none"}, "ServiceNotFoundException"),
    ],
)
def test_an_error_of_the_calls_model_is_answered_when_it_cannot_be_done(
    sandbox: str, operation: str, request_: dict[str, Any], code: str
) -> None:
    ecs = LiveEcs(sandbox)
    if "CURRENT" in request_.values():
        drive(ecs, TIMELINES["succeeds"])
        service = ecs.client("ecs").describe_services(cluster=ecs.name, services=["app"])["services"][0]
        request_ = {"serviceDeploymentArn": service["currentServiceDeployment"]}
    with pytest.raises(ClientError) as caught:
        getattr(ecs.client("ecs"), operation)(**request_)
    assert caught.value.response["Error"]["Code"] == code
    shapes = MODEL.operation_model("".join(part.title() for part in operation.split("_"))).error_shapes
    assert code in {shape.name for shape in shapes}
