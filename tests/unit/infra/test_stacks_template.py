from __future__ import annotations

from typing import Any

import pytest

from deploytool.infra.templates import Parameter, Resource, parameter_text
from tests.unit.infra.stacks_cases import template

DOCUMENT: dict[str, Any] = {
    "Parameters": {
        "App": {"Type": "String"},
        "Days": {"Type": "Number", "Default": 30},
        "Zones": {"Type": "CommaDelimitedList", "Default": ["a", "b"]},
        "Trail": {"Type": "String", "Default": True},
        "Token": {"Type": "String", "NoEcho": "true"},
    },
    "Conditions": {"Traced": {"Fn::Equals": [{"Ref": "Trail"}, "true"]}},
    "Resources": {
        "Database": {
            "Type": "AWS::RDS::DBInstance",
            "DeletionPolicy": "Snapshot",
            "UpdateReplacePolicy": "Snapshot",
            "Properties": {
                "Subnets": {"Fn::Split": [",", {"Fn::ImportValue": {"Fn::Sub": "${App}-Subnets"}}]},
                "Where": [{"Fn::ImportValue": "zone"}, {"Fn::ImportValue": {"Fn::GetAtt": ["A", "B"]}}],
                "Log": {"Fn::If": ["Traced", {"Fn::ImportValue": "traced"}, {"Fn::ImportValue": "untraced"}]},
                "Key": {"Fn::If": ["Unknown", {"Fn::ImportValue": "yes"}, {"Fn::ImportValue": "no"}]},
            },
        },
        "Trail": {
            "Type": "AWS::CloudTrail::Trail",
            "Condition": "Traced",
            "Properties": {"Bucket": {"Fn::ImportValue": "bucket"}},
        },
    },
    "Outputs": {"Name": {"Value": {"Fn::ImportValue": "name"}}},
}
VALUES = {"App": "shop", "Trail": "true"}


def test_parameters_are_read_with_their_defaults_as_text() -> None:
    assert dict(template(DOCUMENT).parameters) == {
        "App": Parameter("App"),
        "Days": Parameter("Days", "30"),
        "Zones": Parameter("Zones", "a,b", is_list=True),
        "Trail": Parameter("Trail", "true"),
        "Token": Parameter("Token", None, secret=True),
    }
    assert parameter_text(False) == "false"


def test_a_template_has_no_parameters_when_it_declares_none() -> None:
    assert template({"Resources": {}}).parameters == {}


def test_only_resources_whose_condition_may_hold_are_told() -> None:
    database = Resource("Database", "AWS::RDS::DBInstance")
    assert template(DOCUMENT).resources({"Trail": "true"}) == (database, Resource("Trail", "AWS::CloudTrail::Trail"))
    assert template(DOCUMENT).resources({"Trail": "false"}) == (database,)


def test_imports_are_told_as_far_as_they_can_be() -> None:
    found = template(DOCUMENT).imports(VALUES)
    assert found == {"shop-Subnets", "zone", "traced", "yes", "no", "bucket", "name"}
    assert template(DOCUMENT).imports({**VALUES, "Trail": "false"}) == (found - {"traced", "bucket"}) | {"untraced"}


def test_policies_are_those_of_the_template() -> None:
    assert template(DOCUMENT).deletion_policy("Database") == "Snapshot"
    assert template(DOCUMENT).deletion_policy("Trail") == "Delete"
    assert template(DOCUMENT).deletion_policy("Nothing") == "Delete"
    assert template(DOCUMENT).update_replace_policies == {"Database": "Snapshot"}


@pytest.mark.parametrize(
    ("resources", "more", "needed"),
    [
        ({"A": {"Type": "AWS::S3::Bucket"}}, {}, ()),
        ({"A": {"Type": "AWS::IAM::Role"}}, {}, ("CAPABILITY_IAM",)),
        ({"A": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "a"}}}, {}, ("CAPABILITY_NAMED_IAM",)),
        ({"A": {"Type": "AWS::IAM::OIDCProvider", "Properties": {"Url": "a"}}}, {}, ("CAPABILITY_IAM",)),
        ({}, {"Transform": "AWS::LanguageExtensions"}, ("CAPABILITY_AUTO_EXPAND",)),
    ],
)
def test_what_must_be_acknowledged_is_read_from_the_resources(
    resources: dict[str, Any], more: dict[str, Any], needed: tuple[str, ...]
) -> None:
    assert template({"Resources": resources, **more}).capabilities == needed
