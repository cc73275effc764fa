from __future__ import annotations

from typing import Any

import pytest

from deploytool.infra.templates import holds, resolved

VALUES = {"App": "shop", "Environment": "production", "Size": "minimal", "AWS::Region": "us-east-1"}
CONDITIONS = {
    "Large": {"Fn::Equals": [{"Ref": "Size"}, "scaled"]},
    "Small": {"Fn::Not": [{"Condition": "Large"}]},
    "Unknown": {"Fn::Equals": [{"Fn::GetAtt": ["A", "B"]}, "x"]},
    "Circle": {"Condition": "Circle"},
}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (3, "3"),
        (1.5, "1.5"),
        (True, "true"),
        ({"Ref": "App"}, "shop"),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "Bucket"}, None),
        ({"Fn::Sub": "${App}-${Environment}-VpcId"}, "shop-production-VpcId"),
        ({"Fn::Sub": "${!App}-${ App }"}, "${App}-shop"),
        ({"Fn::Sub": "${Bucket.Arn}/*"}, None),
        ({"Fn::Sub": ["${App}-${X}", {"X": {"Ref": "Size"}}]}, "shop-minimal"),
        ({"Fn::Sub": ["${App}-${X}", {"X": {"Ref": "Bucket"}}]}, None),
        ({"Fn::Join": ["-", [{"Ref": "App"}, "b"]]}, "shop-b"),
        ({"Fn::Join": ["-", [{"Ref": "Bucket"}, "b"]]}, None),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, None),
        (["a"], None),
        (None, None),
    ],
)
def test_text_is_told_beforehand_when_it_is_made_of_parameters(value: Any, text: str | None) -> None:
    assert resolved(value, VALUES) == text


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        (None, True),
        ("Large", False),
        ("Small", True),
        ("Unknown", None),
        ("Circle", None),
        ("Nowhere", None),
        ({"Fn::Not": [{"Condition": "Unknown"}]}, None),
        ({"Fn::And": [{"Condition": "Small"}, {"Condition": "Small"}]}, True),
        ({"Fn::And": [{"Condition": "Unknown"}, {"Condition": "Large"}]}, False),
        ({"Fn::And": [{"Condition": "Unknown"}, {"Condition": "Small"}]}, None),
        ({"Fn::Or": [{"Condition": "Large"}, {"Condition": "Small"}]}, True),
        ({"Fn::Or": [{"Condition": "Large"}, {"Condition": "Large"}]}, False),
        ({"Fn::Or": [{"Condition": "Unknown"}, {"Condition": "Large"}]}, None),
        ({"Fn::Or": [{"Condition": "Unknown"}, {"Condition": "Small"}]}, True),
        ({"Fn::EachMemberIn": [[], []]}, None),
    ],
)
def test_a_condition_is_told_beforehand_when_it_hangs_on_parameters(condition: Any, answer: bool | None) -> None:
    assert holds(condition, CONDITIONS, VALUES) is answer
