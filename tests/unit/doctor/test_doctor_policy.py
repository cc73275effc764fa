"""IAM documents, whose lists of one are written as the one."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.doctor.facts_account import Grant, Trust
from deploytool.doctor.ownership import ISSUER, grants, trusts

GITHUB = {"Federated": f"arn:aws:iam::1:oidc-provider/{ISSUER}"}
SUBJECT = "repo:acme/shop:environment:production"


def allow(**fields: Any) -> dict[str, Any]:
    return {"Effect": "Allow", **fields}


@pytest.mark.parametrize(
    ("statement", "grant"),
    [
        (allow(Action="s3:*", Resource="*"), Grant("p", ("s3:*",), ("*",))),
        (allow(Action=["a:B", "c:D"], Resource=["x"]), Grant("p", ("a:B", "c:D"), ("x",))),
        (allow(NotAction="iam:*", Resource="*"), Grant("p", ("*",), ("*",))),
        (allow(Action="a:B", NotResource="x"), Grant("p", ("a:B",), ("*",))),
        (allow(Action="a:B", Resource="x", Condition={"Bool": {"aws:SecureTransport": "true"}}),
         Grant("p", ("a:B",), ("x",), conditional=True)),
    ],
    ids=["one action", "lists", "all but some", "everywhere but there", "under a condition"],
)  # fmt: skip
def test_a_statement_grants_what_it_allows(statement: dict[str, Any], grant: Grant) -> None:
    assert grants("p", {"Statement": statement}) == (grant,)
    assert grants("p", {"Statement": [statement, {"Effect": "Deny", "Action": "*", "Resource": "*"}]}) == (grant,)


@pytest.mark.parametrize(
    ("condition", "trust"),
    [
        ({"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": [SUBJECT]}},
         Trust(("sts.amazonaws.com",), (SUBJECT,))),
        ({"StringLike": {f"{ISSUER}:sub": "repo:acme/*"}}, Trust(patterns=("repo:acme/*",))),
        ({"ForAnyValue:StringLike": {f"{ISSUER}:sub": "repo:acme/*"}}, Trust(patterns=("repo:acme/*",))),
        ({"StringEquals": {f"{ISSUER}:sub": SUBJECT, f"{ISSUER}:ref": "refs/heads/main"}},
         Trust(subjects=(SUBJECT,), refs=("refs/heads/main",))),
        ({"StringLike": {f"{ISSUER}:job_workflow_ref": ["a/b/.github/workflows/d.yml@*"]}},
         Trust(refs=("a/b/.github/workflows/d.yml@*",))),
        ({"StringEquals": {f"{ISSUER}:actor": "mona"}}, Trust()),
        ({}, Trust()),
    ],
    ids=["equal", "like", "any like", "one branch", "one workflow", "another claim", "no condition"],
)  # fmt: skip
def test_a_trust_policy_is_read_by_how_it_compares(condition: dict[str, Any], trust: Trust) -> None:
    statement = allow(Principal=GITHUB, Action="sts:AssumeRoleWithWebIdentity", Condition=condition)

    assert trusts({"Statement": [statement]}) == (trust,)


@pytest.mark.parametrize(
    "principal",
    [{"Service": "ecs-tasks.amazonaws.com"}, {"Federated": "cognito-identity.amazonaws.com"}, "*"],
    ids=["a service", "another provider", "everybody"],
)
def test_whoever_is_not_github_is_left_out(principal: Any) -> None:
    assert trusts({"Statement": [allow(Principal=principal, Action="sts:AssumeRole")]}) == ()
