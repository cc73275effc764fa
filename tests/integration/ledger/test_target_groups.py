"""A target group and its targets, as MiniStack describes them."""

from __future__ import annotations

import pytest

from deploytool.aws.session import Session
from deploytool.ecs.model import Target, TargetGroup
from deploytool.ecs.observability import TargetGroups
from deploytool.errors import CloudError


def test_it_says_how_it_checks_and_how_its_targets_are(session: Session) -> None:
    client = session.client("elbv2")
    made = client.create_target_group(
        Name="shop-app", Protocol="HTTP", Port=3000, TargetType="ip", VpcId="vpc-1", HealthCheckPath="/api/health",
        HealthCheckIntervalSeconds=15, HealthCheckTimeoutSeconds=4, UnhealthyThresholdCount=3,
        Matcher={"HttpCode": "200-299"},
    )  # fmt: skip
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    client.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.9", "Port": 3000}])
    groups = TargetGroups(session)
    assert groups.group(arn) == TargetGroup(arn, "HTTP", "traffic-port", "/api/health", "200-299", 15, 4, 3)
    assert groups.targets(arn) == (Target("10.0.0.9", 3000, "healthy"),)


def test_one_that_is_not_there_is_an_error_of_ours(session: Session) -> None:
    arn = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/gone/0123456789abcdef"
    for ask in (TargetGroups(session).group, TargetGroups(session).targets):
        with pytest.raises(CloudError):
            ask(arn)
