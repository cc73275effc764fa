"""The line that says what a rollout waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from deploytool.ecs.deployment_model import Rollout
from deploytool.ecs.deployment_status import waiting_for
from deploytool.ecs.model import Deployment, ServiceDeployment, ServiceEvent, ServiceState
from deploytool.ecs.parse import parse_service_deployment

BEGUN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROLLOUT = Rollout("app", "ecs-svc/2", "app:12", "ecs-svc/1", "app:11")


def service(running: int = 1, pending: int = 0, failed: int = 0, old: int = 0, message: str = "") -> ServiceState:
    new = Deployment("ecs-svc/2", "PRIMARY", "app:12", "IN_PROGRESS", "", 2, running, pending, failed, created_at=BEGUN)
    before = Deployment("ecs-svc/1", "ACTIVE", "app:11", "COMPLETED", "", 0, old)
    events = (ServiceEvent("e1", BEGUN + timedelta(seconds=5), message),)
    return ServiceState("app", "arn", "shop", "ACTIVE", "app:12", 2, running, pending, (new, before), events)


def stage(name: str) -> ServiceDeployment:
    return ServiceDeployment("arn", "IN_PROGRESS", lifecycle_stage=name)


@pytest.mark.parametrize(
    ("seen", "told", "line"),
    [
        (service(1, 1, 1), None, "1 of 2 running, 1 pending, 1 failed"),
        (service(1, old=2), None, "1 of 2 running; 2 old tasks still serving"),
        (service(2, old=1), None, "2 of 2 running; draining 1 old task"),
        (service(2), None, "2 of 2 running; waiting for ECS to report a steady state"),
        (service(2), stage("BAKE_TIME"), "2 of 2 running; waiting for ECS to report a steady state; baking"),
        (service(0), stage("SOME_NEW_STAGE"), "0 of 2 running; some new stage"),
        (
            service(0, message="(service app) is unable to consistently start tasks successfully. For more …"),
            None,
            "0 of 2 running; ECS is throttling restarts",
        ),
        (
            service(0, message="(service app) was unable to place a task. Reason: Capacity is unavailable …"),
            None,
            "0 of 2 running; waiting for capacity: AWS has none at the moment",
        ),
    ],
)
def test_the_line_names_counts_stage_and_what_holds_it_up(
    seen: ServiceState, told: ServiceDeployment | None, line: str
) -> None:
    assert waiting_for(ROLLOUT, seen, told) == line


@pytest.mark.parametrize(
    ("own", "of_service", "line"),
    [
        (0, 2, "0 of 2 running; 2 old tasks still serving"),
        (1, 3, "0 of 3 running; 2 old tasks still serving"),
        (4, 3, "0 of 4 running; 2 old tasks still serving"),
        (0, 0, "desired count is 0; draining 2 old tasks"),
    ],
)
def test_the_line_names_the_services_count_when_the_deployments_own_is_still_lower(
    own: int, of_service: int, line: str
) -> None:
    seen = service(0, old=2)
    new = replace(seen.deployments[0], desired=own)
    seen = replace(seen, desired=of_service, deployments=(new, *seen.deployments[1:]))
    assert waiting_for(ROLLOUT, seen, None) == line


def test_the_line_is_about_the_deployment_that_ecs_returns_to_when_ours_is_drained() -> None:
    seen = service(0)
    ours = replace(seen.deployments[0], status="DRAINING", rollout_state="FAILED", desired=0, failed_tasks=3)
    before = replace(seen.deployments[1], status="PRIMARY", desired=1, running=1)
    assert waiting_for(ROLLOUT, replace(seen, deployments=(before, ours)), None) == "1 of 1 running"

    draining = replace(ours, running=1)
    line = "1 of 1 running; draining 1 task of the version that failed"
    assert waiting_for(ROLLOUT, replace(seen, deployments=(before, draining)), None) == line


def test_the_line_is_about_the_deployment_of_another_person_when_that_is_primary() -> None:
    seen = service(0)
    other = Deployment("ecs-svc/3", "PRIMARY", "app:13", "IN_PROGRESS", "", 2, 1)
    ours = replace(seen.deployments[0], status="ACTIVE", running=1)
    line = "1 of 2 running; 1 old task still serving"
    assert waiting_for(ROLLOUT, replace(seen, deployments=(other, ours)), None) == line


def test_a_pause_is_all_it_says_when_a_hook_awaits_an_action() -> None:
    hook = "arn:aws:lambda:us-east-1:123456789012:function:approve"
    told = ServiceDeployment("arn", "IN_PROGRESS", paused_hook=hook)
    assert waiting_for(ROLLOUT, service(), told) == "paused at hook approve"


def paused_by(hook: dict[str, str]) -> ServiceDeployment:
    hooks = [{"status": "SUCCEEDED", "hookId": "done"}, {**hook, "status": "AWAITING_ACTION"}]
    return parse_service_deployment(
        {"serviceDeploymentArn": "arn:sd", "status": "IN_PROGRESS", "lifecycleHookDetails": hooks}
    )


@pytest.mark.parametrize(
    ("hook", "line"),
    [
        (
            {"hookId": "ecs-pause-X", "expiresAt": "2026-05-06T18:03:00+02:00", "timeoutAction": "ROLLBACK"},
            (
                "paused at hook ecs-pause-X; ECS rolls back by itself at 16:03 UTC; to continue: aws ecs "
                "continue-service-deployment --service-deployment-arn arn:sd --hook-id ecs-pause-X --action CONTINUE "
                "(or ROLLBACK)"
            ),
        ),
        (
            {"targetArn": "arn:f:approve", "expiresAt": "2026-05-06T16:03:00+00:00", "timeoutAction": "CONTINUE"},
            "paused at hook approve; ECS continues by itself at 16:03 UTC",
        ),
        (
            {"targetArn": "arn:f:approve", "expiresAt": "2026-05-06T16:03:00+00:00"},
            "paused at hook approve; ECS ends the pause by itself at 16:03 UTC",
        ),
        ({}, "paused at hook of unknown name"),
    ],
)
def test_a_pause_says_until_when_and_how_to_go_on(hook: dict[str, str], line: str) -> None:
    assert waiting_for(ROLLOUT, service(), paused_by(hook)) == line


def test_events_from_before_the_deployment_are_not_told() -> None:
    message = "(service app) is unable to consistently start tasks successfully."
    stale = ServiceEvent("e0", BEGUN - timedelta(minutes=5), message)
    seen = service()
    seen = ServiceState("app", "arn", "shop", "ACTIVE", "app:12", 2, 1, 0, seen.deployments, (stale,))
    assert waiting_for(ROLLOUT, seen, None) == "1 of 2 running"
