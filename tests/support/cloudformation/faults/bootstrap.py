"""Faults of the bootstrap and account templates."""

from __future__ import annotations

from typing import Any

from tests.support.cloudformation.faults.planted import Planted, drop, our, put

TRUST = ("ProductionDeployRole", "Properties", "AssumeRolePolicyDocument", "Statement", 0, "Condition")
SUBJECT = "token.actions.githubusercontent.com:sub"
RELEASE = ("ReleasePolicy", "Properties", "PolicyDocument", "Statement")


MFA = ("RequireMfaPolicy", "Properties", "PolicyDocument", "Statement")
ALERTS = ("SecurityAlertsPolicy", "Properties", "PolicyDocument", "Statement", 0)


def _any_repository(resources: dict[str, Any]) -> None:
    statement = resources["ProductionDeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
    statement["Condition"]["StringLike"] = {SUBJECT: "repo:org/*:*"}
    del statement["Condition"]["StringEquals"][SUBJECT]


def _pass_any_role(resources: dict[str, Any]) -> None:
    (statement,) = [
        item
        for item in resources["ReleasePolicy"]["Properties"]["PolicyDocument"]["Statement"]
        if item["Action"] == "iam:PassRole"
    ]
    statement["Resource"] = "*"


def _devices_unseen(resources: dict[str, Any]) -> None:
    deny = resources["RequireMfaPolicy"]["Properties"]["PolicyDocument"]["Statement"][-1]
    deny["NotAction"].remove("iam:ListVirtualMFADevices")


FAULTS = (
    Planted("bootstrap", "OIDC without subject", "iam_github_subject_exact", drop(*TRUST, "StringEquals", SUBJECT)),
    Planted("bootstrap", "OIDC with a wildcard for the repository", "iam_github_subject_exact", _any_repository),
    Planted("bootstrap", "deploy role may do everything", "iam_no_wildcard_admin", put("*", *RELEASE, 0, "Action")),
    Planted(
        "bootstrap", "image tags can move", "CKV_AWS_51", put("MUTABLE", "Images", "Properties", "ImageTagMutability")
    ),
    our(
        "bootstrap", "images are not scanned", "CKV_AWS_163", drop("Images", "Properties", "ImageScanningConfiguration")
    ),
    our("bootstrap", "any role may be passed", "iam_pass_role_named", _pass_any_role),
    our(
        "bootstrap",
        "wildcard subject under StringEquals",
        "iam_github_subject_exact",
        put(["repo:org/shop:*"], *TRUST, "StringEquals", SUBJECT),
    ),
    our(
        "bootstrap",
        "ledger with other keys",
        "ledger_table_schema",
        drop("Ledger", "Properties", "LocalSecondaryIndexes"),
    ),
    our(
        "bootstrap",
        "any family may be registered",
        "iam_register_named",
        put("*", *RELEASE, 0, "Resource"),
    ),
    our(
        "bootstrap",
        "families of every environment may be registered",
        "iam_register_named",
        put([{"Fn::Sub": "arn:${AWS::Partition}:ecs:*:${AWS::AccountId}:task-definition/*"}], *RELEASE, 0, "Resource"),
    ),
    our("bootstrap", "sign-in goes with one app", "account_shared_retained", drop("GitHub", "DeletionPolicy")),
    our(
        "account", "detector goes with one app", "account_shared_retained", put("Delete", "Detector", "DeletionPolicy")
    ),
    our(
        "account",
        "policy of the trail's bucket goes with one app",
        "trail_bucket_policy_retained",
        drop("TrailBucketPolicy", "DeletionPolicy"),
    ),
    our(
        "account",
        "MFA device under one name only",
        "iam_mfa_can_be_set_up",
        put({"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:mfa/${!aws:username}"}, *MFA, 1, "Resource"),
    ),
    our("account", "nobody sees the MFA devices", "iam_mfa_can_be_set_up", _devices_unseen),
    our("account", "trail of one region", "CKV_AWS_67", put(False, "Trail", "Properties", "IsMultiRegionTrail")),
    our(
        "account",
        "alerts are let through on a condition",
        "event_topic_policy",
        put({"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, *ALERTS, "Condition"),
    ),
    our(
        "account",
        "alerts of another service alone",
        "event_topic_policy",
        put({"Service": "cloudwatch.amazonaws.com"}, *ALERTS, "Principal"),
    ),
    our("account", "alerts that nobody lets through", "event_topic_policy", drop("SecurityAlertsPolicy")),
    our("account", "trail can be forged", "CKV_AWS_36", put(False, "Trail", "Properties", "EnableLogFileValidation")),
)
