"""A task that the load balancer finds unhealthy: it is asked why, and only then."""

from __future__ import annotations

import pytest

from deploytool.ecs.model import LoadBalancer, Target, TargetGroup
from deploytool.errors import PermissionMissing
from deploytool.release.events import WarningIssued
from deploytool.release.model import Outcome, Result
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.life import CRASHES, Life
from tests.unit.release import plan_cases as cases

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/shop-app/0123456789abcdef"
OTHER = ARN.replace("shop-app", "shop-admin")
UNHEALTHY = Life(starts_after=2.0, runs_for=1.0, unhealthy=f"Task failed ELB health checks in (target-group {ARN})")
SERVED = LoadBalancer(ARN, "app", 3000)


def cloud_with(life: Life, *balancers: LoadBalancer) -> Cloud:
    cloud = Cloud()
    cloud.ecs.add("app", desired=2, load_balancers=balancers)
    cloud.ecs.next_life["app"] = life
    cloud.target_groups.checks = TargetGroup(ARN, path="/api/health", codes="200")
    cloud.target_groups.health = (
        Target(
            "10.0.0.9", 3000, "unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]"
        ),
    )
    return cloud


def released(cloud: Cloud) -> Outcome:
    outcome = cloud.release(cloud.plan(cases.service("app")))
    assert outcome.result is Result.ROLLED_BACK
    return outcome


def denied(action: str) -> PermissionMissing:
    return PermissionMissing(f"elasticloadbalancing:{action}", "*", "arn:aws:iam::123456789012:role/deploy")


@pytest.mark.parametrize("balancers", [(SERVED,), (LoadBalancer(OTHER, "app", 9000), SERVED)], ids=["one", "several"])
def test_path_port_codes_and_the_target_s_reason_are_told_once(balancers: tuple[LoadBalancer, ...]) -> None:
    outcome = released(cloud_with(UNHEALTHY, *balancers))

    (why,) = [each for each in outcome.diagnoses if each.code == "elb-health-check-failed"]
    assert "HTTP /api/health on port 3000 must answer 200" in why.cause
    assert "[404]" in why.cause
    assert "let /api/health answer 200" in why.fix


def test_the_load_balancer_is_not_asked_when_a_task_ends_by_itself() -> None:
    cloud = cloud_with(CRASHES, SERVED)

    released(cloud)

    assert cloud.target_groups.asked == []


def test_it_is_not_asked_when_nobody_knows_which_target_group_it_was() -> None:
    cloud = cloud_with(UNHEALTHY, LoadBalancer(OTHER, "app", 9000), LoadBalancer(OTHER + "0", "app", 9000))

    outcome = released(cloud)

    assert cloud.target_groups.asked == []
    assert [each.code for each in outcome.diagnoses] == ["elb-health-check-failed"]


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("DescribeTargetHealth", "HTTP /api/health on port 3000 must answer 200 within 5 s"),
        ("DescribeTargetGroups", "the load balancer's health checks of the task failed (target group shop-app)"),
    ],
)
def test_the_rest_is_explained_and_the_statement_told_when_it_may_not_be_read(action: str, told: str) -> None:
    cloud = cloud_with(UNHEALTHY, SERVED)
    cloud.target_groups.denied = {action: denied(action)}

    outcome = released(cloud)

    assert told in outcome.diagnoses[0].cause
    assert "[404]" not in outcome.diagnoses[0].cause
    warnings = [event.text for event in cloud.events if isinstance(event, WarningIssued)]
    assert any(f'"Action": "elasticloadbalancing:{action}"' in text for text in warnings)
