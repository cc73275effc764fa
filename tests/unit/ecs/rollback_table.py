"""The cases of test_verdict.py in which ECS returns to an earlier deployment, or seems to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from deploytool.ecs.deployment_model import DeploymentState, Sighting
from deploytool.ecs.model import Deployment, ServiceEvent, ServiceState
from deploytool.ecs.rollback_signs import STALE_FOR
from tests.unit.ecs.deployment_status_table import (
    FORCED,
    NEW,
    OLD,
    OLDER,
    OTHER,
    ROLLOUT,
    WAY_BACK,
    Case,
    old,
    ours,
    seen,
    third,
    told,
)

BEGAN = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
TIMED = replace(ROLLOUT, created_at=BEGAN)
NAMELESS = replace(ROLLOUT, previous_deployment_id="")
"""Of the deployment before ours only the revision is known."""
UNKNOWN = replace(NAMELESS, previous_task_definition="")
SEEN = Sighting(ours())
SEEN_FAILED = Sighting(ours("ACTIVE", "FAILED"))
BREAKER = "ECS deployment circuit breaker: rolling back to deploymentId {}."
BACK, GOING_BACK = old("PRIMARY", "COMPLETED"), old("PRIMARY", "IN_PROGRESS")


def absent(seconds: float) -> Sighting:
    return Sighting(absent_for=seconds)


def with_reason(deployment: Deployment, reason: str) -> Deployment:
    return replace(deployment, rollout_state_reason=reason)


def made(deployment: Deployment, minutes: float) -> Deployment:
    """Created so many minutes after our rollout began."""
    return replace(deployment, created_at=BEGAN + timedelta(minutes=minutes))


def events(service: ServiceState, *said: tuple[float, str]) -> ServiceState:
    """With what ECS said, each so many minutes after our rollout began; the newest first."""
    listed = [
        ServiceEvent(str(number), BEGAN + timedelta(minutes=at), f"(service app) {text}")
        for number, (at, text) in enumerate(said)
    ]
    return replace(service, events=tuple(sorted(listed, key=lambda event: event.at, reverse=True)))


GAVE_UP = (5.0, "(deployment ecs-svc/2) deployment failed: tasks failed to start.")
RETURNS = (5.0, "rolling back to deployment ecs-svc/1.")

ROLLBACKS = (
    Case(
        "old id complete, ours gone: an event says that ours failed",
        DeploymentState.ROLLED_BACK,
        events(seen(BACK), GAVE_UP, RETURNS, (6.0, "(deployment ecs-svc/1) deployment completed.")),
        says="the deployment failed (tasks failed to start); rolled back: shop-app:11 is running again",
    ),
    Case(
        "old id complete, ours gone: an event says so in other words",
        DeploymentState.ROLLED_BACK,
        events(seen(BACK), (5.0, "(deployment ecs-svc/2) has failed: alarm detected.")),
        says="(alarm detected)",
    ),
    Case(
        "old id complete, ours gone: an event that names ours says that ECS rolls back",
        DeploymentState.ROLLED_BACK,
        events(seen(BACK), (5.0, "(deployment ecs-svc/2) was rolled back to deployment ecs-svc/1.")),
    ),
    Case(
        "old id complete, ours gone: an event names ours as what ECS rolls back",
        DeploymentState.ROLLED_BACK,
        events(seen(BACK), (5.0, "rolled back from deployment ecs-svc/2 to deployment ecs-svc/1.")),
    ),
    Case(
        "old id complete, ours gone: an event newer than our rollout says that ECS rolls back",
        DeploymentState.ROLLED_BACK,
        events(seen(BACK), RETURNS),
        rollout=TIMED,
    ),
    Case(
        "old id complete, ours gone: the event follows one that names ours",
        DeploymentState.ROLLED_BACK,
        events(seen(BACK), (1.0, "(deployment ecs-svc/2) has started 2 tasks."), RETURNS),
    ),
    Case(
        "stale reading: the events tell of a rollback before our rollout",
        DeploymentState.IN_PROGRESS,
        events(seen(BACK), (-5.0, "rolling back to deployment ecs-svc/1."), (-6.0, GAVE_UP[1].replace("/2", "/22"))),
        rollout=TIMED,
        says="waiting for ECS to list the new deployment",
    ),
    Case(
        "stale reading: the events tell of a rollback, and when our rollout began is not known",
        DeploymentState.IN_PROGRESS,
        events(seen(BACK), RETURNS),
    ),
    Case(
        "stale reading: another deployment, whose id begins as ours, failed",
        DeploymentState.IN_PROGRESS,
        events(seen(BACK), (5.0, "(deployment ecs-svc/20) deployment failed: tasks failed to start.")),
    ),
    Case(
        "stale reading: a task of ours failed to start, the deployment did not",
        DeploymentState.IN_PROGRESS,
        events(seen(BACK), (5.0, "(deployment ecs-svc/2) failed to launch a task with (error Try again).")),
    ),
    Case(
        "old id complete, ours gone, and it was listed before",
        DeploymentState.ROLLED_BACK,
        seen(BACK),
        sighting=SEEN,
        says="ECS dropped the deployment; rolled back: shop-app:11 is running again",
    ),
    Case(
        "old id rolling, ours gone, and it was listed before",
        DeploymentState.ROLLING_BACK,
        seen(GOING_BACK),
        sighting=SEEN,
        says="rolling back to shop-app:11: 2 of 2 running",
    ),
    Case(
        "old id failed, ours gone, and it was listed before",
        DeploymentState.FAILED,
        seen(old("PRIMARY", "FAILED")),
        sighting=SEEN,
        says="the rollback to shop-app:11 failed too",
    ),
    Case(
        "old id complete, ours gone, and it was listed as failed",
        DeploymentState.ROLLED_BACK,
        seen(BACK),
        sighting=SEEN_FAILED,
        says="circuit breaker: tasks failed to start); rolled back: shop-app:11 is running again",
    ),
    Case(
        "old id complete, ours listed in UpdateService's answer alone",
        DeploymentState.IN_PROGRESS,
        seen(BACK),
        rollout=TIMED,
    ),
    Case(
        "old id complete, without a sign for less than 10 s",
        DeploymentState.IN_PROGRESS,
        seen(BACK),
        sighting=absent(9.9),
    ),
    Case(
        "old id complete, without a sign for 10 s", DeploymentState.ROLLED_BACK, seen(BACK), sighting=absent(STALE_FOR)
    ),
    Case(
        "old id rolling, without a sign for 10 s",
        DeploymentState.ROLLING_BACK,
        seen(GOING_BACK),
        sighting=absent(STALE_FOR),
    ),
    Case(
        "old id rolling, its reason says that ECS rolls back",
        DeploymentState.ROLLING_BACK,
        seen(with_reason(GOING_BACK, BREAKER.format("ecs-svc/1"))),
    ),
    Case(
        "old id rolling, its reason says so in other words",
        DeploymentState.ROLLING_BACK,
        seen(with_reason(GOING_BACK, "ECS deployment rollback in progress.")),
    ),
    Case(
        "stale reading: the old deployment was itself the target of a rollback when ours began",
        DeploymentState.IN_PROGRESS,
        seen(with_reason(GOING_BACK, BREAKER.format("ecs-svc/1"))),
        rollout=replace(ROLLOUT, previous_reason=BREAKER.format("ecs-svc/1")),
    ),
    Case(
        "old id complete, the service deployment says rolled back",
        DeploymentState.ROLLED_BACK,
        seen(BACK),
        told("ROLLBACK_SUCCESSFUL"),
    ),
    Case(
        "old id complete, the service deployment still says that it rolls back",
        DeploymentState.ROLLED_BACK,
        seen(BACK),
        told("ROLLBACK_IN_PROGRESS"),
    ),
    Case(
        "old id complete, but a stage of traffic is not over",
        DeploymentState.ROLLING_BACK,
        seen(BACK),
        told("ROLLBACK_IN_PROGRESS", lifecycle_stage="PRODUCTION_TRAFFIC_SHIFT"),
    ),
    Case(
        "old id complete, ours failed, the service deployment says stopped",
        DeploymentState.ROLLED_BACK,
        seen(ours("ACTIVE", "FAILED"), BACK),
        told("STOPPED"),
    ),
    Case(
        "a person went back by hand while ours still tried: a new id on the old revision",
        DeploymentState.REPLACED,
        seen(third(OLD), ours("ACTIVE"), old()),
        says="deployment ecs-svc/3 of shop-app:11 took over",
    ),
    Case(
        "a person went back by hand and ours, listed before, is gone",
        DeploymentState.REPLACED,
        seen(third(OLD)),
        sighting=SEEN,
    ),
    Case(
        "a new id on the old revision, and its reason says that ECS rolls back",
        DeploymentState.ROLLING_BACK,
        seen(with_reason(third(OLD), BREAKER.format("ecs-svc/1")), ours("ACTIVE")),
    ),
    Case(
        "return to an older deployment, ours failed",
        DeploymentState.ROLLING_BACK,
        seen(with_reason(third(OLDER), BREAKER.format("ecs-svc/3")), ours("ACTIVE", "FAILED"), old(state="FAILED")),
        says="rolling back to shop-app:9",
    ),
    Case(
        "return to an older deployment is complete, and only an event names it",
        DeploymentState.ROLLED_BACK,
        events(seen(third(OLDER, "COMPLETED")), GAVE_UP, (5.0, "rolling back to deployment ecs-svc/3.")),
        says="shop-app:9 is running again",
    ),
    Case(
        "return to an older deployment, which its time alone shows",
        DeploymentState.ROLLED_BACK,
        seen(made(third(OLDER, "COMPLETED"), -60)),
        rollout=TIMED,
        sighting=SEEN,
        says="shop-app:9 is running again",
    ),
    Case(
        "return to an older deployment of a revision with a higher number",
        DeploymentState.ROLLED_BACK,
        seen(made(third(OTHER, "COMPLETED"), -60), made(ours("ACTIVE", "FAILED"), 0)),
        says="shop-app:13 is running again",
    ),
    Case(
        "stale reading from before the deployment before ours",
        DeploymentState.IN_PROGRESS,
        seen(made(third(OLDER, "COMPLETED"), -60)),
        rollout=TIMED,
    ),
    Case(
        "return to an older revision, ours failed, no times",
        DeploymentState.ROLLED_BACK,
        seen(third(OLDER, "COMPLETED"), ours("ACTIVE", "FAILED")),
        says="shop-app:9 is running again",
    ),
    Case(
        "an older revision took over, and nothing says that ours failed",
        DeploymentState.REPLACED,
        seen(third(OLDER), ours("ACTIVE")),
    ),
    Case(
        "ours failed, then a person deployed an older revision",
        DeploymentState.REPLACED,
        seen(made(third(OLDER), 5), made(ours("ACTIVE", "FAILED"), 0)),
        says="the deployment failed",
    ),
    Case(
        "return to an older deployment, and the service deployment says so",
        DeploymentState.ROLLED_BACK,
        seen(third(OLDER, "COMPLETED")),
        told("ROLLBACK_SUCCESSFUL"),
        says="shop-app:9 is running again",
    ),
    Case(
        "forced deployment failed, old id complete, ours gone",
        DeploymentState.ROLLED_BACK,
        seen(BACK),
        rollout=FORCED,
        sighting=SEEN,
    ),
    Case("forced deployment, stale reading", DeploymentState.IN_PROGRESS, seen(BACK), rollout=FORCED),
    Case(
        "forced deployment failed, old id rolling",
        DeploymentState.ROLLING_BACK,
        seen(GOING_BACK, replace(ours("ACTIVE", "FAILED"), task_definition=OLD)),
        rollout=FORCED,
    ),
    Case(
        "old id not known, its revision complete, ours failed",
        DeploymentState.ROLLED_BACK,
        seen(BACK, ours("ACTIVE", "FAILED")),
        rollout=NAMELESS,
    ),
    Case(
        "old id not known, its revision complete, ours gone",
        DeploymentState.ROLLED_BACK,
        seen(BACK),
        rollout=NAMELESS,
        sighting=SEEN,
    ),
    Case("old id not known, stale reading", DeploymentState.IN_PROGRESS, seen(BACK), rollout=NAMELESS),
    Case(
        "old id not known, a person went back by hand",
        DeploymentState.REPLACED,
        seen(third(OLD), ours("ACTIVE")),
        rollout=NAMELESS,
    ),
    Case(
        "nothing is known of the deployment before: older, and ours is gone",
        DeploymentState.ROLLED_BACK,
        seen(made(BACK, -60)),
        rollout=replace(UNKNOWN, created_at=BEGAN),
        sighting=SEEN,
        says="shop-app:11 is running again",
    ),
    Case(
        "nothing is known of the deployment before: stale reading",
        DeploymentState.IN_PROGRESS,
        seen(made(BACK, -60)),
        rollout=replace(UNKNOWN, created_at=BEGAN),
    ),
    Case(
        "nothing is known of the deployment before, ours failed",
        DeploymentState.ROLLED_BACK,
        seen(BACK, ours("ACTIVE", "FAILED")),
        rollout=UNKNOWN,
    ),
    Case(
        "old id rolling, and its time of creation is new",
        DeploymentState.ROLLING_BACK,
        seen(made(GOING_BACK, 5), made(ours("ACTIVE"), 0)),
    ),
    Case(
        "old id complete, its time of creation is new, ours failed",
        DeploymentState.ROLLED_BACK,
        seen(made(BACK, 5), made(ours("ACTIVE", "FAILED"), 0)),
    ),
    Case(
        "UpdateService had nothing to change, stale reading from before ECS returned",
        DeploymentState.IN_PROGRESS,
        seen(made(ours("PRIMARY"), 0), made(old("ACTIVE"), -60)),
        rollout=replace(WAY_BACK, deployment_id="ecs-svc/1"),
    ),
    Case(
        "way back: an old event of the release that failed",
        DeploymentState.IN_PROGRESS,
        events(seen(ours("PRIMARY", "FAILED"), old()), GAVE_UP, RETURNS),
        rollout=replace(WAY_BACK, created_at=BEGAN + timedelta(minutes=6)),
        says="waiting for ECS to list",
    ),
    Case(
        "way back: ECS returned to the version before by itself",
        DeploymentState.ROLLED_BACK,
        seen(made(BACK, -60), made(third(OLD, "FAILED", "ACTIVE"), 5)),
        rollout=replace(WAY_BACK, previous_task_definition=NEW),
        says="shop-app:11 is running again",
    ),
    Case(
        "ECS says that it rolls back to ours: a later release failed",
        DeploymentState.IN_PROGRESS,
        seen(with_reason(ours(), BREAKER.format("ecs-svc/2")), third(OTHER, "FAILED", "ACTIVE")),
    ),
    Case(
        "a new id on the old revision, and ECS says that it rolls back to ours",
        DeploymentState.REPLACED,
        seen(with_reason(third(OLD), BREAKER.format("ecs-svc/2")), ours("ACTIVE")),
    ),
    Case(
        "return to a revision with a higher number, no times, and ECS names it",
        DeploymentState.ROLLING_BACK,
        seen(with_reason(third(OTHER), BREAKER.format("ecs-svc/3")), ours("ACTIVE", "FAILED")),
        says="rolling back to shop-app:13",
    ),
    Case(
        "another deployment is on its way, and ECS says that it rolls back to ours",
        DeploymentState.REPLACED,
        seen(with_reason(third(OTHER), BREAKER.format("ecs-svc/2")), ours("ACTIVE")),
    ),
)
