"""Descriptions of security groups and their rules: what EC2 refuses, however the template writes them."""

from __future__ import annotations

import string
from typing import Any

import pytest

from deploytool.infra.checks import find_faults

SET = "use only ASCII letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"
ALLOWED = string.ascii_letters + string.digits + " ._-:/()#,@[]+=&;{}!$*"
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html"""
NOTHING = {"Ref": "AWS::NoValue"}
PARAMETERS = {
    "Owner": {"Type": "String"},
    "Given": {"Type": "String"},
    "Team": {"Type": "String", "Default": "the team's"},
    "Kind": {"Type": "String", "AllowedValues": ["plain", "R&D", "naïve"]},
    "Port": {"Type": "Number", "Default": 443},
    "Words": {"Type": "CommaDelimitedList", "Default": "a,b?"},
    "Flag": {"Type": "String"},
}
CONDITIONS = {
    "Unknown": {"Fn::Equals": [{"Ref": "Flag"}, "on"]},
    "Never": {"Fn::Equals": ["a", "b"]},
}


def said(resource_type: str, **properties: Any) -> list[str]:
    document = {
        "Parameters": PARAMETERS,
        "Conditions": CONDITIONS,
        "Resources": {"Group": {"Type": f"AWS::EC2::{resource_type}", "Properties": properties}},
    }
    return [str(each) for each in find_faults({"s": document}, {"Given": "50 %"})]


def refused(value: Any) -> str:
    """What a group's description has that EC2 refuses; empty where it takes it."""
    found = said("SecurityGroup", GroupDescription=value)
    assert len(found) <= 1
    return found[0].removeprefix("s.Group: EC2 refuses its GroupDescription: it has ") if found else ""


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("To the app's tasks", "'"),
        ("Größe — “all”", "ö, ß, —, “, ”"),
        ("a|b ~ c%", "|, ~, %"),
        ("one\ntwo\n", "a line break"),
        ("one\r\n\ttwo", "a carriage return, a line break, a tab"),
        ("\x1b[31mred", "U+001B"),
        ("no-break\u00a0space, zero\u200bwidth", "U+00A0, U+200B"),
        ("twelve ١٢", "١, ٢"),
        ({"Fn::Sub": "${Owner}'s tasks"}, "'"),
        ({"Fn::Sub": "Tasks of ${Team}"}, "'"),
        ({"Fn::Sub": "Uses ${Given}"}, "%"),
        ({"Fn::Sub": "For ${Kind} of ${Owner}"}, "ï"),
        ({"Fn::Sub": ["${Vpc} and ${Mine}", {"Vpc": {"Fn::GetAtt": ["Vpc", "VpcId"]}, "Mine": "<mine>"}]}, "<, >"),
        ({"Fn::Sub": ["${Who}", {"Who": {"Fn::If": ["Unknown", "them", "it's"]}}]}, "'"),
        ({"Fn::Sub": "${Owner} pays ${!Price} ^"}, "^"),
        ({"Fn::Join": [" ", ["Tasks of", {"Ref": "Team"}]]}, "'"),
        ({"Fn::Join": ["'", [{"Ref": "Owner"}, "s tasks"]]}, "'"),
        ({"Fn::Join": [" | ", [{"Ref": "Owner"}, {"Ref": "Kind"}]]}, "ï, |"),
        ({"Fn::Join": [" ", {"Fn::If": ["Unknown", ["it's"], ["fine"]]}]}, "'"),
        ({"Fn::Join": [" ", {"Ref": "Words"}]}, "?"),
        ({"Fn::If": ["Unknown", "fine", "it's"]}, "'"),
        ({"Fn::If": ["Unknown", {"Fn::If": ["Unknown", "é", "fine"]}, "ok?"]}, "é, ?"),
        ({"Ref": "Team"}, "'"),
        ({"Ref": "Kind"}, "ï"),
    ],
)
def test_a_character_is_named_when_ec2_refuses_it(value: Any, named: str) -> None:
    assert refused(value) == f"{named}; {SET}"


@pytest.mark.parametrize(
    "value",
    [
        ALLOWED,
        "",
        443,
        {"Ref": "Owner"},
        {"Ref": "Port"},
        {"Ref": "AWS::StackName"},
        {"Fn::Sub": "Tasks of ${Owner} in ${AWS::StackName} (${Port})"},
        {"Fn::Sub": ["${Owner} of ${Vpc}", {"Vpc": {"Fn::GetAtt": ["Vpc", "VpcId"]}}]},
        {"Fn::Sub": "${Owner} pays ${!Price}"},
        {"Fn::Join": ["'", [{"Ref": "Owner"}]]},
        {"Fn::Join": ["'", {"Ref": "Nobody"}]},
        {"Fn::Join": [" ", []]},
        {"Fn::If": ["Never", "it's", "fine"]},
        {"Fn::If": ["Unknown", "fine", NOTHING]},
        {"Fn::Select": [0, {"Fn::Split": ["'", {"Ref": "Owner"}]}]},
        NOTHING,
    ],
)
def test_nothing_is_said_when_ec2_takes_it_or_nobody_can_tell(value: Any) -> None:
    assert refused(value) == ""


@pytest.mark.parametrize(
    ("value", "length"),
    [
        ("x" * 255, 0),
        ("x" * 256, 256),
        ({"Fn::Sub": f"{'x' * 252}${{Port}}"}, 0),
        ({"Fn::Sub": f"{'x' * 253}${{Port}}"}, 256),
        ({"Fn::Sub": f"{'x' * 255}${{Owner}}"}, 0),
        ({"Fn::Sub": f"{'x' * 256}${{Owner}}"}, 256),
        ({"Fn::Sub": f"{'x' * 250}${{Owner}}${{!A}}"}, 0),
        ({"Fn::Join": ["--", ["x" * 254, {"Ref": "Owner"}]]}, 256),
        ({"Fn::Join": ["--", ["x" * 253, {"Ref": "Owner"}]]}, 0),
        ({"Fn::If": ["Unknown", "x" * 200, "x" * 300]}, 300),
        ({"Fn::If": ["Unknown", "x" * 200, "x" * 200]}, 0),
    ],
)
def test_a_length_is_told_when_it_is_over_255_after_substitution(value: Any, length: int) -> None:
    assert refused(value) == (f"{length} characters; use 255 at most" if length else "")


@pytest.mark.parametrize("direction", ["Ingress", "Egress"])
def test_a_rule_is_judged_when_it_stands_in_its_group_or_alone(direction: str) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": "10.0.0.0/8", "Description": "the app's"}
    key = f"SecurityGroup{direction}"
    inside = [f"s.Group: EC2 refuses its Description in {key}: it has '; {SET}"]
    branches: tuple[Any, ...] = (
        [rule],
        rule,
        [{"Fn::If": ["Unknown", rule, NOTHING]}],
        {"Fn::If": ["Unknown", [rule], NOTHING]},
        [{**rule, "Description": "fine"}, rule],
        ["no rule", rule],
    )
    for written in branches:
        assert said("SecurityGroup", GroupDescription="ok", **{key: written}) == inside
    assert said(key, GroupId="sg-1", **rule) == [f"s.Group: EC2 refuses its Description: it has '; {SET}"]


def test_an_open_rule_is_seen_when_a_condition_that_nobody_can_tell_holds_it() -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    found = said("SecurityGroup", GroupDescription="ok", SecurityGroupIngress={"Fn::If": ["Unknown", [rule], []]})
    assert len(found) == 1
    assert "port 22 is open to the whole internet" in found[0]
