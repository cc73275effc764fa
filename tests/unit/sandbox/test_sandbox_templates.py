"""Templates as MiniStack can take them."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.cli.sandbox_account import sandbox_template
from deploytool.infra.templates import Template, describe_omitted
from deploytool.sandbox.unsupported_resources import UNSUPPORTED_TYPES, with_master_secrets, without_unsupported

NAT = {"Type": "AWS::EC2::NatGateway", "Properties": {"AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]}}}


def with_nat(**resource: Any) -> dict[str, Any]:
    return {"Resources": {"Nat": NAT, "Kept": {"Type": "AWS::EC2::Route", **resource}}}


@pytest.mark.parametrize("type_", sorted(UNSUPPORTED_TYPES))
def test_a_resource_of_a_type_that_is_lacking_is_left_out_and_told(type_: str) -> None:
    template, omitted = without_unsupported({"Resources": {"Gone": {"Type": type_}, "Kept": {"Type": "AWS::EC2::VPC"}}})
    assert list(template["Resources"]) == ["Kept"]
    assert omitted == {"Gone": type_}


def test_a_template_stays_as_it_is_when_nothing_of_it_is_lacking() -> None:
    template = {"Resources": {"Vpc": {"Type": "AWS::EC2::VPC", "DependsOn": "Other"}}}
    assert without_unsupported(template)[0] is template


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ({"Ref": "Nat"}, "left-out-Nat"),
        ({"Ref": "Vpc"}, {"Ref": "Vpc"}),
        ({"Fn::GetAtt": ["Nat", "Id"]}, "left-out-Nat.Id"),
        ({"Fn::GetAtt": ["Vpc", "Id"]}, {"Fn::GetAtt": ["Vpc", "Id"]}),
        ({"Fn::Sub": "${Nat}-${Nat.Id}-${Vpc}-${!Nat}"}, {"Fn::Sub": "left-out-Nat-left-out-Nat.Id-${Vpc}-${!Nat}"}),
        (
            {"Fn::Sub": ["${Nat}-${X}", {"X": {"Ref": "Nat"}}]},
            {"Fn::Sub": ["left-out-Nat-${X}", {"X": "left-out-Nat"}]},
        ),
        ({"Fn::Sub": ["${Nat}", {"Nat": "mine"}]}, {"Fn::Sub": ["${Nat}", {"Nat": "mine"}]}),
        ({"Fn::If": ["A", {"Ref": "Nat"}, {"Ref": "B"}]}, {"Fn::If": ["A", "left-out-Nat", {"Ref": "B"}]}),
        ([{"Ref": "Nat"}, 1], ["left-out-Nat", 1]),
    ],
)  # fmt: skip
def test_what_names_a_resource_that_is_left_out_gets_text(value: Any, after: Any) -> None:
    template, _ = without_unsupported(with_nat(Properties={"NatGatewayId": value}))
    assert template["Resources"]["Kept"]["Properties"] == {"NatGatewayId": after}


@pytest.mark.parametrize(("before", "after"), [("Nat", []), (["Nat", "Vpc"], ["Vpc"]), (["Vpc"], ["Vpc"])])
def test_nothing_depends_on_what_is_left_out(before: Any, after: Any) -> None:
    assert without_unsupported(with_nat(DependsOn=before))[0]["Resources"]["Kept"]["DependsOn"] == after


def test_an_output_of_what_is_left_out_stays_for_those_who_import_it() -> None:
    template = {**with_nat(), "Outputs": {"Nat": {"Value": {"Ref": "Nat"}, "Export": {"Name": "nat"}}}}
    assert without_unsupported(template)[0]["Outputs"] == {"Nat": {"Value": "left-out-Nat", "Export": {"Name": "nat"}}}


def managed(user: Any) -> dict[str, Any]:
    database = {"MasterUsername": user, "ManageMasterUserPassword": True}
    return {
        "Resources": {
            "Database": {"Type": "AWS::RDS::DBInstance", "Properties": database},
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "Arn": {"Fn::GetAtt": ["Database", "MasterUserSecret.SecretArn"]},
                    "Sub": {"Fn::Sub": "${Database.MasterUserSecret.SecretArn}:x ${Other.MasterUserSecret.SecretArn}"},
                    "Both": {"Fn::Sub": ["${Database.MasterUserSecret.SecretArn}", {"A": {"Ref": "Database"}}]},
                    "Host": [{"Fn::GetAtt": ["Database", "Endpoint.Address"]}],
                },
            },
        }
    }


def test_the_secret_that_rds_keeps_is_made_and_stands_where_it_is_named() -> None:
    result = with_master_secrets(managed({"Ref": "DatabaseUser"}))["Resources"]
    assert result["Role"]["Properties"] == {
        "Arn": {"Fn::GetAtt": ["DatabaseMasterUserSecret", "Id"]},
        "Sub": {"Fn::Sub": "${DatabaseMasterUserSecret.Id}:x ${Other.MasterUserSecret.SecretArn}"},
        "Both": {"Fn::Sub": ["${DatabaseMasterUserSecret.Id}", {"A": {"Ref": "Database"}}]},
        "Host": [{"Fn::GetAtt": ["Database", "Endpoint.Address"]}],
    }
    generated = result["DatabaseMasterUserSecret"]["Properties"]["GenerateSecretString"]
    assert generated["SecretStringTemplate"] == {
        "Fn::Sub": ['{"username": "${User}"}', {"User": {"Ref": "DatabaseUser"}}]
    }
    assert generated["GenerateStringKey"] == "password"


def test_the_user_of_that_secret_is_written_out_when_the_template_names_it() -> None:
    secret = with_master_secrets(managed("postgres"))["Resources"]["DatabaseMasterUserSecret"]
    assert secret["Properties"]["GenerateSecretString"]["SecretStringTemplate"] == '{"username": "postgres"}'


def test_no_secret_is_made_when_no_database_has_rds_keep_its_password() -> None:
    template = with_nat()
    assert with_master_secrets(template) is template


def test_one_line_tells_what_was_left_out() -> None:
    document = {
        "Resources": {"A": NAT, "B": NAT, "C": {"Type": "AWS::CloudTrail::Trail"}, "D": {"Type": "AWS::EC2::VPC"}}
    }
    template = sandbox_template(Template("network", "", document))
    assert template.body == '{"Resources":{"D":{"Type":"AWS::EC2::VPC"}}}'
    assert describe_omitted([template]).endswith("left out: CloudTrail Trail, EC2 NatGateway × 2")
    assert describe_omitted([Template("network", "", {"Resources": {}})]) == ""
