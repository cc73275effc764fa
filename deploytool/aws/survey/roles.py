"""Every role with all that it is allowed, in one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploytool.aws.survey.reader import Reader
from deploytool.core.doctor.facts_account import Grant, Role
from deploytool.core.doctor.policy import grants, trusts

Json = Mapping[str, Any]
AWS_OWN = ":iam::aws:policy/"


def roles(reader: Reader) -> tuple[Role, ...]:
    """GetAccountAuthorizationDetails; policies that AWS manages are known by their names."""
    answer = reader.ask("iam", "get_account_authorization_details", Filter=["Role", "LocalManagedPolicy"])
    own = {each["Arn"]: each for each in answer.get("Policies", ())}
    return tuple(_role(each, own) for each in answer.get("RoleDetailList", ()))


def _role(raw: Json, own: Mapping[str, Json]) -> Role:
    attached = raw.get("AttachedManagedPolicies") or ()
    granted: list[Grant] = []
    for policy in raw.get("RolePolicyList") or ():
        granted += grants(policy["PolicyName"], policy["PolicyDocument"])
    for policy in attached:
        if found := own.get(policy["PolicyArn"]):
            granted += grants(policy["PolicyName"], _document(found))
    return Role(
        name=raw["RoleName"],
        arn=raw["Arn"],
        grants=tuple(granted),
        managed=tuple(each["PolicyName"] for each in attached if AWS_OWN in each["PolicyArn"]),
        github=trusts(raw.get("AssumeRolePolicyDocument") or {}),
    )


def _document(policy: Json) -> Json:
    versions = policy.get("PolicyVersionList") or ()
    return next((each["Document"] for each in versions if each.get("IsDefaultVersion")), {})
