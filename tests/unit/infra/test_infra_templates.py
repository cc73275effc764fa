"""Templates as they are read from files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploytool.infra.templates import MOST_BYTES, Template, TemplateInvalid, templates

SHORT = """\
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Role:
    Type: AWS::IAM::Role
    Condition: Wanted
    Properties:
      Version: 2012-10-17
      Name: !Ref App
      Arn: !GetAtt Other.Endpoint.Address
      Both: !GetAtt [Other, Arn]
      Text: !Sub "${App}-x"
      With: !Sub ["${A}", {A: !Ref B}]
      Joined: !Join ["-", [!Ref App, b]]
      Chosen: !If [Wanted, 1, !Ref "AWS::NoValue"]
      Imported: !ImportValue {"Fn::Sub": "${App}-y"}
Conditions:
  Wanted: !And [!Condition Other, !Not [!Equals [a, b]]]
"""


def read(directory: Path, text: str) -> Template:
    (directory / "data.yaml").write_text(text)
    return templates(directory, ["data"], lambda template: template)["data"]


def test_short_forms_of_functions_become_long_ones_and_dates_stay_text(tmp_path: Path) -> None:
    document = read(tmp_path, SHORT).document
    assert document["AWSTemplateFormatVersion"] == "2010-09-09"
    assert document["Resources"]["Role"]["Properties"] == {
        "Version": "2012-10-17",
        "Name": {"Ref": "App"},
        "Arn": {"Fn::GetAtt": ["Other", "Endpoint.Address"]},
        "Both": {"Fn::GetAtt": ["Other", "Arn"]},
        "Text": {"Fn::Sub": "${App}-x"},
        "With": {"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]},
        "Joined": {"Fn::Join": ["-", [{"Ref": "App"}, "b"]]},
        "Chosen": {"Fn::If": ["Wanted", 1, {"Ref": "AWS::NoValue"}]},
        "Imported": {"Fn::ImportValue": {"Fn::Sub": "${App}-y"}},
    }
    wanted = {"Fn::And": [{"Condition": "Other"}, {"Fn::Not": [{"Fn::Equals": ["a", "b"]}]}]}
    assert document["Conditions"] == {"Wanted": wanted}


def test_cloudformation_gets_the_text_as_it_was_written(tmp_path: Path) -> None:
    assert read(tmp_path, SHORT).body == SHORT


def test_cloudformation_gets_json_when_the_text_is_too_long_for_it(tmp_path: Path) -> None:
    found = read(tmp_path, SHORT + "# a long comment\n" * 4000)
    assert len(found.body) < MOST_BYTES
    assert json.loads(found.body) == found.document


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Resources: [", "is not YAML"),
        ("just text", "has no Resources"),
        ("Resources: []", "has no Resources"),
        ("Resources: {A: {Type: 'AWS::X', Text: '" + "x" * MOST_BYTES + "'}}", "exceeds CloudFormation's limit"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(TemplateInvalid, match=told):
        read(tmp_path, text)


def test_a_template_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateInvalid, match="cannot read"):
        templates(tmp_path, ["data"], lambda template: template)


def test_our_own_templates_are_there() -> None:
    keys = ["bootstrap", "account", "network", "data", "platform", "service"]
    found = templates(None, keys, lambda template: template)
    assert all("App" in template.parameters for template in found.values())
