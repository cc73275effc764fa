"""What of a template is known without AWS, and what stays as it is written."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.infra.intrinsics import Scope, holds, number, resolve, scope_of, text_of

SCOPE = Scope(
    values={"App": "shop", "Size": "scaled", "Names": ["a", "b"], "Empty": [""]},
    mappings={"Sizes": {"scaled": {"Cpu": "1024"}}},
    conditions={
        "Big": {"Fn::Equals": [{"Ref": "Size"}, "scaled"]},
        "Small": {"Fn::Not": [{"Condition": "Big"}]},
        "Unknown": {"Fn::Equals": [{"Ref": "Nobody"}, "x"]},
        "Odd": {"Fn::Contains": [["a"], "a"]},
        "Circle": {"Condition": "Circle"},
        "OfAws": {"Fn::Equals": [{"Fn::GetAtt": ["A", "B"]}, "x"]},
    },
)
IMPORT = {"Fn::ImportValue": "shop-VpcId"}

KNOWN: list[tuple[Any, Any]] = [
    ("text", "text"),
    (7, 7),
    ({"Ref": "App"}, "shop"),
    ({"Ref": "Names"}, ["a", "b"]),
    ({"Fn::Sub": "${App}-x"}, "shop-x"),
    ({"Fn::Sub": ["${App}-${More}", {"More": {"Ref": "Size"}}]}, "shop-scaled"),
    ({"Fn::Sub": "${App}/${!aws:username}"}, "shop/${aws:username}"),
    ({"Fn::Sub": "${!App}-${ App }"}, "${App}-shop"),
    ({"Fn::Join": [",", {"Ref": "Names"}]}, "a,b"),
    ({"Fn::Join": ["-", [{"Ref": "App"}, 1, True]]}, "shop-1-true"),
    ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
    ({"Fn::Select": [1, {"Ref": "Names"}]}, "b"),
    ({"Fn::FindInMap": ["Sizes", {"Ref": "Size"}, "Cpu"]}, "1024"),
    ({"Fn::If": ["Big", "yes", "no"]}, "yes"),
    ({"Fn::If": ["Small", "yes", "no"]}, "no"),
    ({"A": {"Fn::If": ["Big", {"Ref": "AWS::NoValue"}, 1]}, "B": 2}, {"B": 2}),
    ([{"Ref": "AWS::NoValue"}, 1], [1]),
    ({"ImportValue": {"Fn::ImportValue": {"Fn::Sub": "${App}-VpcId"}}}, {"ImportValue": IMPORT}),
]
OPEN: list[tuple[Any, Any]] = [
    ({"Ref": "Vpc"}, {"Ref": "Vpc"}),
    ({"Fn::GetAtt": ["Vpc", "Arn"]}, {"Fn::GetAtt": ["Vpc", "Arn"]}),
    ({"Fn::Sub": "${Bucket.Arn}/${App}"}, {"Fn::Sub": ["${Bucket.Arn}/shop", {}]}),
    ({"Fn::Sub": ["${Arn}:key::", {"Arn": IMPORT}]}, {"Fn::Sub": ["${Arn}:key::", {"Arn": IMPORT}]}),
    ({"Fn::Join": [",", [{"Ref": "Vpc"}, "a"]]}, {"Fn::Join": [",", [{"Ref": "Vpc"}, "a"]]}),
    ({"Fn::Split": [",", IMPORT]}, {"Fn::Split": [",", IMPORT]}),
    ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
    ({"Fn::Select": [5, ["a"]]}, {"Fn::Select": [5, ["a"]]}),
    ({"Fn::FindInMap": ["Sizes", "tiny", "Cpu"]}, {"Fn::FindInMap": ["Sizes", "tiny", "Cpu"]}),
    ({"Fn::FindInMap": ["Sizes", {"Ref": "Vpc"}, "Cpu"]}, {"Fn::FindInMap": ["Sizes", {"Ref": "Vpc"}, "Cpu"]}),
    ({"Fn::FindInMap": ["Sizes", "scaled", "Cpu", "More"]}, {"Fn::FindInMap": ["Sizes", "scaled", "Cpu", "More"]}),
    ({"Fn::If": ["Unknown", {"Ref": "App"}, 1]}, {"Fn::If": ["Unknown", "shop", 1]}),
    ({"Fn::If": ["Unknown", 1]}, {"Fn::If": ["Unknown", 1]}),
    ({"Fn::Select": [{"Ref": "Vpc"}, ["a"]]}, {"Fn::Select": [{"Ref": "Vpc"}, ["a"]]}),
]


@pytest.mark.parametrize(("written", "told"), KNOWN)
def test_a_value_is_worked_out_where_parameters_tell_it(written: Any, told: Any) -> None:
    assert resolve(written, SCOPE) == told


@pytest.mark.parametrize(("written", "left"), OPEN)
def test_a_value_that_only_aws_knows_stays(written: Any, left: Any) -> None:
    assert resolve(written, SCOPE) == left


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ("Big", True),
        ("Small", False),
        ("Unknown", None),
        ("Missing", None),
        (None, True),
        ("Circle", None),
        ("OfAws", None),
        ("Odd", None),
        ({"Fn::Not": [{"Condition": "Unknown"}]}, None),
        ({"Fn::And": [{"Condition": "Big"}, {"Condition": "Small"}]}, False),
        ({"Fn::And": [{"Condition": "Big"}, {"Condition": "Big"}]}, True),
        ({"Fn::And": [{"Condition": "Big"}, {"Condition": "Unknown"}]}, None),
        ({"Fn::And": [{"Condition": "Small"}, {"Condition": "Unknown"}]}, False),
        ({"Fn::Or": [{"Condition": "Small"}, {"Condition": "Big"}]}, True),
        ({"Fn::Or": [{"Condition": "Small"}, {"Condition": "Small"}]}, False),
        ({"Fn::Or": [{"Condition": "Small"}, {"Condition": "Unknown"}]}, None),
        ({"Fn::Equals": [True, "true"]}, True),
        ({"Fn::Equals": [{"Fn::Select": [0, {"Ref": "Empty"}]}, ""]}, True),
    ],
)
def test_a_condition_holds_or_not_or_cannot_be_told(condition: Any, answer: bool | None) -> None:
    assert holds(condition, SCOPE) is answer


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (3, "3"),
        (1.5, "1.5"),
        (True, "true"),
        ({"Ref": "App"}, "shop"),
        ({"Ref": "Bucket"}, None),
        ({"Ref": "Names"}, None),
        ({"Fn::Sub": "${Bucket.Arn}/*"}, None),
        ({"Fn::Sub": ["${App}-${X}", {"X": {"Ref": "Bucket"}}]}, None),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, None),
        (["a"], None),
        (None, None),
    ],
)
def test_a_value_is_text_when_it_is_made_of_parameters(value: Any, text: str | None) -> None:
    assert text_of(value, SCOPE) == text


def test_parameters_have_their_defaults_unless_they_are_given() -> None:
    declared = {
        "Given": {"Type": "String", "Default": "default"},
        "Number": {"Type": "Number", "Default": 3000},
        "Names": {"Type": "CommaDelimitedList", "Default": "a, b"},
        "Zones": {"Type": "CommaDelimitedList", "Default": ["a", "b"]},
        "Trail": {"Type": "String", "Default": True},
        "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
        "Needed": {"Type": "String"},
    }
    values = {"Given": "given", "Subnets": "s-1,s-2", "AWS::Region": "us-east-1", "Other": "not this template's"}
    assert scope_of({"Parameters": declared}, values).values == {
        "Given": "given",
        "Number": "3000",
        "Names": ["a", "b"],
        "Zones": ["a", "b"],
        "Trail": "true",
        "Subnets": ["s-1", "s-2"],
        "AWS::Region": "us-east-1",
    }


def test_a_template_may_be_nearly_empty() -> None:
    assert scope_of({"Resources": {}}, {}) == Scope({}, {}, {})


@pytest.mark.parametrize(("written", "told"), [(2, 2), ("2", 2), ("two", None), ({"Ref": "N"}, None), (None, None)])
def test_a_number_is_one_however_it_is_written(written: Any, told: int | None) -> None:
    assert number(written) == told
