"""Templates of others: what a check says, and where it says nothing since nobody can tell."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.infra.checks import find_faults
from deploytool.infra.checks.model import template_set


def told(*, stack: str = "s", **resources: Any) -> list[str]:
    """What all checks say of one stack."""
    return [str(each) for each in find_faults({stack: {"Resources": resources}}, {})]


def task(**container: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::ECS::TaskDefinition",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "ContainerDefinitions": [{"Name": "app", **container}],
        },
    }


def role(*statements: dict[str, Any]) -> dict[str, Any]:
    policies = [{"PolicyDocument": {"Statement": list(statements)}}]
    return {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies}}


def secret(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SecretsManager::Secret", "Properties": properties}


def from_secret(key: str) -> list[dict[str, Any]]:
    return [{"Name": "PASSWORD", "ValueFrom": {"Fn::Sub": [f"${{Arn}}{key}", {"Arn": {"Ref": "Secret"}}]}}]


READS = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": {"Ref": "Secret"}}
GENERATED = {"SecretStringTemplate": '{"username": "app"}', "GenerateStringKey": "password"}


@pytest.mark.parametrize(
    ("properties", "key", "lacks"),
    [
        ({"SecretString": '{"password": "x"}'}, ":password::", ""),
        ({"SecretString": '{"password": "x"}'}, ":pasword::", "password"),
        ({"SecretString": '{"password": "x"}'}, "", ""),
        ({"SecretString": "no JSON"}, ":password::", ""),
        ({"SecretString": "[1]"}, ":password::", ""),
        ({"GenerateSecretString": GENERATED}, ":password::", ""),
        ({"GenerateSecretString": GENERATED}, ":pasword::", "password, username"),
        ({"GenerateSecretString": {**GENERATED, "SecretStringTemplate": "{"}}, ":pasword::", ""),
        ({"GenerateSecretString": {"PasswordLength": 32}}, ":password::", ""),
    ],
)
def test_a_key_is_missed_only_where_the_keys_can_be_told(properties: dict[str, Any], key: str, lacks: str) -> None:
    said = told(Secret=secret(**properties), Task=task(Secrets=from_secret(key)), Role=role(READS))
    said_of_key = f"PASSWORD is key pasword of a secret that has {lacks}; use an existing key"
    assert said == ([f"s.Task: container app: {said_of_key}"] if lacks else [])


def test_a_secret_of_elsewhere_is_not_judged() -> None:
    plain = [{"Name": "KEY", "ValueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:key-x1"}]
    assert told(Task=task(Secrets=plain), Role=role(READS)) == []


def test_a_role_of_elsewhere_is_not_judged() -> None:
    elsewhere = task(Secrets=from_secret(":password::"))
    elsewhere["Properties"]["ExecutionRoleArn"] = "arn:aws:iam::123456789012:role/elsewhere"
    assert told(Secret=secret(SecretString='{"password": "x"}'), Task=elsewhere) == []


def test_an_image_that_a_parameter_names_is_not_judged() -> None:
    assert told(Task=task(Image={"Ref": "Image"})) == []


def test_a_table_of_another_kind_is_nobodys_ledger() -> None:
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    assert told(Table={"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": keys}}) == []


def test_a_service_whose_task_definition_is_elsewhere_is_not_asked_for_its_port() -> None:
    service = {
        "Type": "AWS::ECS::Service",
        "Properties": {
            "TaskDefinition": "shop-app",
            "LoadBalancers": [{"ContainerName": "app", "ContainerPort": 80, "TargetGroupArn": "arn:…"}],
            "DeploymentConfiguration": {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}},
        },
    }
    assert told(Service=service) == []


def test_numbers_that_nobody_can_tell_are_not_judged() -> None:
    size = task()
    size["Properties"] |= {"Cpu": {"Ref": "Cpu"}, "Memory": "512"}
    target = {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {"MinCapacity": {"Ref": "Min"}, "MaxCapacity": 10},
    }
    assert told(Task=size, Target=target) == []


def test_a_cpu_that_fargate_does_not_have_is_told_with_those_that_it_has() -> None:
    odd = task()
    odd["Properties"] |= {"Cpu": "300", "Memory": "512"}
    assert told(Task=odd) == ["s.Task: Fargate has no task of 300 CPU units with 512 MiB; use 256, 512, 1024, 2048, …"]


def test_all_but_a_few_actions_is_everything() -> None:
    assert told(Role=role({"Effect": "Allow", "NotAction": ["iam:CreateUser"], "Resource": "*"})) == [
        "s.Role: it allows everything but a few actions; name each action"
    ]


def test_a_role_may_be_passed_to_one_service_only() -> None:
    passes = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::123456789012:role/app"}
    assert told(Role=role(passes)) == [
        "s.Role: it may pass its roles to any service; name the roles, and the service under iam:PassedToService"
    ]


def test_an_import_leads_to_the_resource_of_the_other_stack() -> None:
    templates: dict[str, dict[str, Any]] = {
        "network": {
            "Resources": {"A": {"Type": "AWS::EC2::Subnet"}, "B": {"Type": "AWS::EC2::Subnet"}},
            "Outputs": {
                "Subnets": {"Value": {"Fn::Join": [",", [{"Ref": "A"}, {"Ref": "B"}]]}, "Export": {"Name": "Subnets"}},
                "Plain": {"Value": "x"},
                "Handed": {"Value": {"Fn::ImportValue": "Elsewhere"}, "Export": {"Name": {"Ref": "Unknown"}}},
            },
        },
        "data": {"Resources": {}},
    }
    cloud = template_set(templates, {})
    found = cloud.targets("data", {"Fn::Split": [",", {"Fn::ImportValue": "Subnets"}]})
    assert [each.name for each in found] == ["A", "B"]
    assert cloud.targets("data", {"Fn::ImportValue": "Nobody's"}) == ()
    assert cloud.target("network", {"Fn::Sub": ["${A}/x", {}]}) is cloud.get("network", "A")
    assert [(each.where, each.export) for each in cloud.imports] == [("Handed", "Elsewhere")]


def test_a_resource_whose_condition_does_not_hold_is_not_there() -> None:
    document = {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}, "Perhaps": {"Fn::Equals": [{"Ref": "X"}, "b"]}},
        "Resources": {
            "Not": {"Type": "AWS::EC2::VPC", "Condition": "Never"},
            "May": {"Type": "AWS::EC2::VPC", "Condition": "Perhaps"},
        },
    }
    assert [each.name for each in template_set({"s": document}, {}).resources] == ["May"]
