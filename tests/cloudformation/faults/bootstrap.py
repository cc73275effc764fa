"""Faults of the bootstrap and account templates."""

from __future__ import annotations

from typing import Any

from tests.cloudformation.faults.planted import Planted, drop, our, put

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
        each
        for each in resources["ReleasePolicy"]["Properties"]["PolicyDocument"]["Statement"]
        if each["Action"] == "iam:PassRole"
    ]
    statement["Resource"] = "*"


FAULTS = (
    Planted("bootstrap", "OIDC without subject", "github_signs_in_as_one_job", drop(*TRUST, "StringEquals", SUBJECT)),
    Planted("bootstrap", "OIDC with a wildcard for the repository", "github_signs_in_as_one_job", _any_repository),
    Planted("bootstrap", "deploy role may do everything", "nobody_may_do_everything", put("*", *RELEASE, 0, "Action")),
    Planted(
        "bootstrap", "image tags can move", "CKV_AWS_51", put("MUTABLE", "Images", "Properties", "ImageTagMutability")
    ),
    our(
        "bootstrap", "images are not scanned", "CKV_AWS_163", drop("Images", "Properties", "ImageScanningConfiguration")
    ),
    our("bootstrap", "any role may be passed", "roles_are_passed_by_name", _pass_any_role),
    our(
        "bootstrap",
        "wildcard subject under StringEquals",
        "github_signs_in_as_one_job",
        put(["repo:org/shop:*"], *TRUST, "StringEquals", SUBJECT),
    ),
    our(
        "bootstrap",
        "ledger with other keys",
        "table_is_what_the_code_uses",
        drop("Ledger", "Properties", "LocalSecondaryIndexes"),
    ),
    our("account", "trail of one region", "CKV_AWS_67", put(False, "Trail", "Properties", "IsMultiRegionTrail")),
    our(
        "account",
        "alerts are let through on a condition",
        "events_reach_their_topics",
        put({"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, *ALERTS, "Condition"),
    ),
    our(
        "account",
        "alerts of another service alone",
        "events_reach_their_topics",
        put({"Service": "cloudwatch.amazonaws.com"}, *ALERTS, "Principal"),
    ),
    our("account", "alerts that nobody lets through", "events_reach_their_topics", drop("SecurityAlertsPolicy")),
    our("account", "trail can be forged", "CKV_AWS_36", put(False, "Trail", "Properties", "EnableLogFileValidation")),
)
