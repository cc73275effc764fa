"""Facts of the account: users, roles, trails, alarms, alerts, secrets and log groups. No secret value is read."""

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

REPORT_SECONDS = 15
ROOT = "<root_account>"


def collect_mfa(reader: Reader) -> Mfa:
    """From the credential report."""
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
    """IAM creates the report on request, and keeps it for four hours."""
    for _ in range(REPORT_SECONDS):
        if reader.ask("iam", "generate_credential_report").get("State") == "COMPLETE":
            content = reader.ask("iam", "get_credential_report")["Content"].decode("utf-8")
            return list(csv.DictReader(io.StringIO(content)))
        time.sleep(1)
    raise FactUnavailable(Unknown(f"IAM created no credential report within {REPORT_SECONDS} s", "run doctor again"))


def collect_trails(reader: Reader) -> tuple[Trail, ...]:
    """Trails that record this region, those of other regions included."""
    return tuple(
        Trail(
            name=raw["Name"],
            logging=_logs(reader, raw["TrailARN"]),
            every_region=bool(raw.get("IsMultiRegionTrail")),
            validated=bool(raw.get("LogFileValidationEnabled")),
        )
        for raw in reader.every("cloudtrail", "describe_trails", "trailList")
    )


def _logs(reader: Reader, arn: str) -> bool:
    try:
        return bool(reader.ask("cloudtrail", "get_trail_status", Name=arn)["IsLogging"])
    except NotFound:
        return False


def collect_detectors(reader: Reader) -> tuple[str, ...]:
    """GuardDuty detectors of the region that are enabled."""
    return tuple(
        id_
        for id_ in reader.every("guardduty", "list_detectors", "DetectorIds")
        if reader.ask("guardduty", "get_detector", DetectorId=id_).get("Status") == "ENABLED"
    )


def collect_alarms(reader: Reader) -> tuple[Alarm, ...]:
    """Metric alarms of the region."""
    return tuple(
        Alarm(
            name=raw["AlarmName"],
            namespace=raw.get("Namespace", ""),
            metric=raw.get("MetricName", ""),
            dimensions={pair["Name"]: pair["Value"] for pair in raw.get("Dimensions", ())},
            actions=tuple(raw.get("AlarmActions") or ()),
            enabled=bool(raw.get("ActionsEnabled", True)),
        )
        for raw in reader.every("cloudwatch", "describe_alarms", "MetricAlarms", AlarmTypes=["MetricAlarm"])
    )


def collect_event_rules(reader: Reader) -> tuple[EventRule, ...]:
    """EventBridge rules for security findings."""
    return tuple(
        EventRule(
            name=raw["Name"],
            sources=_sources(raw),
            enabled=str(raw.get("State", "")).startswith("ENABLED"),
            targets=tuple(
                target["Arn"] for target in reader.every("events", "list_targets_by_rule", "Targets", Rule=raw["Name"])
            ),
        )
        for raw in reader.every("events", "list_rules", "Rules")
        if not set(SECURITY).isdisjoint(_sources(raw))
    )


def _sources(raw: dict[str, Any]) -> tuple[str, ...]:
    source = json.loads(raw.get("EventPattern") or "{}").get("source", ())
    return tuple(name for name in source if isinstance(name, str))


def collect_topics(reader: Reader, arns: Collection[str]) -> tuple[Topic, ...]:
    return tuple(Topic(arn, _confirmed(reader, arn)) for arn in sorted(arns))


def _confirmed(reader: Reader, arn: str) -> int:
    try:
        listed = reader.every("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)
    except NotFound:
        return 0
    # Until it is confirmed, it has PendingConfirmation instead of an ARN.
    return sum(str(raw.get("SubscriptionArn", "")).startswith("arn:") for raw in listed)


Json = Mapping[str, Any]
AWS_OWN = ":iam::aws:policy/"


def collect_roles(reader: Reader) -> tuple[Role, ...]:
    """GetAccountAuthorizationDetails; policies that AWS manages are known by name only."""
    pages = reader.pages("iam", "get_account_authorization_details", Filter=["Role", "LocalManagedPolicy"])
    own = {policy["Arn"]: policy for page in pages for policy in page.get("Policies", ())}
    return tuple(_role(raw, own) for page in pages for raw in page.get("RoleDetailList", ()))


def _role(raw: Json, own: Mapping[str, Json]) -> Role:
    attached = raw.get("AttachedManagedPolicies") or ()
    granted: list[Grant] = []
    for policy in raw.get("RolePolicyList") or ():
        granted += grants(policy["PolicyName"], policy["PolicyDocument"])
    for policy in attached:
        versions = own.get(policy["PolicyArn"], {}).get("PolicyVersionList") or ()
        document: Json = next((version["Document"] for version in versions if version.get("IsDefaultVersion")), {})
        granted += grants(policy["PolicyName"], document)
    return Role(
        name=raw["RoleName"],
        arn=raw["Arn"],
        grants=tuple(granted),
        managed=tuple(policy["PolicyName"] for policy in attached if AWS_OWN in policy["PolicyArn"]),
        github=trusts(raw.get("AssumeRolePolicyDocument") or {}),
    )


def collect_secrets(reader: Reader, tasks: Iterable[TaskShape]) -> tuple[SecretState, ...]:
    """Each secret once, with every variable that uses it."""
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
    """Of ``rate(30 days)``; 0 of a cron expression."""
    rate = re.fullmatch(r"rate\((\d+) days?\)", schedule)
    return int(rate[1]) if rate else 0


def _parameter(reader: Reader, name: str, variables: tuple[str, ...]) -> SecretState:
    short = name.partition(":parameter")[2] or name
    filters = [{"Key": "Name", "Option": "Equals", "Values": [short]}]
    listed = reader.every("ssm", "describe_parameters", "Parameters", ParameterFilters=filters)
    return SecretState(name, variables, exists=bool(listed), parameter=True)


def collect_log_groups(reader: Reader, tasks: Iterable[TaskShape]) -> tuple[LogGroup, ...]:
    """Each log group that the containers write to."""
    names = dict.fromkeys(name for task in tasks for name in task.log_groups)
    return tuple(_log_group(reader, name) for name in names)


def _log_group(reader: Reader, name: str) -> LogGroup:
    listed = reader.every("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    raw = next((raw for raw in listed if raw["logGroupName"] == name), None)
    return LogGroup(name, raw is not None, raw.get("retentionInDays") if raw else None)
