"""Trails, detectors, alarms, topics, rules and people."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from deploytool.doctor.checks.services import SECURITY
from deploytool.doctor.collect.reader import Reader
from deploytool.doctor.facts import LogGroup, SecretState, TaskShape
from deploytool.doctor.facts_account import Alarm, EventRule, Grant, Mfa, Role, Topic, Trail
from deploytool.doctor.ownership import grants, trusts
from deploytool.doctor.result import FactUnavailable, Unknown
from deploytool.errors import NotFound

# SEG aws.survey.account
# Trails, detectors, alarms, topics, rules and people.

REPORT_SECONDS = 15
ROOT = "<root_account>"


def collect_mfa(reader: Reader) -> Mfa:
    """Who has none, from the credential report."""
    rows = _credentials(reader)
    return Mfa(
        root=all(_yes(row, "mfa_active") for row in rows if row["user"] == ROOT)
        and bool(reader.ask("iam", "get_account_summary")["SummaryMap"].get("AccountMFAEnabled")),
        without=tuple(
            row["user"]
            for row in rows
            if row["user"] != ROOT and _yes(row, "password_enabled") and not _yes(row, "mfa_active")
        ),
    )


def _yes(row: dict[str, str], column: str) -> bool:
    return row.get(column) == "true"


def _credentials(reader: Reader) -> list[dict[str, str]]:
    """IAM makes the report when it is asked for, and keeps it for four hours."""
    for _ in range(REPORT_SECONDS):
        if reader.ask("iam", "generate_credential_report").get("State") == "COMPLETE":
            content = reader.ask("iam", "get_credential_report")["Content"].decode("utf-8")
            return list(csv.DictReader(io.StringIO(content)))
        time.sleep(1)
    raise FactUnavailable(Unknown(f"IAM made no credential report within {REPORT_SECONDS} s", "run it again"))


def collect_trails(reader: Reader) -> tuple[Trail, ...]:
    """Trails that record this region, those of other regions included."""
    return tuple(
        Trail(
            name=each["Name"],
            logging=_logs(reader, each["TrailARN"]),
            every_region=bool(each.get("IsMultiRegionTrail")),
            validated=bool(each.get("LogFileValidationEnabled")),
        )
        for each in reader.every("cloudtrail", "describe_trails", "trailList")
    )


def _logs(reader: Reader, arn: str) -> bool:
    try:
        return bool(reader.ask("cloudtrail", "get_trail_status", Name=arn)["IsLogging"])
    except NotFound:
        return False


def collect_detectors(reader: Reader) -> tuple[str, ...]:
    """GuardDuty detectors of the region that are enabled."""
    return tuple(
        each
        for each in reader.every("guardduty", "list_detectors", "DetectorIds")
        if reader.ask("guardduty", "get_detector", DetectorId=each).get("Status") == "ENABLED"
    )


def collect_alarms(reader: Reader) -> tuple[Alarm, ...]:
    """Metric alarms of the region."""
    return tuple(
        Alarm(
            name=each["AlarmName"],
            namespace=each.get("Namespace", ""),
            metric=each.get("MetricName", ""),
            dimensions={pair["Name"]: pair["Value"] for pair in each.get("Dimensions", ())},
            actions=tuple(each.get("AlarmActions") or ()),
            enabled=bool(each.get("ActionsEnabled", True)),
        )
        for each in reader.every("cloudwatch", "describe_alarms", "MetricAlarms", AlarmTypes=["MetricAlarm"])
    )


def collect_event_rules(reader: Reader) -> tuple[EventRule, ...]:
    """EventBridge rules for what finds attacks."""
    return tuple(
        EventRule(
            name=each["Name"],
            sources=_sources(each),
            enabled=str(each.get("State", "")).startswith("ENABLED"),
            targets=_targets(reader, each["Name"]),
        )
        for each in reader.every("events", "list_rules", "Rules")
        if not set(SECURITY).isdisjoint(_sources(each))
    )


def _sources(raw: dict[str, Any]) -> tuple[str, ...]:
    source = json.loads(raw.get("EventPattern") or "{}").get("source", ())
    return tuple(each for each in source if isinstance(each, str))


def _targets(reader: Reader, rule: str) -> tuple[str, ...]:
    return tuple(each["Arn"] for each in reader.every("events", "list_targets_by_rule", "Targets", Rule=rule))


def collect_topics(reader: Reader, arns: Collection[str]) -> tuple[Topic, ...]:
    """Topics with how many listen."""
    return tuple(Topic(arn, _confirmed(reader, arn)) for arn in sorted(arns))


def _confirmed(reader: Reader, arn: str) -> int:
    try:
        listed = reader.every("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)
    except NotFound:
        return 0
    # Until it is confirmed, PendingConfirmation stands in place of the ARN.
    return sum(str(each.get("SubscriptionArn", "")).startswith("arn:") for each in listed)


# SEG aws.survey.roles
# Every role with all that it is allowed, in one call.

Json = Mapping[str, Any]
AWS_OWN = ":iam::aws:policy/"


def collect_roles(reader: Reader) -> tuple[Role, ...]:
    """GetAccountAuthorizationDetails; policies that AWS manages are known by their names."""
    pages = reader.pages("iam", "get_account_authorization_details", Filter=["Role", "LocalManagedPolicy"])
    own = {policy["Arn"]: policy for page in pages for policy in page.get("Policies", ())}
    return tuple(_role(role, own) for page in pages for role in page.get("RoleDetailList", ()))


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


# SEG aws.survey.secrets
# The secrets and log groups that task definitions name; their values are never read.


def collect_secrets(reader: Reader, tasks: Iterable[TaskShape]) -> tuple[SecretState, ...]:
    """Each secret once, with every variable that it is read for."""
    variables: dict[str, dict[str, None]] = {}
    for task in tasks:
        for secret in task.secrets:
            variables.setdefault(secret.resource, {}).update(dict.fromkeys(filter(None, (secret.name,))))
    return tuple(
        _secret(reader, name, tuple(used)) if ":secretsmanager:" in name else _parameter(reader, name, tuple(used))
        for name, used in variables.items()
    )


def _secret(reader: Reader, name: str, variables: tuple[str, ...]) -> SecretState:
    try:
        raw = reader.ask("secretsmanager", "describe_secret", SecretId=name)
    except NotFound:
        return SecretState(name, variables, exists=False)
    rules = raw.get("RotationRules") or {}
    days = rules.get("AutomaticallyAfterDays") or _days(rules.get("ScheduleExpression", ""))
    return SecretState(
        name=raw.get("ARN", name),
        variables=variables,
        deleted=bool(raw.get("DeletedDate")),
        rotates=bool(raw.get("RotationEnabled")),
        rotate_days=days,
        rotated_at=raw.get("LastRotatedDate"),
    )


def _days(schedule: str) -> int:
    """``rate(30 days)``; a cron expression says nothing that could be compared."""
    found = re.fullmatch(r"rate\((\d+) days?\)", schedule)
    return int(found[1]) if found else 0


def _parameter(reader: Reader, name: str, variables: tuple[str, ...]) -> SecretState:
    short = name.partition(":parameter")[2] or name
    wanted = [{"Key": "Name", "Option": "Equals", "Values": [short]}]
    found = reader.every("ssm", "describe_parameters", "Parameters", ParameterFilters=wanted)
    return SecretState(name, variables, exists=bool(found), parameter=True)


def collect_log_groups(reader: Reader, tasks: Iterable[TaskShape]) -> tuple[LogGroup, ...]:
    """Each log group that the containers write to."""
    names = dict.fromkeys(name for task in tasks for name in task.log_groups)
    return tuple(_log_group(reader, name) for name in names)


def _log_group(reader: Reader, name: str) -> LogGroup:
    listed = reader.every("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    found = next((each for each in listed if each["logGroupName"] == name), None)
    return LogGroup(name, found is not None, found.get("retentionInDays") if found else None)
