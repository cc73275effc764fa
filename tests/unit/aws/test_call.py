"""Calls to AWS: what a refusal becomes, and reading by pages and in batches."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from deploytool.aws.call import batches, call_once, is_retryable, note_unknown_fields, paginate, translated
from deploytool.errors import CloudError, PermissionMissing


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("ecs", "update_service", "ecs:UpdateService"),
        ("elbv2", "describe_target_health", "elasticloadbalancing:DescribeTargetHealth"),
        ("logs", "describe_log_groups", "logs:DescribeLogGroups"),
        ("cloudwatch", "describe_alarms", "cloudwatch:DescribeAlarms"),
        ("secretsmanager", "describe_secret", "secretsmanager:DescribeSecret"),
        ("application-autoscaling", "describe_scalable_targets", "application-autoscaling:DescribeScalableTargets"),
    ],
)
def test_the_action_is_called_as_a_policy_calls_it_when_the_answer_does_not_name_it(
    service: str, operation: str, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = boto3.client(service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")

    def refused(**_: object) -> object:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)

    monkeypatch.setattr(client, operation, refused)
    with pytest.raises(PermissionMissing) as caught:
        call_once(client, operation)
    assert caught.value.statement["Action"] == action


SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/shop/app"
USER = (
    "User: arn:aws:sts::123456789012:assumed-role/ci/x is not authorized to perform: ecs:UpdateService on resource: "
    + SERVICE
)


@pytest.mark.parametrize(
    ("tail", "denied_by"),
    [
        ("with an explicit deny in a service control policy", "a service control policy"),
        ("with an explicit deny in a service control policy: arn:aws:organizations::1:p/1", "a service control policy"),
        ("with an explicit deny in an identity-based policy", "an identity-based policy"),
        ("with an explicit deny in a permissions boundary", "a permissions boundary"),
        ("with an explicit deny", "a policy"),
        ("because no identity-based policy allows the ecs:UpdateService action", ""),
    ],
)
def test_an_allow_statement_is_only_proposed_when_it_can_help(tail: str, denied_by: str) -> None:
    error = ClientError({"Error": {"Code": "AccessDeniedException", "Message": f"{USER} {tail}"}}, "UpdateService")
    failure = translated(error, "ecs:UpdateService")
    assert isinstance(failure, PermissionMissing)
    assert (failure.denied_by, failure.action, failure.resource) == (denied_by, "ecs:UpdateService", SERVICE)
    assert ("add this statement" in failure.fix) is not bool(denied_by)
    assert bool(failure.statement) is not bool(denied_by)


@pytest.mark.parametrize(
    ("code", "message", "again"),
    [
        ("InvalidParameterException", "Error retrieving subnet information: (ErrorCode: RequestLimitExceeded)", True),
        ("InvalidParameterException", "Error retrieving subnet information for [x]: it does not exist", False),
        ("ThrottlingException", "Rate exceeded", True),
        ("ClientException", "TaskDefinition is inactive", False),
        ("AccessDeniedException", "Rate exceeded is not authorized", False),
    ],
)
def test_a_call_is_tried_again_when_aws_throttled_it_whatever_the_code(code: str, message: str, again: bool) -> None:
    error = ClientError({"Error": {"Code": code, "Message": message}}, "RunTask")
    assert is_retryable(error) is again


def _answering(service: str, operation: str, *answers: dict[str, Any]) -> tuple[Any, list[dict[str, Any]]]:
    client = boto3.client(service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    asked: list[dict[str, Any]] = []

    def answer(**parameters: Any) -> dict[str, Any]:
        asked.append(parameters)
        return answers[min(len(asked), len(answers)) - 1]

    setattr(client, operation, answer)
    return client, asked


@pytest.mark.parametrize(
    ("service", "operation", "key", "answers", "next_parameters"),
    [
        (
            "ecs",
            "list_tasks",
            "taskArns",
            [{"taskArns": ["a", "b"], "nextToken": "t"}, {"taskArns": ["c"]}],
            {"nextToken": "t"},
        ),
        (
            "cloudformation",
            "list_exports",
            "Exports",
            [{"Exports": ["a", "b"], "NextToken": "t"}, {"Exports": ["c"]}],
            {"NextToken": "t"},
        ),
        (
            "rds",
            "describe_db_instances",
            "DBInstances",
            [{"DBInstances": ["a", "b"], "Marker": "m"}, {"DBInstances": ["c"]}],
            {"Marker": "m"},
        ),
        (
            "iam",
            "list_roles",
            "Roles",
            [
                {"Roles": ["a", "b"], "IsTruncated": True, "Marker": "m"},
                {"Roles": ["c"], "IsTruncated": False, "Marker": "x"},
            ],
            {"Marker": "m"},
        ),
        (
            "route53",
            "list_resource_record_sets",
            "ResourceRecordSets",
            [
                {
                    "ResourceRecordSets": ["a", "b"],
                    "IsTruncated": True,
                    "NextRecordName": "shop.example.",
                    "NextRecordType": "A",
                },
                {"ResourceRecordSets": ["c"], "IsTruncated": False},
            ],
            {"StartRecordName": "shop.example.", "StartRecordType": "A"},
        ),
        (
            "cloudfront",
            "list_distributions",
            "DistributionList.Items",
            [
                {"DistributionList": {"Items": ["a", "b"], "IsTruncated": True, "Marker": "", "NextMarker": "m"}},
                {"DistributionList": {"Items": ["c"], "IsTruncated": False, "Marker": "m"}},
            ],
            {"Marker": "m"},
        ),
    ],
)
def test_every_page_is_read_when_the_answer_names_a_next_one(
    service: str, operation: str, key: str, answers: list[dict[str, Any]], next_parameters: dict[str, str]
) -> None:
    client, asked = _answering(service, operation, *answers)
    assert list(paginate(client, operation, key, Of="x")) == ["a", "b", "c"]
    assert asked == [{"Of": "x"}, {"Of": "x", **next_parameters}]


def test_a_page_is_not_read_when_its_items_are_not_needed() -> None:
    client, asked = _answering("ecs", "list_tasks", {"taskArns": ["a", "b"], "nextToken": "t"}, {"taskArns": ["c"]})
    assert next(paginate(client, "list_tasks", "taskArns")) == "a"
    assert len(asked) == 1


def test_nothing_is_listed_when_the_answer_leaves_its_list_out() -> None:
    client, _ = _answering("cloudfront", "list_distributions", {"DistributionList": {"IsTruncated": False}})
    assert list(paginate(client, "list_distributions", "DistributionList.Items")) == []


def test_reading_ends_when_the_same_page_is_returned_twice() -> None:
    client, _ = _answering("ecs", "list_tasks", {"taskArns": ["a"], "nextToken": "t"})
    with pytest.raises(CloudError, match="ecs:ListTasks returned the same page twice"):
        list(paginate(client, "list_tasks", "taskArns"))


def test_items_are_split_in_their_order_when_one_call_takes_fewer() -> None:
    assert list(batches("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(batches([], 2)) == []


def test_values_stay_out_of_the_message_when_botocore_refuses_the_parameters() -> None:
    client = boto3.client("ecs", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    container = {"environment": [{"name": "PIN", "value": 481516}], "command": "npm start\nsecond", "zz": 1}
    with pytest.raises(CloudError) as caught:
        call_once(client, "register_task_definition", family="f", containerDefinitions=[container], tags=[{"key": 7}])
    assert caught.value.cause == (
        "ecs:RegisterTaskDefinition does not accept containerDefinitions[0], "
        "containerDefinitions[0].environment[0].value, containerDefinitions[0].command, tags[0].key"
    )
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("container", "names"),
    [
        ({"name": "app"}, []),
        ({"quantumCores": 3}, ["taskDefinition.containerDefinitions[0].quantumCores"]),
        ({"portMappings": [{"containerPort": 1, "lane": "x"}]},
         ["taskDefinition.containerDefinitions[0].portMappings[0].lane"]),
        ({"quantum": False, "list": [], "text": "", "none": None, "zero": 0, "map": {}}, []),
        ({"dockerLabels": {"any": "x"}, "environment": "odd"}, []),
    ],
)  # fmt: skip
def test_fields_are_named_when_ecs_answers_what_botocore_does_not_know(container: Any, names: list[str]) -> None:
    client = boto3.client("ecs", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    answer: dict[str, Any] = {}
    note_unknown_fields(
        client.meta.service_model.operation_model("DescribeTaskDefinition"),
        {"body": json.dumps({"taskDefinition": {"containerDefinitions": [container]}}).encode()},
        answer,
    )
    assert answer == {"unknownFields": names}


def test_nothing_is_noted_when_the_answer_is_not_json() -> None:
    answer: dict[str, Any] = {}
    note_unknown_fields(None, {"body": b"<html>"}, answer)
    assert answer == {}
