"""The secrets and log groups that task definitions name; their values are never read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from deploytool.aws.survey.reader import Reader
from deploytool.core.doctor.facts_services import TaskShape
from deploytool.core.doctor.facts_stores import LogGroup, SecretState
from deploytool.errors import NotFound


def secrets(reader: Reader, tasks: Iterable[TaskShape]) -> tuple[SecretState, ...]:
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


def log_groups(reader: Reader, tasks: Iterable[TaskShape]) -> tuple[LogGroup, ...]:
    """Each log group that the containers write to."""
    names = dict.fromkeys(name for task in tasks for name in task.log_groups)
    return tuple(_log_group(reader, name) for name in names)


def _log_group(reader: Reader, name: str) -> LogGroup:
    listed = reader.every("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    found = next((each for each in listed if each["logGroupName"] == name), None)
    return LogGroup(name, found is not None, found.get("retentionInDays") if found else None)
