"""Health checks: what they ask for, what their results mean, how tasks and services look by them."""

from typing import Any

import pytest

from tests.support.aws_fault_proxy.deployment_log import SeenDeployment, deployment_of_task
from tests.support.aws_fault_proxy.health_check import (
    Health,
    HealthCheck,
    HealthStatus,
    health_check,
    probed,
    task_health,
)
from tests.support.aws_fault_proxy.health_rewrite import Failed, shown_service, shown_task
from tests.support.aws_fault_proxy.stale import as_of

CHECK = HealthCheck(("true",), interval=1, retries=3, start_period=10)


@pytest.mark.parametrize(
    ("command", "executed"),
    [
        (["CMD-SHELL", "curl -f x || exit 1"], ("/bin/sh", "-c", "curl -f x || exit 1")),
        (["CMD", "node", "check.js"], ("node", "check.js")),
        (["node", "check.js"], ("node", "check.js")),
    ],
)
def test_a_command_runs_as_its_first_word_says(command: list[str], executed: tuple[str, ...]) -> None:
    assert health_check({"healthCheck": {"command": command}}) == HealthCheck(executed)


@pytest.mark.parametrize("definition", [{}, {"healthCheck": {"command": ["NONE"]}}])
def test_there_is_no_check_when_none_is_asked_for(definition: dict[str, Any]) -> None:
    assert health_check(definition) is None


@pytest.mark.parametrize(
    ("results", "age", "expected"),
    [
        ("f", 20, "UNKNOWN"),
        ("fff", 20, "UNHEALTHY"),
        ("fff", 5, "UNKNOWN"),
        ("p", 5, "HEALTHY"),
        ("pfff", 5, "UNHEALTHY"),
        ("ffpff", 20, "HEALTHY"),
        ("fffp", 20, "HEALTHY"),
    ],
)
def test_health_follows_the_probes(results: str, age: float, expected: HealthStatus) -> None:
    health = Health()
    for result in results:
        health = probed(health, CHECK, result == "p", age)
    assert health.status == expected


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({"a": "HEALTHY", "b": "HEALTHY"}, "HEALTHY"),
        ({"a": "HEALTHY"}, "UNKNOWN"),
        ({"a": "HEALTHY", "b": "UNHEALTHY"}, "UNHEALTHY"),
        ({"a": "HEALTHY", "b": "HEALTHY", "side": "UNHEALTHY"}, "HEALTHY"),
    ],
)
def test_a_tasks_health_is_that_of_its_essential_containers(
    states: dict[str, HealthStatus], expected: HealthStatus
) -> None:
    assert task_health(frozenset({"a", "b"}), states) == expected


def test_a_task_without_checks_is_of_unknown_health() -> None:
    assert task_health(frozenset(), {}) == "UNKNOWN"


def test_a_task_ended_for_its_health_says_so_once_it_stopped() -> None:
    task = {"lastStatus": "STOPPED", "stoppedReason": "Essential container exited", "containers": [{"name": "a"}]}
    shown = shown_task(task, frozenset({"a"}), {"a": "UNHEALTHY"}, killed=True)
    assert shown["stoppedReason"] == "Task failed container health checks"
    assert shown["stopCode"] == "ServiceSchedulerInitiated"
    assert shown["containers"][0]["healthStatus"] == shown["healthStatus"] == "UNHEALTHY"


NEW = {"id": "ecs-svc/new", "status": "PRIMARY", "rolloutState": "COMPLETED", "failedTasks": 0}
OLD = {"id": "ecs-svc/old", "status": "PRIMARY", "rolloutState": "IN_PROGRESS"}


def test_a_rollout_is_in_progress_while_it_is_held_back() -> None:
    (shown,) = shown_service({"deployments": [NEW]}, True, {"ecs-svc/new": 2}, {})["deployments"]
    assert (shown["rolloutState"], shown["failedTasks"]) == ("IN_PROGRESS", 2)


def test_a_deployment_that_failed_for_its_health_is_listed_though_the_upstream_dropped_it() -> None:
    failed = {"ecs-svc/new": Failed(NEW, rolls_back=True)}
    shown = shown_service({"deployments": [OLD]}, False, {"ecs-svc/new": 3}, failed)["deployments"]
    assert [(d["id"], d["status"], d["rolloutState"], d["failedTasks"]) for d in shown] == [
        ("ecs-svc/old", "PRIMARY", "IN_PROGRESS", 0),
        ("ecs-svc/new", "ACTIVE", "FAILED", 3),
    ]


SEEN = [SeenDeployment("a", "td1", 10), SeenDeployment("b", "td2", 20), SeenDeployment("c", "td1", 30)]


@pytest.mark.parametrize(
    ("definition", "created", "expected"),
    [("td1", 10, "a"), ("td1", 29, "a"), ("td2", 25, "b"), ("td1", 30, "c"), ("td2", 19, None), ("td3", 50, None)],
)
def test_a_task_belongs_to_the_latest_deployment_of_its_definition(
    definition: str, created: int, expected: str | None
) -> None:
    result = deployment_of_task({"taskDefinitionArn": definition, "createdAt": created}, SEEN)
    assert (result.id if result else None) == expected


@pytest.mark.parametrize(("moment", "expected"), [(0.5, {"v": 1}), (1.0, {"v": 1}), (2.5, {"v": 2}), (9.0, {"v": 3})])
def test_a_stale_read_is_the_newest_snapshot_that_is_old_enough(moment: float, expected: dict[str, int]) -> None:
    assert as_of([(1.0, {"v": 1}), (2.0, {"v": 2}), (3.0, {"v": 3})], moment) == expected


def test_a_stale_read_without_snapshots_is_unknown() -> None:
    assert as_of([], 1.0) is None
