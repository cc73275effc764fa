"""What the load balancer asks, what it expects and what the target answered, told with the diagnosis."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytool.ecs.model import Container, ServiceEvent, Target, TargetGroup, Task
from deploytool.ecs.task_diagnosis import CODES, diagnose_service, diagnose_target_health, diagnose_task
from tests.unit.ecs.test_task_diagnosis_rules import NOW

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/shop-app/0123456789abcdef"
GROUP = TargetGroup(ARN, "HTTP", "traffic-port", "/api/health", "200-299", 30, 5, 2)
TASK = Task(
    "arn:task", "arn:app:2", "STOPPED", stop_code="ServiceSchedulerInitiated",
    stopped_reason=f"Task failed ELB health checks in (target-group {ARN})",
    containers=(Container("app", exit_code=143),),
)  # fmt: skip
DIAGNOSIS = diagnose_task(TASK)
HEALTHY = Target("10.0.0.1", 3000, "healthy")
DRAINING = Target(
    "10.0.0.2", 3000, "draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"
)


def unhealthy(reason: str, description: str) -> Target:
    return Target("10.0.0.3", 3000, "unhealthy", reason, description)


@pytest.mark.parametrize(
    ("target", "tells", "fix"),
    [
        (
            unhealthy("Target.ResponseCodeMismatch", "Health checks failed with these codes: [500]"),
            "the target reports: Health checks failed with these codes: [500]",
            "let /api/health answer 200-299 without a login or a redirect",
        ),
        (unhealthy("Target.Timeout", "Request timed out"), "Request timed out", "listens on 0.0.0.0:3000"),
        (unhealthy("Target.FailedHealthChecks", "Health checks failed"), "Health checks failed", "speaks HTTP there"),
        (unhealthy("Target.NotInUse", "Target group is not configured"), "not configured", "let a listener"),
        (unhealthy("Target.IpUnusable", "The IP address is in use"), "in use", "an address of its own"),
        (unhealthy("Elb.InternalError", "An internal error"), "An internal error", "AWS's health dashboard"),
        (
            unhealthy("Target.SomethingNew", "What nobody knows yet"),
            "What nobody knows yet",
            "see what the app answers",
        ),
    ],
    ids=lambda each: each.reason if isinstance(each, Target) else "",
)
def test_the_target_s_own_reason_is_told_and_decides_the_fix(target: Target, tells: str, fix: str) -> None:
    told = diagnose_target_health(DIAGNOSIS, GROUP, (HEALTHY, DRAINING, target), None, 3000)

    assert tells in told.cause
    assert fix in told.fix
    assert told.code == DIAGNOSIS.code


@pytest.mark.parametrize("targets", [(), (HEALTHY, DRAINING)], ids=["none can be read", "none is unhealthy any more"])
def test_how_it_is_checked_is_told_without_the_target_s_reason(targets: tuple[Target, ...]) -> None:
    told = diagnose_target_health(DIAGNOSIS, GROUP, targets, None, 3000)

    assert told.cause == (
        "the load balancer's health checks of the task failed (target group shop-app); HTTP /api/health on port 3000 "
        "must answer 200-299 within 5 s, and missed 2 times, 30 s apart"
    )
    assert "see what the app answers there" in told.fix


@pytest.mark.parametrize(
    ("group", "port", "says"),
    [
        (GROUP, 0, "HTTP /api/health on port traffic-port must answer 200-299"),
        (replace(GROUP, port="9000"), 3000, "HTTP /api/health on port 9000 must answer 200-299"),
        (replace(GROUP, codes=""), 3000, "HTTP /api/health on port 3000 must answer within 5 s"),
        (TargetGroup(ARN, "TCP"), 3000, "TCP on port 3000 must answer within 5 s"),
    ],
    ids=["port not told", "port of its own", "any code", "TCP"],
)
def test_the_check_is_described(group: TargetGroup, port: int, says: str) -> None:
    assert says in diagnose_target_health(DIAGNOSIS, group, (), None, port).cause


@pytest.mark.parametrize(
    ("grace", "says"),
    [
        (None, "The service has no healthCheckGracePeriodSeconds: if the app only starts slowly, set it"),
        (0, "The service has no healthCheckGracePeriodSeconds"),
        (60, "If the app needs longer than 60 s to start, raise healthCheckGracePeriodSeconds"),
    ],
)
def test_the_grace_period_is_told(grace: int | None, says: str) -> None:
    assert says in diagnose_target_health(DIAGNOSIS, GROUP, (), grace, 3000).fix


def test_a_reason_that_the_event_told_already_is_not_told_twice() -> None:
    words = "Health checks failed with these codes: [502]"
    message = f"(service app) (port 3000) is unhealthy in (target-group {ARN}) due to (reason {words})"
    (found,) = diagnose_service([ServiceEvent("1", NOW, message)], None, None)
    assert found.code in CODES

    told = diagnose_target_health(found, GROUP, (unhealthy("Target.ResponseCodeMismatch", words),), 60, 3000)

    assert told.cause.count(words) == 1
    assert "HTTP /api/health on port 3000" in told.cause
