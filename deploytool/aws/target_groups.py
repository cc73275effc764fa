"""Target groups of a load balancer (port ``run.ports.TargetGroups``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploytool.aws.call import call
from deploytool.aws.session import Session
from deploytool.core.load_balancing import Target, TargetGroup


class TargetGroups:
    """DescribeTargetGroups and DescribeTargetHealth."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def group(self, arn: str) -> TargetGroup:
        """How it checks its targets. Raises CloudError."""
        answer = call(self._session.client("elbv2"), "describe_target_groups", TargetGroupArns=[arn])
        return _group(answer["TargetGroups"][0])

    def targets(self, arn: str) -> tuple[Target, ...]:
        """The health of each target. Raises CloudError."""
        answer = call(self._session.client("elbv2"), "describe_target_health", TargetGroupArn=arn)
        return tuple(_target(each) for each in answer["TargetHealthDescriptions"])


def _group(raw: Mapping[str, Any]) -> TargetGroup:
    matcher = raw.get("Matcher", {})
    return TargetGroup(
        arn=raw["TargetGroupArn"],
        protocol=raw.get("HealthCheckProtocol", "HTTP"),
        port=str(raw.get("HealthCheckPort", "traffic-port")),
        path=raw.get("HealthCheckPath", ""),
        codes=matcher.get("HttpCode") or matcher.get("GrpcCode") or "",
        interval=raw.get("HealthCheckIntervalSeconds", 30),
        timeout=raw.get("HealthCheckTimeoutSeconds", 5),
        misses=raw.get("UnhealthyThresholdCount", 2),
    )


def _target(raw: Mapping[str, Any]) -> Target:
    health = raw.get("TargetHealth", {})
    return Target(
        id=raw["Target"]["Id"],
        port=raw["Target"].get("Port", 0),
        state=health.get("State", ""),
        reason=health.get("Reason", ""),
        description=health.get("Description", ""),
    )
