"""Which names are written out in a template before CloudFormation gets it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploytool.infra.templates import Template, literal_names

VALUES = {"App": "shop", "Table": "deploytool", "AWS::AccountId": "123456789012"}


def template(policy: str | None, type_: str = "AWS::S3::Bucket", **properties: Any) -> Template:
    resource = {"Type": type_, **({"DeletionPolicy": policy} if policy else {}), "Properties": properties}
    parameters = {"App": {"Type": "String"}, "Table": {"Type": "String"}}
    resources = {"Store": resource, "Topic": {"Type": "AWS::SNS::Topic"}}
    return Template("data", "the text", {"Parameters": parameters, "Resources": resources})


@pytest.mark.parametrize(
    ("type_", "name", "given", "written"),
    [
        ("AWS::S3::Bucket", "BucketName", {"Fn::Sub": "${App}-${AWS::AccountId}"}, "shop-123456789012"),
        ("AWS::DynamoDB::Table", "TableName", {"Ref": "Table"}, "deploytool"),
        ("AWS::ECR::Repository", "RepositoryName", {"Ref": "App"}, "shop"),
    ],
)
@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
def test_the_name_of_what_outlives_its_stack_is_written_out(
    type_: str, name: str, given: Any, written: str, policy: str
) -> None:
    before = template(policy, type_, **{name: given, "Tags": []})
    after = literal_names(before, VALUES)
    resources = json.loads(after.body)["Resources"]
    assert resources["Store"] == {"Type": type_, "DeletionPolicy": policy, "Properties": {name: written, "Tags": []}}
    assert resources["Topic"] == {"Type": "AWS::SNS::Topic"}
    assert after.document == json.loads(after.body)
    assert before.document["Resources"]["Store"]["Properties"][name] == given


@pytest.mark.parametrize(
    "left",
    [
        pytest.param(template("RetainExceptOnCreate", BucketName="shop"), id="its name is plain text"),
        pytest.param(template("RetainExceptOnCreate"), id="it has no name of ours"),
        pytest.param(template("RetainExceptOnCreate", BucketName={"Ref": "Other"}), id="nobody can tell its name"),
        pytest.param(template("Delete", BucketName={"Ref": "App"}), id="it goes with its stack"),
        pytest.param(template(None, BucketName={"Ref": "App"}), id="nothing says that it stays"),
        pytest.param(
            template("RetainExceptOnCreate", "AWS::SecretsManager::Secret", Name={"Ref": "App"}), id="a secret"
        ),
    ],
)
def test_a_template_is_left_as_it_was_written_when_there_is_no_name_to_write_out(left: Template) -> None:
    assert literal_names(left, VALUES) is left
