"""What can happen in ECS to a rollout, and what is to be made of it: the cases of test_verdict.py."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from deploytool.ecs.deployment_model import NOT_SEEN, DeploymentState, Rollout, Sighting
from deploytool.ecs.model import Deployment, ServiceDeployment, ServiceState

FAMILY = "arn:aws:ecs:us-east-1:123456789012:task-definition/shop-app"
OLD, NEW, OTHER, OLDER = f"{FAMILY}:11", f"{FAMILY}:12", f"{FAMILY}:13", f"{FAMILY}:9"
REVISION_ARN = "arn:aws:ecs:us-east-1:123456789012:service-revision/shop/app"

ROLLOUT = Rollout("app", "ecs-svc/2", NEW, previous_deployment_id="ecs-svc/1", previous_task_definition=OLD)
FIRST = Rollout("app", "ecs-svc/2", NEW)
FORCED = replace(ROLLOUT, task_definition=OLD)
"""A forced new deployment of the revision that is live already."""
UNCHANGED = replace(ROLLOUT, deployment_id="ecs-svc/1", task_definition=OLD)
"""UpdateService with nothing to change answers with the deployment that is there."""
WAY_BACK = Rollout("app", "ecs-svc/3", OLD, previous_deployment_id="ecs-svc/2", previous_task_definition=NEW)


def old(status: str = "ACTIVE", state: str | None = "COMPLETED", running: int = 2, pending: int = 0) -> Deployment:
    return Deployment("ecs-svc/1", status, OLD, state, desired=2, running=running, pending=pending)


def ours(
    status: str = "PRIMARY",
    state: str | None = "IN_PROGRESS",
    desired: int = 2,
    running: int = 1,
    pending: int = 0,
) -> Deployment:
    reason = "ECS deployment circuit breaker: tasks failed to start." if state == "FAILED" else ""
    return Deployment("ecs-svc/2", status, NEW, state, reason, desired, running, pending)


def third(revision: str, state: str | None = "IN_PROGRESS", status: str = "PRIMARY", running: int = 1) -> Deployment:
    return Deployment("ecs-svc/3", status, revision, state, desired=2, running=running)


def seen(*deployments: Deployment, status: str = "ACTIVE", desired: int = 2, breaker: bool = True) -> ServiceState:
    primary = next((d for d in deployments if d.status == "PRIMARY"), None)
    return ServiceState(
        name="app",
        arn="arn:aws:ecs:us-east-1:123456789012:service/shop/app",
        cluster="shop",
        status=status,
        task_definition=primary.task_definition if primary else NEW,
        desired=desired,
        running=2,
        pending=0,
        deployments=deployments,
        circuit_breaker=breaker,
        circuit_breaker_rollback=breaker,
    )


def told(status: str, number: int = 2, **more: Any) -> ServiceDeployment:
    return ServiceDeployment("arn:sd", status, target_revision=f"{REVISION_ARN}/{number}", **more)


@dataclass(frozen=True)
class Case:
    happened: str
    state: DeploymentState
    service: ServiceState | None
    service_deployment: ServiceDeployment | None = None
    rollout: Rollout = ROLLOUT
    says: str = ""
    sighting: Sighting = NOT_SEEN


WITHOUT_SERVICE_DEPLOYMENTS = (
    Case(
        "rolling, one of two running",
        DeploymentState.IN_PROGRESS,
        seen(ours(), old()),
        says="1 of 2 running; 2 old tasks",
    ),
    Case(
        "primary and completed",
        DeploymentState.SUCCEEDED,
        seen(ours(state="COMPLETED", running=2)),
        says="shop-app:12 is live",
    ),
    Case(
        "completed, and old tasks are still draining",
        DeploymentState.SUCCEEDED,
        seen(ours(state="COMPLETED", running=2), old(running=1)),
    ),
    Case(
        "completed, and a deployment that failed last week is still listed (MiniStack)",
        DeploymentState.SUCCEEDED,
        seen(ours(state="COMPLETED", running=2), third(OLDER, "FAILED", "ACTIVE", 0)),
    ),
    Case(
        "completed with a desired count of 0",
        DeploymentState.SUCCEEDED,
        seen(ours(state="COMPLETED", desired=0, running=0), desired=0),
        says="desired count is 0: nothing runs",
    ),
    Case(
        "in progress with a desired count of 0",
        DeploymentState.IN_PROGRESS,
        seen(ours(desired=0, running=0), desired=0),
        says="desired count is 0",
    ),
    Case(
        "just begun: its own count is still 0, the service's is 2",
        DeploymentState.IN_PROGRESS,
        seen(ours(desired=0, running=0), old()),
        says="0 of 2 running; 2 old tasks still serving",
    ),
    Case("first deployment of the service, rolling", DeploymentState.IN_PROGRESS, seen(ours()), rollout=FIRST),
    Case(
        "first deployment of the service, completed",
        DeploymentState.SUCCEEDED,
        seen(ours(state="COMPLETED")),
        rollout=FIRST,
    ),
    Case(
        "first deployment failed: there is nothing to roll back to",
        DeploymentState.FAILED,
        seen(ours(state="FAILED")),
        rollout=FIRST,
        says="circuit breaker: tasks failed to start); ECS does not roll it back",
    ),
    Case(
        "nothing was deployed, the revision is live already",
        DeploymentState.SUCCEEDED,
        seen(old("PRIMARY")),
        rollout=UNCHANGED,
    ),
    Case(
        "nothing was deployed, and the deployment that is there has failed",
        DeploymentState.FAILED,
        seen(old("PRIMARY", "FAILED")),
        rollout=UNCHANGED,
    ),
    Case(
        "breaker tripped, ours still primary, rollback about to begin",
        DeploymentState.ROLLING_BACK,
        seen(ours(state="FAILED"), old()),
        says="about to roll back to shop-app:11",
    ),
    Case(
        "breaker tripped, predecessor drained already, rollback about to begin",
        DeploymentState.ROLLING_BACK,
        seen(ours(state="FAILED")),
    ),
    Case(
        "breaker tripped, but the predecessor had never completed",
        DeploymentState.FAILED,
        seen(ours(state="FAILED"), old(state="FAILED")),
    ),
    Case("breaker tripped without rollback", DeploymentState.FAILED, seen(ours(state="FAILED"), old(), breaker=False)),
    Case(
        "breaker tripped, rollback just begun: FAILED deployment ACTIVE, predecessor PRIMARY IN_PROGRESS (MiniStack)",
        DeploymentState.ROLLING_BACK,
        seen(ours("ACTIVE", "FAILED"), old("PRIMARY", "IN_PROGRESS")),
        says="rolling back to shop-app:11: 2 of 2 running",
    ),
    Case(
        "circuit breaker rolled back and old deployment is primary again, FAILED one stays listed (MiniStack)",
        DeploymentState.ROLLED_BACK,
        seen(ours("ACTIVE", "FAILED"), old("PRIMARY", "COMPLETED")),
        says="shop-app:11 is running again",
    ),
    Case(
        "a new id on the predecessor's revision, ours listed as failed",
        DeploymentState.ROLLING_BACK,
        seen(ours("ACTIVE", "FAILED"), third(OLD)),
    ),
    # These two were called a rollback once. ECS goes back under the old id, so a new one is an UpdateService.
    Case(
        "a new id on the predecessor's revision, ours gone",
        DeploymentState.REPLACED,
        seen(third(OLD)),
        says="deployment ecs-svc/3 of shop-app:11 took over",
    ),
    Case(
        "a new id on the predecessor's revision is complete, ours gone",
        DeploymentState.REPLACED,
        seen(third(OLD, "COMPLETED")),
    ),
    Case("rollback failed as well", DeploymentState.FAILED, seen(ours("ACTIVE", "FAILED"), third(OLD, "FAILED"))),
    Case(
        "ours lost its place to the predecessor before it was marked as failed",
        DeploymentState.ROLLING_BACK,
        seen(ours("ACTIVE"), old("PRIMARY", "IN_PROGRESS")),
    ),
    Case(
        "stale reading right after UpdateService: ours not listed yet, predecessor still primary",
        DeploymentState.IN_PROGRESS,
        seen(old("PRIMARY")),
        says="waiting for ECS to list the new deployment",
    ),
    Case(
        "stale reading in which no deployment is primary",
        DeploymentState.IN_PROGRESS,
        seen(old("ACTIVE")),
        says="waiting for ECS to list",
    ),
    Case("service just made, no deployments listed", DeploymentState.IN_PROGRESS, seen(), rollout=FIRST),
    Case(
        "DescribeServices did not answer this time",
        DeploymentState.IN_PROGRESS,
        None,
        says="waiting for an answer from ECS",
    ),
    Case(
        "someone deployed another revision meanwhile",
        DeploymentState.REPLACED,
        seen(ours("ACTIVE"), third(OTHER)),
        says="deployment ecs-svc/3 of shop-app:13 took over",
    ),
    Case(
        "someone deployed another revision and ours is gone",
        DeploymentState.REPLACED,
        seen(third(OTHER, "COMPLETED")),
    ),
    Case(
        "ours failed, then someone deployed another revision",
        DeploymentState.REPLACED,
        seen(ours("ACTIVE", "FAILED"), third(OTHER)),
        says="the deployment failed",
    ),
    Case("first deployment superseded", DeploymentState.REPLACED, seen(third(OTHER)), rollout=FIRST),
    Case(
        "someone forced a new deployment of our revision, which is rolling",
        DeploymentState.IN_PROGRESS,
        seen(ours("ACTIVE"), third(NEW)),
        says="following deployment ecs-svc/3 of shop-app:12",
    ),
    Case(
        "someone forced a new deployment of our revision, which completed",
        DeploymentState.SUCCEEDED,
        seen(third(NEW, "COMPLETED", running=2)),
        says="live through deployment ecs-svc/3",
    ),
    Case(
        "someone forced a new deployment of our revision, which failed",
        DeploymentState.FAILED,
        seen(third(NEW, "FAILED")),
    ),
    Case(
        "forced deployment of the live revision, rolling",
        DeploymentState.IN_PROGRESS,
        seen(ours(), old()),
        rollout=FORCED,
    ),
    Case(
        "forced deployment of the live revision failed and was rolled back to the same revision",
        DeploymentState.ROLLED_BACK,
        seen(ours("ACTIVE", "FAILED"), third(OLD, "COMPLETED")),
        rollout=FORCED,
    ),
    Case(
        "forced deployment of the live revision is gone, and a new id of it is complete: someone forced it again",
        DeploymentState.SUCCEEDED,
        seen(third(OLD, "COMPLETED")),
        rollout=FORCED,
        says="live through deployment ecs-svc/3",
    ),
    Case(
        "forced deployment of the live revision, and someone forced another one on top",
        DeploymentState.IN_PROGRESS,
        seen(ours("ACTIVE"), third(OLD)),
        rollout=FORCED,
    ),
    Case("service deleted while rolling", DeploymentState.FAILED, seen(ours(), status="DRAINING"), says="was deleted"),
    Case("service deleted and gone", DeploymentState.FAILED, seen(status="INACTIVE"), says="was deleted"),
    Case(
        "no rollout state, predecessor still listed",
        DeploymentState.IN_PROGRESS,
        seen(ours(state=None, running=2), old()),
    ),
    Case("no rollout state, not all running", DeploymentState.IN_PROGRESS, seen(ours(state=None))),
    Case(
        "no rollout state, one still pending", DeploymentState.IN_PROGRESS, seen(ours(state=None, running=2, pending=1))
    ),
    Case("no rollout state, alone and all running", DeploymentState.SUCCEEDED, seen(ours(state=None, running=2))),
    Case(
        "no rollout state, the rollback all running",
        DeploymentState.ROLLED_BACK,
        seen(ours("ACTIVE"), old("PRIMARY", None)),
    ),
    Case(
        "no rollout state, the rollback one short",
        DeploymentState.ROLLING_BACK,
        seen(ours("ACTIVE"), old("PRIMARY", None, 1)),
    ),
    Case(
        "no rollout state, its own count still 0",
        DeploymentState.IN_PROGRESS,
        seen(ours(state=None, desired=0, running=0)),
        says="0 of 2 running",
    ),
    Case("way back: rolling", DeploymentState.IN_PROGRESS, seen(third(OLD), ours("ACTIVE")), rollout=WAY_BACK),
    Case(
        "way back: live",
        DeploymentState.SUCCEEDED,
        seen(third(OLD, "COMPLETED")),
        rollout=WAY_BACK,
        says="shop-app:11 is live",
    ),
    Case(
        "way back: live, and the release that failed is still listed (MiniStack)",
        DeploymentState.SUCCEEDED,
        seen(third(OLD, "COMPLETED"), ours("ACTIVE", "FAILED")),
        rollout=WAY_BACK,
    ),
    Case("way back: stale reading", DeploymentState.IN_PROGRESS, seen(ours("PRIMARY", "COMPLETED")), rollout=WAY_BACK),
    Case(
        "way back: failed",
        DeploymentState.FAILED,
        seen(third(OLD, "FAILED"), ours("ACTIVE", "FAILED")),
        rollout=WAY_BACK,
    ),
)
