"""CloudFormation's answers as its own service model allows them: no optional field is taken for granted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.model import Shape

from deploytool.aws.call import AnswerIncomplete, call
from deploytool.errors import CloudError
from deploytool.infra.change_set import ChangeSet, ChangeSetRequest
from deploytool.infra.client import ChangeSets, Drift, Stacks, unprotect
from deploytool.infra.failures import ValidationError
from deploytool.infra.parameters import NO_PARAMETERS
from deploytool.infra.plan import StackResource

ARN = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/deploytool-1/a"
SAMPLES = {"string": "x", "timestamp": datetime(2026, 11, 30, tzinfo=UTC), "boolean": True, "integer": 1, "long": 1}


def least(shape: Shape, *, filled: bool) -> Any:
    """An answer with the required members alone; ``filled``: one item in each list, and the lists themselves."""
    match shape.type_name:
        case "structure":
            names = set(shape.required_members)
            members: dict[str, Shape] = shape.members
            lists = {name for name, inner in members.items() if inner.type_name == "list" and filled}
            return {name: least(members[name], filled=filled) for name in names | lists}
        case "list":
            return [least(shape.member, filled=False)] if filled else []
        case "map":
            return {}
        case kind:
            return SAMPLES[kind]


class Account:
    """A session whose clients answer with ``answers`` by operation, else with as little as their model allows."""

    def __init__(self, answers: dict[str, list[dict[str, Any]]] | None = None, *, filled: bool = True) -> None:
        self.answers = answers or {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._filled = filled

    def client(self, service: str) -> Any:
        client: Any = boto3.client(service, "us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")

        def answer(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            self.asked.append((operation, parameters))
            if self.answers.get(operation):
                return self.answers[operation].pop(0)
            shape = client.meta.service_model.operation_model(operation).output_shape
            return least(shape, filled=self._filled) if shape else {}

        client._make_api_call = answer
        return client


REQUEST = ChangeSetRequest("shop", "UPDATE", "deploytool-1", "{}", NO_PARAMETERS)
CALLS: dict[str, Callable[[Any], object]] = {
    "describe": lambda account: Stacks(account).describe("shop"),
    "names": lambda account: Stacks(account).names(),
    "held": lambda account: Stacks(account).held("shop"),
    "exports": lambda account: Stacks(account).exports(),
    "policy": lambda account: Stacks(account).policy("shop"),
    "set_policy": lambda account: Stacks(account).set_policy("shop", "{}"),
    "protect": lambda account: Stacks(account).set_termination_protection("shop", on=True),
    "delete stack": lambda account: Stacks(account).delete("arn", "token"),
    "last_event": lambda account: Stacks(account).last_event("shop"),
    "events": lambda account: Stacks(account).events("shop", ""),
    "errors of a stack": lambda account: Stacks(account).validation_errors("shop"),
    "now": lambda account: Stacks(account).now(),
    "create": lambda account: ChangeSets(account).create(REQUEST),
    "read": lambda account: ChangeSets(account).read(ARN),
    "errors of a change set": lambda account: ChangeSets(account).validation_errors(ARN),
    "listed": lambda account: ChangeSets(account).listed("shop"),
    "delete change set": lambda account: ChangeSets(account).delete(ARN),
    "execute": lambda account: ChangeSets(account).execute(ChangeSet(ARN, "arn", "CREATE_COMPLETE"), "token"),
    "begin": lambda account: Drift(account).begin("shop"),
    "state": lambda account: Drift(account).state("id"),
    "drifted": lambda account: Drift(account).drifted("shop"),
    "unprotect a database": lambda account: unprotect(account, StackResource("D", "AWS::RDS::DBInstance", "", "d")),
    "unprotect a balancer": lambda account: unprotect(
        account, StackResource("L", "AWS::ElasticLoadBalancingV2::LoadBalancer", "", "l")
    ),
}


@pytest.mark.parametrize("filled", [True, False], ids=["one item in each list", "no lists"])
@pytest.mark.parametrize("name", CALLS)
def test_an_answer_is_read_or_refused_in_words_when_it_has_no_more_than_its_model_requires(
    name: str, filled: bool
) -> None:
    refused = ""
    try:
        CALLS[name](Account(filled=filled))
    except CloudError as error:
        refused = error.cause
    assert " answered without " in refused or not refused


def test_a_change_set_without_its_time_of_creation_is_listed() -> None:
    account = Account({"ListChangeSets": [{"Summaries": [{"ChangeSetId": ARN, "ChangeSetName": "deploytool-1"}, {}]}]})
    (listed,) = ChangeSets(account).listed("shop")  # type: ignore[arg-type]  # a session of stubbed clients
    assert (listed.arn, listed.name, listed.made_at) == (ARN, "deploytool-1", None)


def test_a_field_that_is_missing_deep_in_an_answer_is_named() -> None:
    account = Account({"DescribeStacks": [{"Stacks": [{"Tags": [{"Key": "app"}]}]}]})
    answer = call(account.client("cloudformation"), "describe_stacks")
    with pytest.raises(AnswerIncomplete) as missing:
        answer["Stacks"][0]["Tags"][0]["Value"]
    assert missing.value.cause == "cloudformation:DescribeStacks answered without Value"
    assert answer["Stacks"][0].get("StackName") is None


# https://github.com/aws/aws-cdk-cli/pull/1463 and https://github.com/aws-cloudformation/rain/pull/744
CONFLICT = {
    "EventType": "VALIDATION_ERROR",
    "OperationId": "2",
    "LogicalResourceId": "Store",
    "ValidationFailureMode": "FAIL",
    "ValidationName": "NAME_CONFLICT_VALIDATION",
    "ValidationPath": "/Resources/Store",
    "ValidationStatusReason": "Resource of type 'AWS::S3::Bucket' with identifier 'x' already exists.",
}
REQUIRED = {**CONFLICT, "LogicalResourceId": "Role", "ValidationStatusReason": "Required property [A] not found"}
HOOK = {
    "EventType": "HOOK_INVOCATION_ERROR",
    "OperationId": "2",
    "LogicalResourceId": "Queue",
    "HookFailureMode": "FAIL",
    "HookStatusReason": "not encrypted",
}


@pytest.mark.parametrize("of", ["a stack", "a change set"])
def test_every_fault_on_every_page_is_read_when_cloudformation_refuses(of: str) -> None:
    pages: list[dict[str, Any]] = [
        {"OperationEvents": [{**CONFLICT, "ValidationFailureMode": "WARN"}, CONFLICT], "NextToken": "more"},
        {"OperationEvents": [REQUIRED, {"EventType": "STACK_EVENT"}], "NextToken": "most"},
        {"OperationEvents": [HOOK, {**HOOK, "HookFailureMode": "WARN"}, {**REQUIRED, "OperationId": "1"}]},
    ]
    account: Any = Account({"DescribeEvents": pages})
    if of == "a stack":
        errors, named = Stacks(account).validation_errors("arn:stack"), {"StackName": "arn:stack"}
    else:
        errors, named = ChangeSets(account).validation_errors(ARN), {"ChangeSetName": ARN}
    assert errors == (
        ValidationError("Store", "/Resources/Store", str(CONFLICT["ValidationStatusReason"])),
        ValidationError("Role", "/Resources/Store", "Required property [A] not found"),
        ValidationError("Queue", "", "not encrypted"),
    )
    asked = [parameters for _, parameters in account.asked]
    assert asked[0] == {**named, "Filters": {"FailedEvents": True}}
    assert [parameters.get("NextToken") for parameters in asked] == [None, "more", "most"]
