"""Trails, detectors, alarms, topics, rules and people."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Collection
from typing import Any

from deploytool.aws.survey.reader import Reader
from deploytool.core.doctor.check_alarms import SECURITY
from deploytool.core.doctor.facts_account import Alarm, EventRule, Mfa, Topic, Trail
from deploytool.core.doctor.finding import CannotTell, Unseen
from deploytool.errors import NotFound

REPORT_SECONDS = 15
ROOT = "<root_account>"


def mfa(reader: Reader) -> Mfa:
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
    raise Unseen(CannotTell(f"IAM made no credential report within {REPORT_SECONDS} s", "run it again"))


def trails(reader: Reader) -> tuple[Trail, ...]:
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


def detectors(reader: Reader) -> tuple[str, ...]:
    """GuardDuty detectors of the region that are enabled."""
    return tuple(
        each
        for each in reader.every("guardduty", "list_detectors", "DetectorIds")
        if reader.ask("guardduty", "get_detector", DetectorId=each).get("Status") == "ENABLED"
    )


def alarms(reader: Reader) -> tuple[Alarm, ...]:
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


def rules(reader: Reader) -> tuple[EventRule, ...]:
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


def topics(reader: Reader, arns: Collection[str]) -> tuple[Topic, ...]:
    """Topics with how many listen."""
    return tuple(Topic(arn, _confirmed(reader, arn)) for arn in sorted(arns))


def _confirmed(reader: Reader, arn: str) -> int:
    try:
        listed = reader.every("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)
    except NotFound:
        return 0
    # Until it is confirmed, PendingConfirmation stands in place of the ARN.
    return sum(str(each.get("SubscriptionArn", "")).startswith("arn:") for each in listed)
