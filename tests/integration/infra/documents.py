"""Tiny templates: a stack that holds data and exports, one that imports, one that gets images; and changes of them."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]


def base(app: str) -> Document:
    """A stack with a bucket that holds data, exported."""
    return {
        "Parameters": {"App": {"Type": "String"}, "Days": {"Type": "Number", "Default": 7}},
        "Resources": {
            "Store": {
                "Type": "AWS::S3::Bucket",
                "DeletionPolicy": "Retain",
                "Properties": {"BucketName": {"Fn::Sub": "${App}-store"}},
            },
            "Queue": {
                "Type": "AWS::SQS::Queue",
                "Properties": {
                    "QueueName": {"Fn::Sub": "${App}-queue"},
                    "VisibilityTimeout": {"Ref": "Days"},
                },
            },
        },
        "Outputs": {"Store": {"Value": {"Ref": "Store"}, "Export": {"Name": {"Fn::Sub": "${App}-Store"}}}},
    }


def top(app: str) -> Document:
    """A stack that imports the bucket's name."""
    value = {"Fn::ImportValue": {"Fn::Sub": "${App}-Store"}}
    return {
        "Parameters": {"App": {"Type": "String"}},
        "Resources": {
            "Note": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Name": {"Fn::Sub": "/${App}/note"}, "Type": "String", "Value": value},
            }
        },
    }


def service(app: str) -> Document:
    """A stack that gets images."""
    return {
        "Parameters": {"App": {"Type": "String"}, "AppImage": {"Type": "String"}, "Note": {"Default": "a"}},
        "Resources": {
            "Image": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Name": {"Fn::Sub": "/${App}/image"}, "Type": "String", "Value": {"Ref": "AppImage"}},
            },
            "Note": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Name": {"Fn::Sub": "/${App}/other"}, "Type": "String", "Value": {"Ref": "Note"}},
            },
        },
    }


def unheard(document: Document) -> Document:
    """The same, with an alarm that tells nobody: CloudFormation does not mind."""
    alarm = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "Namespace": "AWS/SQS",
            "MetricName": "NumberOfMessagesSent",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanThreshold",
        },
    }
    return {**document, "Resources": {**document["Resources"], "Bell": alarm}}


def failing(document: Document) -> Document:
    """The same, with a resource that cannot be made once the others are: it names a secret that is not there."""
    broken = {
        "Type": "AWS::SSM::Parameter",
        "DependsOn": list(document["Resources"]),
        "Properties": {"Type": "String", "Value": "{{resolve:secretsmanager:nothing-of-the-kind}}"},
    }
    return {**document, "Resources": {**document["Resources"], "Broken": broken}}


def waiting(document: Document) -> Document:
    """The same, with a resource that takes until somebody signals it."""
    handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    condition = {
        "Type": "AWS::CloudFormation::WaitCondition",
        "DependsOn": list(document["Resources"]),
        "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "60", "Count": 1},
    }
    return {**document, "Resources": {**document["Resources"], "Handle": handle, "Wait": condition}}


def edited(document: Document, resource: str, **properties: Any) -> Document:
    before = document["Resources"][resource]
    after = {**before, "Properties": {**before["Properties"], **properties}}
    return {**document, "Resources": {**document["Resources"], resource: after}}


def without(document: Document, resource: str) -> Document:
    left = {name: each for name, each in document["Resources"].items() if name != resource}
    return {**document, "Resources": left}
