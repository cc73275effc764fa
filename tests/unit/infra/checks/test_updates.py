"""What a change, a failed creation, another region or a deletion would do: where it is said, and where it is not."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.infra.checks import find_faults
from deploytool.infra.checks.updates import REGIONS

LIST = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "SourcePrefixListId": "pl-1"}
PARAMETERS = {"Port": {"Type": "Number", "Default": 3000}, "Key": {"Type": "String", "Default": ""}}


def document(outputs: dict[str, Any] | None = None, **resources: Any) -> dict[str, Any]:
    named = {"App": {"Type": "String", "Default": "shop"}, "Environment": {"Type": "String", "Default": "production"}}
    return {
        "Parameters": {**named, **PARAMETERS},
        "Conditions": {"HasKey": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Key"}, ""]}]}},
        "Resources": resources,
        "Outputs": outputs or {},
    }


def faults(*documents: dict[str, Any], region: str = "us-east-1") -> dict[str, str]:
    """By resource or output, what is said of it."""
    stacks = {f"s{number}": each for number, each in enumerate(documents)}
    return {fault.resource: fault.cause for fault in find_faults(stacks, {"AWS::Region": region})}


def group(*rules: Any, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": {"SecurityGroupIngress": list(rules), **more}}


def rule_apart(of: str, **rule: Any) -> dict[str, Any]:
    return {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {"GroupId": {"Ref": of}, **LIST, **rule}}


PLAIN = {"IpProtocol": "tcp", "FromPort": {"Ref": "Port"}, "ToPort": {"Ref": "Port"}, "CidrIp": "10.0.0.0/8"}


@pytest.mark.parametrize(
    ("resources", "refused"),
    [
        ({"G": group(LIST)}, False),
        ({"G": group(LIST, PLAIN)}, False),
        ({"G": group({**LIST, "SourcePrefixListId": {"Fn::If": ["HasKey", {"Ref": "Key"}, "pl-1"]}})}, False),
        ({"G": group({**LIST, "Description": {"Fn::Sub": "From CloudFront to ${App}"}})}, False),
        ({"G": group(LIST), "R": rule_apart("Other")}, False),
        ({"G": group(), "R": rule_apart("G")}, False),
        ({"G": group(LIST, LIST)}, True),
        ({"G": group({**LIST, "FromPort": {"Ref": "Port"}})}, True),
        ({"G": group({**LIST, "Description": {"Fn::If": ["HasKey", "HTTPS", "HTTP"]}})}, True),
        ({"G": group({"Fn::If": ["HasKey", LIST, {**LIST, "FromPort": 80}]})}, True),
        ({"G": group(LIST), "R": rule_apart("G", FromPort=80)}, True),
        ({"G": group(), "R": rule_apart("G"), "S": rule_apart("G", FromPort=80)}, True),
        ({"G": group(), "R": rule_apart("G", ToPort={"Fn::Sub": "${Port}"})}, True),
    ],
)
def test_a_group_has_room_for_one_prefix_list(resources: dict[str, Any], refused: bool) -> None:
    assert ("needs a prefix list twice" in faults(document(**resources)).get("G", "")) is refused


@pytest.mark.parametrize(("name", "known"), [("pl-3b927c52", True), ({"Ref": "Nobody"}, True), ("unknown", False)])
def test_a_prefix_list_has_an_id(name: Any, known: bool) -> None:
    assert (
        "is the id of no prefix list" not in repr(faults(document(G=group({**LIST, "SourcePrefixListId": name}))))
    ) is known


def service(*groups: str, balanced: bool = True, port: Any = 3000) -> dict[str, Any]:
    awsvpc = {"SecurityGroups": [{"Fn::GetAtt": [name, "GroupId"]} for name in groups]}
    properties: dict[str, Any] = {"NetworkConfiguration": {"AwsvpcConfiguration": awsvpc}}
    return {
        "Type": "AWS::ECS::Service",
        "Properties": {**properties, **({"LoadBalancers": [{"ContainerPort": port}]} if balanced else {})},
    }


FROM_BALANCER = {"IpProtocol": "tcp", "SourceSecurityGroupId": {"Ref": "Balancer"}}
BY_PORT = {"FromPort": {"Ref": "Port"}, "ToPort": {"Ref": "Port"}}
ANY_PORT = {"FromPort": 1, "ToPort": 65535}


@pytest.mark.parametrize(
    ("let_in", "let_out", "balanced", "cut_off"),
    [
        (ANY_PORT, ANY_PORT, True, False),
        ({"FromPort": 3000, "ToPort": 3000}, {"FromPort": 3000, "ToPort": 3000}, True, False),
        (BY_PORT, ANY_PORT, True, True),
        (ANY_PORT, BY_PORT, True, True),
        (ANY_PORT, {"FromPort": 1, "ToPort": {"Fn::If": ["HasKey", 80, 90]}}, True, True),
        (BY_PORT, BY_PORT, False, False),
    ],
)
def test_running_tasks_are_cut_off_when_a_rule_follows_the_port(
    let_in: dict[str, Any], let_out: dict[str, Any], balanced: bool, cut_off: bool
) -> None:
    out = {"IpProtocol": "tcp", "CidrIp": "10.0.0.0/16", **let_out}
    resources = {
        "Balancer": group(SecurityGroupEgress=[out]),
        "Tasks": group({**FROM_BALANCER, **let_in}),
        "Service": service("Tasks", balanced=balanced),
    }
    assert any("cuts off the running tasks" in cause for cause in faults(document(**resources)).values()) is cut_off


ONE_PORT = {"FromPort": 3000, "ToPort": 3000}


@pytest.mark.parametrize(
    ("let_out", "cut_off"),
    [
        ([ONE_PORT], True),
        ([ANY_PORT], False),
        ([{"IpProtocol": "-1"}], False),
        ([ONE_PORT, ANY_PORT], False),
        ([], False),
    ],
)
def test_one_port_is_too_few_when_a_parameter_names_it(let_out: list[dict[str, Any]], cut_off: bool) -> None:
    resources = {
        "Balancer": group(
            SecurityGroupEgress=[{"IpProtocol": "tcp", "CidrIp": "10.0.0.0/16", **out} for out in let_out]
        ),
        "Tasks": group({**FROM_BALANCER, **ANY_PORT}),
        "Service": service("Tasks", port={"Ref": "Port"}),
    }
    assert any("cuts off the running tasks" in cause for cause in faults(document(**resources)).values()) is cut_off


DATABASE = {"Type": "AWS::RDS::DBInstance", "Properties": {"DeletionProtection": True}}
TOPIC = {"Type": "AWS::SNS::Topic"}


@pytest.mark.parametrize(
    ("resources", "blocks"),
    [
        ({"D": DATABASE}, False),
        ({"D": DATABASE, "T": TOPIC}, True),
        ({"D": {**DATABASE, "DependsOn": "T"}, "T": TOPIC}, False),
        ({"D": {**DATABASE, "DependsOn": ["T"]}, "T": {**TOPIC, "DependsOn": "U"}, "U": TOPIC}, False),
        ({"D": DATABASE, "T": {**TOPIC, "Properties": {"Name": {"Fn::Sub": "${D.Arn}"}}}}, False),
        ({"D": DATABASE, "T": {**TOPIC, "DependsOn": ["D"]}}, False),
        ({"D": DATABASE, "T": {**TOPIC, "Condition": "HasKey"}}, False),
        ({"D": {**DATABASE, "Properties": {"DeletionProtection": "false"}}, "T": TOPIC}, False),
        ({"D": {"Type": "AWS::RDS::DBCluster", "Properties": {"DeletionProtection": "true"}}, "T": TOPIC}, True),
        ({"D": DATABASE, "T": TOPIC, "U": TOPIC, "V": TOPIC}, True),
        (
            {"D": {**DATABASE, "Metadata": {"Fn::Sub": ["${a}${T}", {"a": {"Ref": "U"}}]}}, "T": TOPIC, "U": TOPIC},
            False,
        ),
    ],
)
def test_a_failed_creation_stops_at_what_is_protected(resources: dict[str, Any], blocks: bool) -> None:
    assert ("blocks the stack" in faults(document(**resources)).get("D", "")) is blocks


def exported(value: Any, name: Any = None) -> dict[str, Any]:
    return {"Out": {"Value": value, "Export": {"Name": name or {"Fn::Sub": "${App}-Key"}}}}


USES = {"T": {**TOPIC, "Properties": {"Name": {"Fn::ImportValue": {"Fn::Sub": "${App}-Key"}}}}}
VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": {"Ref": "Port"}}}


@pytest.mark.parametrize(
    ("outputs", "stuck"),
    [
        (exported({"Ref": "Topic"}), False),
        (exported({"Fn::Sub": "${App}-${Environment}-${AWS::Region}"}), False),
        (exported({"Ref": "Key"}), True),
        (exported({"Ref": "Key"}, "shop-Key"), True),
        (exported({"Ref": "Key"}, {"Fn::Sub": ["${a}-Key", {"a": {"Ref": "App"}}]}), True),
        (exported({"Ref": "Key"}, "shop-Other"), False),
        (exported({"Fn::Sub": "arn:${Key}"}), True),
        (exported({"Fn::Join": [",", ["a", {"Ref": "Key"}]]}), True),
        (exported({"Fn::If": ["HasKey", "a", "b"]}), True),
        (exported({"Fn::If": ["HasKey", "a", "a"]}), False),
        (exported({"Fn::FindInMap": ["M", {"Ref": "Key"}, "a"]}), True),
        (exported({"Ref": "Port"}), False),
        ({"Out": {"Value": {"Ref": "Key"}}}, False),
    ],
)
def test_an_export_that_others_import_is_decided_by_no_parameter(outputs: dict[str, Any], stuck: bool) -> None:
    """The VPC has the value of ``Port``: that export changes with the VPC alone."""
    told = faults(document(outputs, Topic=TOPIC, Vpc=VPC), document(**USES))
    assert ("cannot change while another stack imports it" in told.get("Out", "")) is stuck


def test_an_export_may_change_when_nobody_imports_it() -> None:
    assert "Out" not in faults(document(exported({"Ref": "Key"}), Topic=TOPIC))


def lookup(mapping: str = "M", key: Any = None) -> dict[str, Any]:
    return {"Fn::FindInMap": [mapping, key or {"Ref": "AWS::Region"}, "a"]}


ALL = {region: {"a": "x"} for region in REGIONS}
SOME = {"us-east-1": {"a": "x"}}


@pytest.mark.parametrize(
    ("mapping", "value", "region", "fails"),
    [
        (ALL, {"Fn::If": ["HasKey", "x", lookup()]}, "us-east-1", False),
        (SOME, {"Fn::If": ["HasKey", "x", lookup()]}, "us-east-1", True),
        (SOME, [{"Fn::Sub": ["${a}", {"a": {"Fn::If": ["HasKey", "x", lookup()]}}]}], "us-east-1", True),
        (SOME, lookup(), "us-east-1", False),
        (SOME, lookup(), "eu-west-1", True),
        (SOME, lookup(), "", False),
        (SOME, lookup(key="eu-west-1"), "eu-west-1", False),
        (SOME, lookup("Other"), "eu-west-1", True),
    ],
)
def test_a_lookup_fails_where_its_region_has_no_row(mapping: Any, value: Any, region: str, fails: bool) -> None:
    template = {**document(T={**TOPIC, "Properties": {"Name": value}}), "Mappings": {"M": mapping}}
    assert ("the template fails there" in faults(template, region=region).get("T", "")) is fails


FIRST = {"Fn::Select": [0, {"Fn::GetAZs": ""}]}


@pytest.mark.parametrize(
    ("zone", "fixed"),
    [
        (FIRST, True),
        ({"Fn::Select": ["1", {"Fn::GetAZs": {"Ref": "AWS::Region"}}]}, True),
        ({"Fn::If": ["HasKey", {"Ref": "Key"}, FIRST]}, False),
        ({"Ref": "Key"}, False),
        ("us-east-1a", False),
        (None, False),
    ],
)
def test_zones_can_be_chosen_when_a_parameter_names_them(zone: Any, fixed: bool) -> None:
    subnet = {"Type": "AWS::EC2::Subnet", "Properties": {"AvailabilityZone": zone} if zone else {}}
    told = faults(document(Vpc={"Type": "AWS::EC2::VPC"}, Subnet=subnet))
    assert ("usable or not" in told["Vpc"]) is fixed


@pytest.mark.parametrize(("policy", "lost"), [("Retain", False), ("RetainExceptOnCreate", False), ("Delete", True)])
@pytest.mark.parametrize("type_", ["AWS::IAM::OIDCProvider", "AWS::GuardDuty::Detector", "AWS::CloudTrail::Trail"])
def test_what_an_account_has_once_is_retained(type_: str, policy: str, lost: bool) -> None:
    told = faults(document(It={"Type": type_, "DeletionPolicy": policy}))
    assert ("other apps of the account lose it" in told.get("It", "")) is lost


def test_the_policy_of_a_bucket_is_retained_when_a_trail_writes_there() -> None:
    def policy(bucket: str) -> dict[str, Any]:
        return {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": bucket}, "PolicyDocument": {}}}

    trail = {"Type": "AWS::CloudTrail::Trail", "DeletionPolicy": "Retain", "Properties": {"S3BucketName": {"Ref": "B"}}}
    bucket = {"Type": "AWS::S3::Bucket"}
    told = faults(document(B=bucket, C=bucket, Trail=trail, OfB=policy("B"), OfC=policy("C")))
    assert [name for name, cause in told.items() if "other apps" in cause] == ["OfB"]
