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


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {"Statement": list(statements)}}}


FAMILY = "arn:aws:ecs:us-east-1:1:task-definition"


@pytest.mark.parametrize(
    ("resource", "any_family"),
    [
        (f"{FAMILY}/shop-app:*", False),
        ([f"{FAMILY}/shop-app:*", f"{FAMILY}/shop-worker:*"], False),
        ({"Fn::Sub": "arn:${AWS::Partition}:ecs:*:*:task-definition/${Cluster}-app:*"}, False),
        ("*", True),
        (f"{FAMILY}/*", True),
        ([f"{FAMILY}/shop-app:*", {"Fn::Sub": "arn:${AWS::Partition}:ecs:*:*:task-definition/*"}], True),
    ],
)
def test_a_role_registers_revisions_of_named_families(resource: Any, any_family: bool) -> None:
    statement = {"Effect": "Allow", "Action": "ecs:RegisterTaskDefinition", "Resource": resource}
    assert any("any family" in text for text in told(P=policy(statement))) is any_family
    assert not any("any family" in text for text in told(P=policy({**statement, "Action": "ecs:RunTask"})))


SETUP = [f"iam:{name}" for name in ("CreateVirtualMFADevice", "EnableMFADevice", "ResyncMFADevice")]
LOOK = ["iam:ListMFADevices", "iam:ListVirtualMFADevices"]


def forced(*allowed: str, **more: Any) -> dict[str, Any]:
    condition = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    return {"Effect": "Deny", "NotAction": list(allowed), "Resource": "*", "Condition": condition, **more}


MAKE = {"Effect": "Allow", "Action": "iam:CreateVirtualMFADevice"}


@pytest.mark.parametrize(
    ("statements", "locked_out"),
    [
        ([forced(*SETUP, *LOOK)], ""),
        ([forced("iam:*MFADevice*", "sts:GetSessionToken")], ""),
        ([forced(*SETUP)], "iam:ListMFADevices, iam:ListVirtualMFADevices is denied"),
        ([forced(*SETUP, LOOK[0])], "iam:ListVirtualMFADevices is denied"),
        ([forced(*SETUP, Condition={"Bool": {"aws:SecureTransport": "false"}})], ""),
        ([forced(*SETUP, *LOOK), {**MAKE, "Resource": "arn:aws:iam::*:mfa/*"}], ""),
        ([forced(*SETUP, *LOOK), {**MAKE, "Resource": {"Ref": "Nobody"}}], ""),
        ([forced(*SETUP, *LOOK), {**MAKE, "Resource": "arn:aws:iam::1:mfa/${aws:username}"}], "one name only"),
        ([{**MAKE, "Resource": "arn:aws:iam::1:mfa/${aws:username}"}], ""),
        ([forced(Action="s3:*") | {"NotAction": None}], "is denied"),
    ],
)
def test_who_must_use_mfa_can_set_it_up(statements: list[dict[str, Any]], locked_out: str) -> None:
    texts = [text for text in told(P=policy(*statements)) if "MFA" in text]
    assert bool(texts) is bool(locked_out)
    assert not texts or locked_out in texts[0]


def alarm(metric: str, dimension: str, value: Any, *, math: bool = False) -> dict[str, Any]:
    what = {"MetricName": metric, "Dimensions": [{"Name": dimension, "Value": value}, {"Name": "Other"}]}
    properties = {"Metrics": [{"Expression": "a"}, {"MetricStat": {"Metric": what}}]} if math else what
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmActions": ["topic"], **properties}}


MACHINE: dict[str, Any] = {"Type": "AWS::StepFunctions::StateMachine"}
ENDS = ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted")


@pytest.mark.parametrize(
    ("metrics", "math", "silent"),
    [
        (ENDS, False, ""),
        (ENDS, True, ""),
        (ENDS[:1], False, "ExecutionsTimedOut or ExecutionsAborted"),
        (ENDS[:2], True, "by ExecutionsAborted"),
        (("ExecutionTime",), False, ""),
        ((), False, ""),
    ],
)
def test_every_end_of_a_run_is_watched_when_one_is(metrics: tuple[str, ...], math: bool, silent: str) -> None:
    alarms: dict[str, Any] = {
        metric: alarm(metric, "StateMachineArn", {"Ref": "Machine"}, math=math) for metric in metrics
    }
    texts = [text for text in told(Machine=MACHINE, **alarms) if "no alarm goes off" in text]
    assert (silent in "".join(texts)) if silent else texts == []


@pytest.mark.parametrize(("nodes", "watched", "silent"), [(2, 2, False), (2, 1, True), (1, 1, False), (3, 2, True)])
def test_every_node_of_redis_is_watched_when_one_is(nodes: int, watched: int, silent: bool) -> None:
    redis = {"Type": "AWS::ElastiCache::ReplicationGroup", "Properties": {"NumCacheClusters": nodes}}
    alarms: dict[str, Any] = {
        f"Alarm{node}": alarm("Evictions", "CacheClusterId", {"Fn::Sub": f"${{Redis}}-00{node}"})
        for node in range(1, watched + 1)
    }
    texts = told(Redis=redis, Elsewhere=alarm("Evictions", "CacheClusterId", "another"), **alarms)
    assert any(f"watch {watched} of {nodes} nodes" in text for text in texts) is silent


@pytest.mark.parametrize(
    ("name", "evicts"),
    [
        (None, True),
        ("default.redis7", True),
        ("default.valkey8.cluster.on", True),
        ("of-our-own", False),
        ({"Ref": "Nobody"}, False),
        ({"Ref": "Keeps"}, False),
        ({"Ref": "Evicts"}, True),
        ({"Ref": "Empty"}, True),
        ({"Ref": "Chosen"}, False),
    ],
)
def test_redis_evicts_nothing_when_its_parameters_say_so(name: Any, evicts: bool) -> None:
    def group(**parameters: Any) -> dict[str, Any]:
        return {"Type": "AWS::ElastiCache::ParameterGroup", "Properties": {"Properties": parameters}}

    properties = {} if name is None else {"CacheParameterGroupName": name}
    texts = told(
        Redis={"Type": "AWS::ElastiCache::ReplicationGroup", "Properties": properties},
        Keeps=group(**{"maxmemory-policy": "noeviction"}),
        Evicts=group(**{"maxmemory-policy": "volatile-lru"}),
        Chosen=group(**{"maxmemory-policy": {"Ref": "Nobody"}}),
        Empty=group(),
    )
    assert any("a job queue loses jobs" in text for text in texts) is evicts


@pytest.mark.parametrize(
    ("properties", "refused"),
    [
        ({"DBSnapshotIdentifier": "s"}, ""),
        ({"DBSnapshotIdentifier": "", "MasterUsername": "app"}, ""),
        ({"MasterUsername": "app", "DBName": "app", "StorageEncrypted": True}, ""),
        ({"DBSnapshotIdentifier": "s", "MasterUsername": "app"}, "MasterUsername"),
        ({"DBSnapshotIdentifier": {"Ref": "Nobody"}, "DBName": "app", "KmsKeyId": "k"}, "DBName, KmsKeyId"),
    ],
)
def test_a_restored_database_brings_its_own(properties: dict[str, Any], refused: str) -> None:
    database = {"Type": "AWS::RDS::DBInstance", "Properties": properties}
    texts = [text for text in told(D=database) if "restored from a snapshot" in text]
    assert (refused in "".join(texts)) if refused else texts == []
