"""The cases of test_verdict.py in which DescribeServiceDeployments can be read."""

from __future__ import annotations

from deploytool.ecs.deployment_model import DeploymentState
from deploytool.ecs.model import ServiceDeployment
from tests.unit.ecs.deployment_status_table import FIRST, NEW, OLD, OTHER, Case, old, ours, seen, third, told

WITH_SERVICE_DEPLOYMENTS = (
    Case("successful", DeploymentState.SUCCEEDED, seen(ours(state="COMPLETED")), told("SUCCESSFUL")),
    Case(
        "successful while DescribeServices is stale",
        DeploymentState.SUCCEEDED,
        seen(old("PRIMARY")),
        told("SUCCESSFUL"),
    ),
    Case(
        "successful while DescribeServices shows it rolling",
        DeploymentState.SUCCEEDED,
        seen(ours(), old()),
        told("SUCCESSFUL"),
    ),
    Case("successful while DescribeServices does not answer", DeploymentState.SUCCEEDED, None, told("SUCCESSFUL")),
    Case(
        "successful, but its target revision is not ours",
        DeploymentState.IN_PROGRESS,
        seen(ours(), old()),
        told("SUCCESSFUL", number=1),
    ),
    Case(
        "its target revision is not told",
        DeploymentState.IN_PROGRESS,
        seen(ours(), old()),
        ServiceDeployment("sd", "SUCCESSFUL"),
    ),
    Case(
        "successful, then someone deployed another revision",
        DeploymentState.REPLACED,
        seen(third(OTHER)),
        told("SUCCESSFUL"),
        says="went live, then deployment ecs-svc/3",
    ),
    Case(
        "successful, then someone put the version before back by hand",
        DeploymentState.REPLACED,
        seen(third(OLD)),
        told("SUCCESSFUL"),
    ),
    Case(
        "successful, then someone forced our revision again",
        DeploymentState.SUCCEEDED,
        seen(third(NEW)),
        told("SUCCESSFUL"),
    ),
    Case("pending", DeploymentState.IN_PROGRESS, seen(ours(), old()), told("PENDING")),
    Case(
        "baking after DescribeServices called it completed",
        DeploymentState.IN_PROGRESS,
        seen(ours(state="COMPLETED", running=2)),
        told("IN_PROGRESS", lifecycle_stage="BAKE_TIME"),
        says="baking",
    ),
    Case(
        "paused at a hook",
        DeploymentState.PAUSED,
        seen(ours(), old()),
        told("IN_PROGRESS", paused_hook="arn:aws:lambda:us-east-1:123456789012:function:approve"),
        says="paused at hook approve",
    ),
    Case(
        "stop requested",
        DeploymentState.IN_PROGRESS,
        seen(ours(), old()),
        told("STOP_REQUESTED"),
        says="is being stopped",
    ),
    Case("a status newer than this tool", DeploymentState.IN_PROGRESS, seen(ours(), old()), told("CONTEMPLATING")),
    Case(
        "in progress, but DescribeServices already shows it failed without rollback",
        DeploymentState.FAILED,
        seen(ours(state="FAILED"), breaker=False),
        told("IN_PROGRESS"),
    ),
    Case(
        "rollback requested",
        DeploymentState.ROLLING_BACK,
        seen(ours(), old()),
        told("ROLLBACK_REQUESTED", failure_count=3, failure_threshold=3),
        says="(3 of 3 tolerated failures); ECS is rolling back to shop-app:11",
    ),
    Case(
        "alarm triggered the rollback",
        DeploymentState.ROLLING_BACK,
        seen(ours(), old()),
        told("ROLLBACK_IN_PROGRESS", triggered_alarms=("shop-5xx",)),
        says="alarm shop-5xx went off",
    ),
    Case(
        "rolled back, and says why",
        DeploymentState.ROLLED_BACK,
        seen(third(OLD, "COMPLETED")),
        told("ROLLBACK_SUCCESSFUL", rollback_reason="Service deployment rolled back because the circuit breaker."),
        says="because the circuit breaker); rolled back: shop-app:11 is running again",
    ),
    Case("rolled back without a reason", DeploymentState.ROLLED_BACK, seen(third(OLD)), told("ROLLBACK_SUCCESSFUL")),
    Case(
        "first deployment rolled back",
        DeploymentState.ROLLED_BACK,
        None,
        told("ROLLBACK_SUCCESSFUL"),
        FIRST,
        "previous version",
    ),
    Case(
        "rollback failed",
        DeploymentState.FAILED,
        seen(third(OLD, "FAILED")),
        told("ROLLBACK_FAILED"),
        says="failed too",
    ),
    Case(
        "stopped because a newer one exists",
        DeploymentState.REPLACED,
        seen(ours("ACTIVE"), third(OTHER)),
        told("STOPPED"),
        says="deployment ecs-svc/3 of shop-app:13 took over",
    ),
    Case(
        "stopped by hand",
        DeploymentState.STOPPED,
        seen(ours(), old()),
        told("STOPPED", status_reason="Stopped by user"),
        says="(Stopped by user)",
    ),
    Case("stopped while DescribeServices does not answer", DeploymentState.STOPPED, None, told("STOPPED")),
)
