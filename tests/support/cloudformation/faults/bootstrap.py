"""Faults of the bootstrap and account templates."""

from __future__ import annotations

from typing import Any

from tests.support.cloudformation.faults.planted import Planted, drop, our, put

TRUST = ("ProductionDeployRole", "Properties", "AssumeRolePolicyDocument", "Statement", 0, "Condition")
SUBJECT = "token.actions.githubusercontent.com:sub"
RELEASE = ("ReleasePolicy", "Properties", "PolicyDocument", "Statement")


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
