"""What is told of a call that AWS refuses."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

from deploytool.aws.call import call_once
from deploytool.errors import PermissionMissing


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("ecs", "update_service", "ecs:UpdateService"),
        ("elbv2", "describe_target_health", "elasticloadbalancing:DescribeTargetHealth"),
        ("logs", "describe_log_groups", "logs:DescribeLogGroups"),
        ("cloudwatch", "describe_alarms", "cloudwatch:DescribeAlarms"),
        ("secretsmanager", "describe_secret", "secretsmanager:DescribeSecret"),
        ("application-autoscaling", "describe_scalable_targets", "application-autoscaling:DescribeScalableTargets"),
    ],
)
def test_the_action_is_called_as_a_policy_calls_it_when_the_answer_does_not_name_it(
    service: str, operation: str, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = boto3.client(service, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")

    def refused(**_: object) -> object:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)

    monkeypatch.setattr(client, operation, refused)
    with pytest.raises(PermissionMissing) as caught:
        call_once(client, operation)
    assert caught.value.statement["Action"] == action
