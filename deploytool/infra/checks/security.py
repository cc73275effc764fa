"""Alarms that look at what is there, and tell somebody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.infra.checks.model import Resource, TemplateFault, TemplateSet, listed

# SEG core.template_checks.alarms
# Alarms that look at what is there, and tell somebody.

_DIMENSIONS = {
    "AWS/ApplicationELB": ({"LoadBalancer"}, {"LoadBalancer", "TargetGroup"}),
    "AWS/ECS": ({"ClusterName"}, {"ClusterName", "ServiceName"}),
    "AWS/ElastiCache": ({"CacheClusterId"}, {"CacheClusterId", "CacheNodeId"}),
    "AWS/RDS": ({"DBInstanceIdentifier"},),
    "AWS/States": ({"StateMachineArn"},),
    "ECS/ContainerInsights": ({"ClusterName"}, {"ClusterName", "ServiceName"}),
}
"""By namespace, the sets of dimensions that metrics are kept under. Under any other an alarm waits for ever."""

_NAMES = {
    "ClusterName": ("AWS::ECS::Cluster", "ClusterName"),
    "DBInstanceIdentifier": ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
    "LoadBalancer": ("AWS::ElasticLoadBalancingV2::LoadBalancer", ""),
    "ServiceName": ("AWS::ECS::Service", "ServiceName"),
    "StateMachineArn": ("AWS::StepFunctions::StateMachine", ""),
    "TargetGroup": ("AWS::ElasticLoadBalancingV2::TargetGroup", ""),
}
"""What a dimension names: the type of resource, and its property that has the name."""


def alarm_dimension_is_metric(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """CloudWatch takes any dimension, and an alarm on one that does not exist never rings."""
    for alarm in cloud.of_type("AWS::CloudWatch::Alarm"):
        namespace = str(alarm.properties.get("Namespace", ""))
        named = {str(each.get("Name")) for each in alarm.properties.get("Dimensions") or []}
        known = _DIMENSIONS.get(namespace)
        if known is not None and named not in known:
            allowed = " or ".join(" with ".join(sorted(each)) for each in known)
            yield TemplateFault(
                alarm.stack,
                alarm.name,
                f"{namespace} has no metric by {', '.join(sorted(named)) or 'nothing'}: it never rings",
                f"use {allowed}",
            )


def alarm_dimension_exists(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """The service, cluster, database or load balancer of a dimension is one of these stacks'."""
    for alarm in cloud.of_type("AWS::CloudWatch::Alarm"):
        for dimension in alarm.properties.get("Dimensions") or []:
            kind, key = _NAMES.get(str(dimension.get("Name")), ("", ""))
            value = dimension.get("Value")
            there = list(cloud.of_type(kind))
            if not there or any(found in there for found in cloud.targets(alarm.stack, value)):
                continue
            if value not in [found.properties.get(key) for found in there]:
                yield TemplateFault(
                    alarm.stack,
                    alarm.name,
                    f"no {kind} here is called {value}: it never rings",
                    f"name {there[0].name}",
                )


def alarm_has_subscriber(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """An alarm without an action is red in a console that nobody looks at."""
    for alarm in cloud.of_type("AWS::CloudWatch::Alarm"):
        if not alarm.properties.get("AlarmActions"):
            yield TemplateFault(alarm.stack, alarm.name, "it tells nobody", "name the alerts' topic under AlarmActions")


ALARM_CHECKS = (alarm_dimension_is_metric, alarm_dimension_exists, alarm_has_subscriber)


# SEG core.template_checks.roles
# What roles may do, and who may have them.

GITHUB = "token.actions.githubusercontent.com"
_POWERFUL = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")
_WITH_POLICIES = ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Group", "AWS::IAM::User")
_WHOLE_SECRETS = ("secretsmanager:GetSecretValue", "secretsmanager:*", "ssm:GetParameter", "ssm:GetParameters")


def iam_no_wildcard_admin(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """No administrator, and no service as a whole."""
    for holder in cloud.of_type(*_WITH_POLICIES):
        attached = json.dumps(holder.properties.get("ManagedPolicyArns") or [])
        for name in _POWERFUL:
            if name in attached:
                yield _role_fault(
                    holder, f"it has {name}", "allow the actions that it needs, on the resources it needs them on"
                )
        for statement in _allowed(holder):
            wide = [each for each in listed(statement.get("Action")) if str(each).endswith("*")]
            if "NotAction" in statement or wide:
                named = ", ".join(wide) or "everything but a few actions"
                yield _role_fault(holder, f"it allows {named}", "name each action")


def iam_pass_role_named(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """Who may pass any role to any service may do what any role may do."""
    for holder in cloud.of_type(*_WITH_POLICIES):
        for statement in _allowed(holder):
            if "iam:PassRole" not in listed(statement.get("Action")):
                continue
            wide = [each for each in map(_text, listed(statement.get("Resource"))) if each.endswith("*")]
            to_anyone = "iam:PassedToService" not in json.dumps(statement.get("Condition") or {})
            if wide or to_anyone:
                yield _role_fault(
                    holder,
                    f"it may pass {wide[0] if wide else 'its roles'} to {'any service' if to_anyone else 'tasks'}",
                    "name the roles, and the service under iam:PassedToService",
                )


def iam_secret_access_named(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """A role reads its own secrets, not all of the account's."""
    for holder in cloud.of_type(*_WITH_POLICIES):
        for statement in _allowed(holder):
            reads = [each for each in listed(statement.get("Action")) if each in _WHOLE_SECRETS]
            if reads and any(_text(each) == "*" for each in listed(statement.get("Resource"))):
                yield _role_fault(holder, "it may read every secret of the account", "name the secrets")


def iam_github_subject_exact(cloud: TemplateSet) -> Iterator[TemplateFault]:
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
                yield _role_fault(
                    role,
                    "its trust compares something else than audience and subject",
                    "use StringEquals on both, alone",
                )
            elif not subjects or any("*" in each or "?" in each for each in subjects):
                yield _role_fault(
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


def _role_fault(resource: Resource, cause: str, fix: str) -> TemplateFault:
    return TemplateFault(resource.stack, resource.name, cause, fix)


ROLE_CHECKS = (
    iam_no_wildcard_admin,
    iam_pass_role_named,
    iam_secret_access_named,
    iam_github_subject_exact,
)
