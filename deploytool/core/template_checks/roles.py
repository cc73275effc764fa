"""What roles may do, and who may have them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.core.template_checks.cloud import Cloud, Resource
from deploytool.core.template_checks.fault import TemplateFault
from deploytool.core.template_checks.simplify import listed

GITHUB = "token.actions.githubusercontent.com"
_POWERFUL = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")
_WITH_POLICIES = ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Group", "AWS::IAM::User")
_WHOLE_SECRETS = ("secretsmanager:GetSecretValue", "secretsmanager:*", "ssm:GetParameter", "ssm:GetParameters")


def nobody_may_do_everything(cloud: Cloud) -> Iterator[TemplateFault]:
    """No administrator, and no service as a whole."""
    for holder in cloud.of_type(*_WITH_POLICIES):
        attached = json.dumps(holder.properties.get("ManagedPolicyArns") or [])
        for name in _POWERFUL:
            if name in attached:
                yield _fault(
                    holder, f"it has {name}", "allow the actions that it needs, on the resources it needs them on"
                )
        for statement in _allowed(holder):
            wide = [each for each in listed(statement.get("Action")) if str(each).endswith("*")]
            if "NotAction" in statement or wide:
                named = ", ".join(wide) or "everything but a few actions"
                yield _fault(holder, f"it allows {named}", "name each action")


def roles_are_passed_by_name(cloud: Cloud) -> Iterator[TemplateFault]:
    """Who may pass any role to any service may do what any role may do."""
    for holder in cloud.of_type(*_WITH_POLICIES):
        for statement in _allowed(holder):
            if "iam:PassRole" not in listed(statement.get("Action")):
                continue
            wide = [each for each in map(_text, listed(statement.get("Resource"))) if each.endswith("*")]
            to_anyone = "iam:PassedToService" not in json.dumps(statement.get("Condition") or {})
            if wide or to_anyone:
                yield _fault(
                    holder,
                    f"it may pass {wide[0] if wide else 'its roles'} to {'any service' if to_anyone else 'tasks'}",
                    "name the roles, and the service under iam:PassedToService",
                )


def secrets_are_read_by_name(cloud: Cloud) -> Iterator[TemplateFault]:
    """A role reads its own secrets, not all of the account's."""
    for holder in cloud.of_type(*_WITH_POLICIES):
        for statement in _allowed(holder):
            reads = [each for each in listed(statement.get("Action")) if each in _WHOLE_SECRETS]
            if reads and any(_text(each) == "*" for each in listed(statement.get("Resource"))):
                yield _fault(holder, "it may read every secret of the account", "name the secrets")


def github_signs_in_as_one_job(cloud: Cloud) -> Iterator[TemplateFault]:
    """A role that GitHub's tokens open is for named subjects alone: else any repository in the world may have it."""
    for role in cloud.of_type("AWS::IAM::Role"):
        for statement in _statements(role.properties.get("AssumeRolePolicyDocument")):
            if statement.get("Action") != "sts:AssumeRoleWithWebIdentity":
                continue
            conditions = statement.get("Condition") or {}
            equal = conditions.get("StringEquals") or {}
            subjects = [str(each) for each in listed(equal.get(f"{GITHUB}:sub", [])) if each]
            audience = listed(equal.get(f"{GITHUB}:aud", []))
            if list(conditions) != ["StringEquals"] or audience != ["sts.amazonaws.com"]:
                yield _fault(
                    role,
                    "its trust compares something else than audience and subject",
                    "use StringEquals on both, alone",
                )
            elif not subjects or any("*" in each or "?" in each for each in subjects):
                yield _fault(
                    role,
                    f"tokens of {', '.join(subjects) or 'any repository'} open it",
                    "name the subjects in full, as repo:ORG/REPO:environment:NAME",
                )


def _allowed(holder: Resource) -> Iterator[Mapping[str, Any]]:
    documents = [policy.get("PolicyDocument") for policy in holder.properties.get("Policies") or []]
    for document in (*documents, holder.properties.get("PolicyDocument")):
        yield from (each for each in _statements(document) if each.get("Effect") == "Allow")


def _statements(document: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    return listed((document or {}).get("Statement", []))


def _text(value: Any) -> str:
    """The text of a resource, with what only AWS knows as it is written."""
    match value:
        case str(text) | {"Fn::Sub": [str(text), _]}:
            return text
        case _:
            return ""


def _fault(resource: Resource, cause: str, fix: str) -> TemplateFault:
    return TemplateFault(resource.stack, resource.name, cause, fix)


CHECKS = (
    nobody_may_do_everything,
    roles_are_passed_by_name,
    secrets_are_read_by_name,
    github_signs_in_as_one_job,
)
