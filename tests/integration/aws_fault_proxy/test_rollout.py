"""What becomes of a service deployment, step by step as DescribeServices shows the service."""

from typing import Any

import pytest

from tests.support.aws_fault_proxy.drop_failed import without_failed
from tests.support.aws_fault_proxy.returned import Returned, as_returned
from tests.support.aws_fault_proxy.rollout import ServiceDeployment, advance, stop_requested
from tests.support.aws_fault_proxy.services import breaker_threshold

Shown = tuple[str, str, str, int]


def service(*deployments: Shown, breaker: bool = True) -> dict[str, Any]:
    """A service whose deployments are (id, status, rolloutState, running), each of the task definition `td-<id>`."""
    return {
        "serviceArn": "arn:aws:ecs:us-east-1:000000000000:service/c/app",
        "desiredCount": 2,
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": breaker, "rollback": breaker}},
        "deployments": [
            {
                "id": f"ecs-svc/{ident}",
                "status": status,
                "taskDefinition": f"td-{ident}",
                "rolloutState": state,
                "runningCount": running,
                "createdAt": 100,
                "failedTasks": 3 if state == "FAILED" else 0,
            }
            for ident, status, state, running in deployments
        ],
    }


OLD = ("old", "PRIMARY", "COMPLETED", 2)
OLD_DRAINING = ("old", "ACTIVE", "COMPLETED", 2)
BEGUN = service(("new", "PRIMARY", "IN_PROGRESS", 0), OLD_DRAINING)
ROLLING = service(("new", "PRIMARY", "IN_PROGRESS", 1), OLD_DRAINING)
FAILED = service(("new", "ACTIVE", "FAILED", 0), ("old", "PRIMARY", "IN_PROGRESS", 2))
BACK = service(("new", "ACTIVE", "FAILED", 0), OLD)


def after(*looks: dict[str, Any]) -> dict[str, ServiceDeployment]:
    tracked: tuple[ServiceDeployment, ...] = ()
    for now, look in enumerate(looks):
        tracked = advance(tracked, look, float(now), requested=look is BEGUN)
    return {t.revision: t for t in tracked}


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([service(OLD)], {"old": "SUCCESSFUL"}),
        ([service(OLD), BEGUN], {"old": "SUCCESSFUL", "new": "PENDING"}),
        ([service(OLD), BEGUN, ROLLING], {"old": "SUCCESSFUL", "new": "IN_PROGRESS"}),
        ([service(OLD), BEGUN, ROLLING, BEGUN], {"old": "SUCCESSFUL", "new": "IN_PROGRESS"}),
        (
            [service(OLD), BEGUN, service(("new", "PRIMARY", "COMPLETED", 2))],
            {"old": "SUCCESSFUL", "new": "SUCCESSFUL"},
        ),
        ([service(OLD), BEGUN, FAILED], {"old": "SUCCESSFUL", "new": "ROLLBACK_IN_PROGRESS"}),
        ([service(OLD), BEGUN, FAILED, BACK], {"old": "SUCCESSFUL", "new": "ROLLBACK_SUCCESSFUL"}),
        ([service(OLD), BEGUN, BACK], {"old": "SUCCESSFUL", "new": "ROLLBACK_SUCCESSFUL"}),
        (
            [service(OLD), BEGUN, service(("new", "PRIMARY", "FAILED", 0), OLD_DRAINING)],
            {"old": "SUCCESSFUL", "new": "STOPPED"},
        ),
        (
            [service(OLD), BEGUN, service(("newer", "PRIMARY", "IN_PROGRESS", 1), ("new", "ACTIVE", "IN_PROGRESS", 1))],
            {"old": "SUCCESSFUL", "new": "STOPPED", "newer": "IN_PROGRESS"},
        ),
        (
            # A new id while one is failing, and nobody updated the service, is no deployment of its own.
            [service(OLD), BEGUN, service(("x", "PRIMARY", "COMPLETED", 2), ("new", "ACTIVE", "FAILED", 0))],
            {"old": "SUCCESSFUL", "new": "ROLLBACK_SUCCESSFUL"},
        ),
    ],
)
def test_the_status_follows_what_the_service_shows(looks: list[dict[str, Any]], expected: dict[str, str]) -> None:
    assert {revision: t.status for revision, t in after(*looks).items()} == expected


def test_a_rolled_back_deployment_says_why_and_how_many_tasks_failed() -> None:
    new = after(service(OLD), BEGUN, FAILED, BACK)["new"]
    assert (new.breaker_status, new.failures, new.threshold) == ("TRIGGERED", 3, 3)
    assert "circuit breaker" in new.rollback_reason
    assert (new.source, new.finished_at) == ("old", 3.0)


def test_the_breaker_is_disabled_when_the_service_has_none() -> None:
    done = service(("new", "PRIMARY", "COMPLETED", 2), breaker=False)
    assert after(done)["new"].breaker_status == "DISABLED"


def test_a_stopped_deployment_ends_with_its_rollback() -> None:
    new = stop_requested(after(service(OLD), BEGUN, ROLLING)["new"], "ecs-svc/back", 5.0)
    assert new.status == "STOP_REQUESTED"
    going = service(("back", "PRIMARY", "IN_PROGRESS", 1), ("new", "ACTIVE", "IN_PROGRESS", 1))
    (new,) = advance((new,), going, 6.0)
    assert new.status == "ROLLBACK_IN_PROGRESS"
    (new,) = advance((new,), service(("back", "PRIMARY", "COMPLETED", 2)), 7.0)
    assert new.status == "ROLLBACK_SUCCESSFUL"


def test_the_source_is_the_last_deployment_that_held() -> None:
    again = service(("third", "PRIMARY", "IN_PROGRESS", 1), OLD_DRAINING)
    assert after(service(OLD), BEGUN, FAILED, BACK, again)["third"].source == "old"


@pytest.mark.parametrize(("desired", "threshold"), [(1, 3), (6, 3), (7, 4), (1000, 200)])
def test_the_breaker_trips_at_half_of_the_tasks_between_3_and_200(desired: int, threshold: int) -> None:
    assert breaker_threshold({**service(OLD), "desiredCount": desired}) == threshold


@pytest.mark.parametrize(("shown", "left"), [(FAILED, ["ecs-svc/new", "ecs-svc/old"]), (BACK, ["ecs-svc/old"])])
def test_a_failed_deployment_goes_once_the_rollback_is_through(shown: dict[str, Any], left: list[str]) -> None:
    assert [d["id"] for d in without_failed(shown)["deployments"]] == left


EARLIER = {"id": "ecs-svc/old", "createdAt": 50}


def test_a_rollback_has_the_id_and_the_time_of_the_deployment_it_returns_to() -> None:
    begun = service(
        ("x", "PRIMARY", "IN_PROGRESS", 0), ("new", "ACTIVE", "FAILED", 0), ("old", "ACTIVE", "COMPLETED", 1)
    )
    shown = as_returned(begun, {"ecs-svc/x": EARLIER})["deployments"]
    assert [(item["id"], item["status"], item["createdAt"]) for item in shown] == [
        ("ecs-svc/old", "PRIMARY", 50),
        ("ecs-svc/new", "ACTIVE", 100),
    ]
    assert shown[0]["rolloutStateReason"].endswith("rolling back to deploymentId ecs-svc/old.")
    done = service(("x", "PRIMARY", "COMPLETED", 2))
    assert as_returned(done, {"ecs-svc/x": EARLIER})["deployments"][0]["rolloutStateReason"].endswith("completed.")


def test_a_service_is_shown_as_it_came_when_the_front_rolled_nothing_back() -> None:
    assert as_returned(ROLLING, {"ecs-svc/x": EARLIER}) is ROLLING


def test_a_returned_id_is_shown_from_the_moment_of_its_update() -> None:
    returned = Returned()
    update = {"service": service(("x", "PRIMARY", "IN_PROGRESS", 0), ("new", "ACTIVE", "COMPLETED", 0))}
    returned.to(EARLIER, lambda: update)
    shown = returned.shown("DescribeServices", {"services": [update["service"]]})["services"][0]
    assert [item["id"] for item in shown["deployments"]] == ["ecs-svc/old", "ecs-svc/new"]
    assert returned.shown("ListTasks", {"taskArns": ["a"]}) == {"taskArns": ["a"]}
