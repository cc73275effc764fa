"""Why RunTask answered 200 and yet started nothing: ``failures[]``."""

from __future__ import annotations

from dataclasses import replace

from deploytool.core.diagnosis.rule import Found, Rule, find
from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.observed import NotStarted

_RULES = (
    Rule(
        "no-capacity",
        r"capacity is unavailable|no capacity",
        "AWS has no capacity for this task at the moment",
        "try again, or allow more subnets in other Availability Zones, or FARGATE instead of FARGATE_SPOT",
        retriable=True,
    ),
    Rule(
        "quota-reached",
        r"reached the limit|vcpu limit|quota",
        "the account's quota of running tasks or vCPUs is used up",
        "stop what is not needed, or ask for a higher Fargate quota in Service Quotas",
        retriable=True,
    ),
    Rule(
        "no-room",
        r"RESOURCE:(?P<resource>[A-Z_]+)",
        "no host of the cluster has enough {resource} free for the task",
        "lower cpu or memory of the task definition, or give the cluster more hosts",
        retriable=True,
    ),
    Rule(
        "no-agent",
        r"AGENT",
        "the container agent of the host is not connected",
        "look at the container instances of the cluster; with Fargate this does not happen",
        retriable=True,
    ),
    Rule(
        "wrong-host",
        r"ATTRIBUTE|LOCATION",
        "no host of the cluster has what the task definition requires",
        "check requiresCompatibilities, placementConstraints and the launch type copied from the service",
        fatal=True,
    ),
    Rule(
        "missing",
        r"MISSING|not found",
        "what the task was to run on or from does not exist: {arn}",
        "check cluster and task definition in deploytool.yml",
        fatal=True,
    ),
    Rule(
        "task-definition-inactive",
        r"INACTIVE",
        "the task definition is INACTIVE",
        "register it again; an INACTIVE revision cannot be run",
        fatal=True,
    ),
)
_NOT_STARTED = Rule("not-started", "", "ECS did not start the task", "read AWS's words below")


def of_not_started(failure: NotStarted, attempt: int = 1, attempts: int = 1) -> Diagnosis:
    """Why nothing was started. ``attempt`` counts from 1; with several ``attempts`` the cause says which this was."""
    text = f"{failure.reason} {failure.detail}".strip()
    found = find(_RULES, text) or Found(_NOT_STARTED)
    diagnosis = found.say(text, {"arn": failure.arn or "not told"})
    if attempts == 1:
        return diagnosis
    return replace(diagnosis, cause=f"{diagnosis.cause} (attempt {attempt} of {attempts})")
