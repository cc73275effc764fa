"""What is known of ECS: timelines of DescribeServices and DescribeServiceDeployments, each with its source.

``captured``: printed by a real account. ``documented``: AWS says so. ``inferred``: a guess; it justifies no status and
counts for no figure. ``scripts/record-ecs`` writes the same format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from deploytool.ecs.deployment_model import DeploymentState, Rollout
from deploytool.ecs.model import ServiceDeployment, ServiceState
from deploytool.ecs.parse import parse_service, parse_service_deployment

DIRECTORY = Path(__file__).parents[1] / "evidence"
GRADES = ("captured", "documented", "inferred")
BREAKERS = {"rollback": (True, True), "stop": (True, False), "off": (False, False)}
ARN = "arn:aws:ecs:us-east-1:123456789012"
_START = datetime(2026, 1, 1, tzinfo=UTC)

Json = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """What ECS showed at one moment; ``service`` and ``service_deployment`` are ``None`` where the source has none."""

    service: ServiceState | None
    service_deployment: ServiceDeployment | None
    partial: bool
    """It may lack entries that ECS listed."""
    passing: bool
    """Lasts so shortly that a model need not show it."""
    expected: DeploymentState | None
    """What deploytool must make of it."""
    expected_alone: DeploymentState | None
    """The same where DescribeServiceDeployments is denied."""


@dataclass(frozen=True)
class Setup:
    """The service before the first reading."""

    desired: int
    breaker: str
    strategy: str
    hook: str
    """Lifecycle stage of a PAUSE hook, or empty."""
    alarms: bool


@dataclass(frozen=True)
class Timeline:
    """One file of ``tests/evidence``."""

    name: str
    grade: str
    happened: str
    source: str
    rollout: Rollout
    setup: Setup
    drive: tuple[str, ...]
    """What makes a model show it, step by step."""
    readings: tuple[Reading, ...]

    @property
    def counts(self) -> bool:
        """Whether it may justify anything."""
        return self.grade != "inferred"


def load(path: Path) -> Timeline:
    """Raises KeyError where a field is missing that every timeline has."""
    raw = yaml.safe_load(path.read_text())
    setup = Setup(
        desired=raw["service"]["desiredCount"],
        breaker=raw["service"].get("breaker", "rollback"),
        strategy=raw["service"].get("strategy", "ROLLING"),
        hook=raw["service"].get("hook", ""),
        alarms=raw["service"].get("alarms", False),
    )
    revisions = {
        entry["id"]: entry["taskDefinition"] for each in raw["readings"] for entry in each.get("deployments", ())
    }
    ours, previous = raw["rollout"]["deploymentId"], raw["rollout"]["previousDeploymentId"]
    asked = raw["rollout"].get("taskDefinition") or revisions.get(ours, "app:2")
    rollout = Rollout("app", ours, asked, previous, revisions.get(previous, "app:1"))
    return Timeline(
        name=path.stem,
        grade=raw["grade"],
        happened=raw["happened"],
        source=raw["source"],
        rollout=rollout,
        setup=setup,
        drive=tuple(raw["drive"]),
        readings=tuple(_reading(each, rollout, setup, number) for number, each in enumerate(raw["readings"])),
    )


def timelines() -> tuple[Timeline, ...]:
    """All of them, by name."""
    return tuple(load(path) for path in sorted(DIRECTORY.glob("*.yaml")))


def _reading(raw: Mapping[str, Any], rollout: Rollout, setup: Setup, number: int) -> Reading:
    alone = raw.get("is_without", raw.get("is") if "deployments" in raw else None)
    return Reading(
        service=parse_service(_service(raw, setup, number)) if "deployments" in raw else None,
        service_deployment=_service_deployment(raw["serviceDeployment"], rollout)
        if "serviceDeployment" in raw
        else None,
        partial=raw.get("partial", False),
        passing=raw.get("passing", False),
        expected=DeploymentState(raw["is"]) if "is" in raw else None,
        expected_alone=DeploymentState(alone) if alone else None,
    )


def _service(raw: Mapping[str, Any], setup: Setup, number: int) -> Json:
    """The answer of DescribeServices around what the source prints."""
    enable, rollback = BREAKERS[setup.breaker]
    entries = raw["deployments"]
    at = _START + timedelta(minutes=number)
    messages = raw.get("events", [])
    return {
        "serviceName": "app",
        "serviceArn": f"{ARN}:service/shop/app",
        "clusterArn": f"{ARN}:cluster/shop",
        "status": "ACTIVE",
        "taskDefinition": next((each["taskDefinition"] for each in entries if each["status"] == "PRIMARY"), ""),
        "desiredCount": setup.desired,
        "runningCount": sum(each.get("runningCount", 0) for each in entries),
        "pendingCount": sum(each.get("pendingCount", 0) for each in entries),
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": enable, "rollback": rollback}},
        "deployments": [
            {"desiredCount": setup.desired, "runningCount": 0, "pendingCount": 0, **each} for each in entries
        ],
        "events": [
            {"id": str(index), "createdAt": at - timedelta(seconds=index), "message": message}
            for index, message in enumerate(messages)
        ],
    }


def _service_deployment(raw: Json, rollout: Rollout) -> ServiceDeployment:
    target = f"{ARN}:service-revision/shop/app/{rollout.deployment_id.rpartition('/')[2]}"
    return parse_service_deployment(
        {
            "serviceDeploymentArn": f"{ARN}:service-deployment/shop/app/a",
            "targetServiceRevision": {"arn": target},
            **raw,
        }
    )


_ID = re.compile(r"ecs-svc/[\w-]+")
_TASK = re.compile(r"(?<= )\(task [0-9a-f-]+\)")
_KINDS = (
    (re.compile(r"^\(service [^,)]+"), "(service S"),
    (re.compile(r" \(task T\)(?: \(task T\))+"), " (task T)"),
    (re.compile(r"\b\d+ (pending |running )?(task|target)s?\b"), r"N \1\2s"),
    (re.compile(r"(?<=tasks)(?:: \(task T\))?\.?$"), ""),
    (re.compile(r"(?<=Reason: ).*$", re.DOTALL), "R"),
    (re.compile(r"arn:aws:elasticloadbalancing:[^)]*"), "A"),
    (re.compile(r"\.$"), ""),
)


def kind(text: str, rollout: Rollout) -> str:
    """An event or a reason without what differs from run to run: ids as roles, names, numbers of tasks."""
    text = _TASK.sub("(task T)", _ID.sub(lambda match: role(match[0], rollout), text))
    for pattern, instead in _KINDS:
        text = pattern.sub(instead, text)
    return text


def role(deployment_id: str, rollout: Rollout) -> str:
    """Whose deployment it is."""
    known = {rollout.deployment_id: "OURS", rollout.previous_deployment_id: "PREVIOUS"}
    return known.get(deployment_id, "OTHER")
