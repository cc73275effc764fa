"""What roles may do and who may assume them; alarms and events that reach their recipients."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from typing import Any

from deploytool.infra.checks.model import Resource, TemplateSet, check
from deploytool.infra.intrinsics import listed, number

GITHUB = "token.actions.githubusercontent.com"
ALARM = "AWS::CloudWatch::Alarm"
_EVENTS = "events.amazonaws.com"
_POWERFUL = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")
_WITH_POLICIES = ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Group", "AWS::IAM::User")
_WHOLE_SECRETS = ("secretsmanager:GetSecretValue", "secretsmanager:*", "ssm:GetParameter", "ssm:GetParameters")
_DIMENSIONS = {
    "AWS/ApplicationELB": ({"LoadBalancer"}, {"LoadBalancer", "TargetGroup"}),
    "AWS/ECS": ({"ClusterName"}, {"ClusterName", "ServiceName"}),
    "AWS/ElastiCache": ({"CacheClusterId"}, {"CacheClusterId", "CacheNodeId"}),
    "AWS/RDS": ({"DBInstanceIdentifier"},),
    "AWS/States": ({"StateMachineArn"},),
    "ECS/ContainerInsights": ({"ClusterName"}, {"ClusterName", "ServiceName"}),
}
"""By namespace, the sets of dimensions that metrics are kept under. Under any other an alarm never changes state."""
_NAMES = {
    "ClusterName": ("AWS::ECS::Cluster", "ClusterName"),
    "DBInstanceIdentifier": ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
    "LoadBalancer": ("AWS::ElasticLoadBalancingV2::LoadBalancer", ""),
    "ServiceName": ("AWS::ECS::Service", "ServiceName"),
    "StateMachineArn": ("AWS::StepFunctions::StateMachine", ""),
    "TargetGroup": ("AWS::ElasticLoadBalancingV2::TargetGroup", ""),
}
"""What a dimension names: the type of resource, and its property that has the name."""


@check(*_WITH_POLICIES)
def iam_no_wildcard_admin(_: TemplateSet, holder: Resource) -> Iterator[tuple[str, str]]:
    """No administrator, and no service as a whole."""
    attached = json.dumps(holder.properties.get("ManagedPolicyArns") or [])
    for name in _POWERFUL:
        if name in attached:
            yield f"it has {name}", "allow the actions that it needs, on the resources it needs them on"
    for statement in _allowed(holder):
        wide = [str(action) for action in listed(statement.get("Action")) if str(action).endswith("*")]
        if "NotAction" in statement or wide:
            yield f"it allows {', '.join(wide) or 'everything but a few actions'}", "name each action"


@check(*_WITH_POLICIES)
def iam_pass_role_named(_: TemplateSet, holder: Resource) -> Iterator[tuple[str, str]]:
    """Who may pass any role to any service may do what any role may do."""
    for statement in _allowed(holder):
        if "iam:PassRole" not in listed(statement.get("Action")):
            continue
        wide = [text for text in map(_text, listed(statement.get("Resource"))) if text.endswith("*")]
        to_any = "iam:PassedToService" not in json.dumps(statement.get("Condition") or {})
        if wide or to_any:
            yield (
                f"it may pass {wide[0] if wide else 'its roles'} to {'any service' if to_any else 'tasks'}",
                "name the roles, and the service under iam:PassedToService",
            )


@check(*_WITH_POLICIES)
def iam_secret_access_named(_: TemplateSet, holder: Resource) -> Iterator[tuple[str, str]]:
    """A role reads its own secrets, not all of the account's."""
    for statement in _allowed(holder):
        reads = any(action in _WHOLE_SECRETS for action in listed(statement.get("Action")))
        if reads and any(_text(resource) == "*" for resource in listed(statement.get("Resource"))):
            yield "it may read every secret of the account", "name the secrets"


@check(*_WITH_POLICIES)
def iam_register_named(_: TemplateSet, holder: Resource) -> Iterator[tuple[str, str]]:
    """A revision of any family: what another environment runs, or migrates with, next.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
    """
    for statement in _allowed(holder):
        registers = "ecs:RegisterTaskDefinition" in listed(statement.get("Action"))
        texts = [_text(resource) for resource in listed(statement.get("Resource"))]
        if registers and any(text == "*" or text.endswith(":task-definition/*") for text in texts):
            yield "it may register a revision of any family", "name the families: task-definition/FAMILY:*"


_MFA = "aws:MultiFactorAuthPresent"
_TO_SET_UP_MFA = (
    "iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ListMFADevices", "iam:ListVirtualMFADevices",
    "iam:ResyncMFADevice",
)  # fmt: skip
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_iam_mfa-selfmanage.html"""


@check(*_WITH_POLICIES)
def iam_mfa_can_be_set_up(_: TemplateSet, holder: Resource) -> Iterator[tuple[str, str]]:
    """Who must use MFA can set up a device first, under a name of their choice, as the console asks for one."""
    statements = list(_of(holder))
    forced = [item for item in statements if item.get("Effect") == "Deny" and _MFA in json.dumps(item.get("Condition"))]
    for statement in forced:
        patterns = [str(action) for action in listed(statement.get("NotAction", []))]
        denied = [action for action in _TO_SET_UP_MFA if not any(fnmatch(action, pattern) for pattern in patterns)]
        if "NotAction" in statement and denied:
            yield f"without MFA it cannot be set up: {', '.join(denied)} is denied", "add it to NotAction"
    for statement in _allowed(holder) if forced else ():
        if "iam:CreateVirtualMFADevice" in listed(statement.get("Action")):
            texts = [_text(resource) for resource in listed(statement.get("Resource"))]
            if all(texts) and not any(text.endswith("*") for text in texts):
                yield "an MFA device can have one name only", "allow iam:CreateVirtualMFADevice on mfa/*"


@check("AWS::IAM::Role")
def iam_github_subject_exact(_: TemplateSet, role: Resource) -> Iterator[tuple[str, str]]:
    """A role for GitHub's tokens names its subjects: else any repository in the world may assume it."""
    for statement in _statements(role.properties.get("AssumeRolePolicyDocument")):
        if statement.get("Action") != "sts:AssumeRoleWithWebIdentity":
            continue
        conditions = statement.get("Condition") or {}
        equal = conditions.get("StringEquals") or {}
        subjects = [str(subject) for subject in listed(equal.get(f"{GITHUB}:sub", [])) if subject]
        audience = listed(equal.get(f"{GITHUB}:aud", []))
        if list(conditions) != ["StringEquals"] or audience != ["sts.amazonaws.com"]:
            yield "its trust policy compares more than audience and subject", "use StringEquals on both, alone"
        elif not subjects or any("*" in subject or "?" in subject for subject in subjects):
            yield (
                f"tokens of {', '.join(subjects) or 'any repository'} may assume it",
                "name the subjects in full, as repo:ORG/REPO:environment:NAME",
            )


@check(ALARM)
def alarm_dimension_is_metric(_: TemplateSet, alarm: Resource) -> Iterator[tuple[str, str]]:
    """CloudWatch takes any dimension, and an alarm on one that does not exist never goes off."""
    namespace = str(alarm.properties.get("Namespace", ""))
    dimensions = {str(dimension.get("Name")) for dimension in alarm.properties.get("Dimensions") or []}
    known = _DIMENSIONS.get(namespace)
    if known is not None and dimensions not in known:
        yield (
            f"{namespace} has no metric by {', '.join(sorted(dimensions)) or 'nothing'}: the alarm never goes off",
            f"use {' or '.join(' with '.join(sorted(names)) for names in known)}",
        )


@check(ALARM)
def alarm_dimension_exists(templates: TemplateSet, alarm: Resource) -> Iterator[tuple[str, str]]:
    """The service, cluster, database or load balancer of a dimension is one of these stacks'."""
    for dimension in alarm.properties.get("Dimensions") or []:
        kind, key = _NAMES.get(str(dimension.get("Name")), ("", ""))
        value = dimension.get("Value")
        candidates = list(templates.of_type(kind))
        if not candidates or any(target in candidates for target in templates.targets(alarm.stack, value)):
            continue
        if value not in [candidate.properties.get(key) for candidate in candidates]:
            yield f"no {kind} is called {value}: the alarm never goes off", f"name {candidates[0].name}"


@check(ALARM)
def alarm_has_subscriber(_: TemplateSet, alarm: Resource) -> Iterator[tuple[str, str]]:
    """An alarm without an action is red in a console and notifies no one."""
    if not alarm.properties.get("AlarmActions"):
        yield "the alarm notifies no one", "name the alerts' topic under AlarmActions"


_ENDS = ("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted")


@check("AWS::StepFunctions::StateMachine")
def alarm_covers_every_end(templates: TemplateSet, machine: Resource) -> Iterator[tuple[str, str]]:
    """A run that takes too long, or is stopped, does not count as failed.

    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
    """
    watched = {
        metric
        for alarm in templates.of_type(ALARM)
        for metric, value in _metrics(alarm, "StateMachineArn")
        if machine in templates.targets(alarm.stack, value)
    }
    missing = [metric for metric in _ENDS if metric not in watched]
    if watched & set(_ENDS) and missing:
        yield f"no alarm goes off by {' or '.join(missing)}", "add an alarm on it"


@check("AWS::ElastiCache::ReplicationGroup")
def alarm_covers_every_node(templates: TemplateSet, group: Resource) -> Iterator[tuple[str, str]]:
    """After a failover another node is the primary."""
    nodes = number(group.properties.get("NumCacheClusters", 1)) or 1
    watched: dict[str, set[str]] = {}
    for alarm in templates.of_type(ALARM):
        for metric, value in _metrics(alarm, "CacheClusterId"):
            if group in templates.targets(alarm.stack, value):
                watched.setdefault(metric, set()).add(json.dumps(value))
    for metric, values in watched.items():
        if len(values) < nodes:
            yield f"alarms on {metric} watch {len(values)} of {nodes} nodes", "add an alarm for each node"


def _metrics(alarm: Resource, dimension: str) -> Iterator[tuple[str, Any]]:
    """Metric, and value of one of its dimensions: of the alarm itself, and of each part of its metric math."""
    parts = [(item.get("MetricStat") or {}).get("Metric") or {} for item in alarm.properties.get("Metrics") or []]
    for part in (alarm.properties, *parts):
        for item in part.get("Dimensions") or []:
            if item.get("Name") == dimension:
                yield str(part.get("MetricName", "")), item.get("Value")


@check("AWS::Events::Rule")
def event_topic_policy(templates: TemplateSet, rule: Resource) -> Iterator[tuple[str, str]]:
    """The topic lets EventBridge publish without a condition.

    EventBridge sends SNS nothing that a condition could compare, so a condition is never met, and what a rule sends
    is lost silently.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    for target in rule.properties.get("Targets") or []:
        topic = templates.target(rule.stack, target.get("Arn"))
        if topic and topic.type == "AWS::SNS::Topic" and not _lets_in(templates, topic):
            yield (
                f"{topic.name} silently drops what it sends",
                f"let {_EVENTS} publish there with a statement that has no Condition",
            )


def _lets_in(templates: TemplateSet, topic: Resource) -> bool:
    return any(
        _is_for_events(statement)
        for policy in templates.of_type("AWS::SNS::TopicPolicy")
        if topic in templates.targets(policy.stack, policy.properties.get("Topics"))
        for statement in listed(policy.properties["PolicyDocument"]["Statement"])
    )


def _is_for_events(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    services = listed(principal.get("Service")) if isinstance(principal, Mapping) else []
    return statement["Effect"] == "Allow" and _EVENTS in services and "Condition" not in statement


def _of(holder: Resource) -> Iterator[Mapping[str, Any]]:
    documents = [policy.get("PolicyDocument") for policy in holder.properties.get("Policies") or []]
    for document in (*documents, holder.properties.get("PolicyDocument")):
        yield from _statements(document)


def _allowed(holder: Resource) -> Iterator[Mapping[str, Any]]:
    return (statement for statement in _of(holder) if statement.get("Effect") == "Allow")


def _statements(document: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    return listed((document or {}).get("Statement", []))


def _text(value: Any) -> str:
    """The text of a resource, with what only AWS knows as it is written."""
    match value:
        case str(text) | {"Fn::Sub": [str(text), _]}:
            return text
        case _:
            return ""
