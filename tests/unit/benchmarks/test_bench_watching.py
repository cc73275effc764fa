"""When a rollout was truly over, from looks at the services."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.watching import Look, Service, completed_at, failed_at, service


def seen(
    name: str, primary: str, state: str, running: int = 1, desired: int = 1, deployments: int = 1, failed: str = ""
) -> Service:
    return Service(name, primary, state, running, desired, deployments, frozenset(failed.split()))


APP_BEFORE, WORKER_BEFORE = seen("app", "a1", "COMPLETED"), seen("worker", "w1", "COMPLETED")
APP_AFTER, WORKER_AFTER = seen("app", "a2", "COMPLETED"), seen("worker", "w2", "COMPLETED")
BEFORE = Look(0.0, (APP_BEFORE, WORKER_BEFORE))
AFTER = Look(9.0, (APP_AFTER, WORKER_AFTER))


def looks(*worker: Service) -> tuple[Look, ...]:
    """The app is done at once; the worker is seen like this, second by second."""
    between = [Look(float(second), (APP_AFTER, each)) for second, each in enumerate(worker, 1)]
    return (BEFORE, *between, AFTER)


def test_completion_is_the_sending_of_the_last_look_that_did_not_see_it() -> None:
    assert completed_at(looks(WORKER_BEFORE, seen("worker", "w2", "IN_PROGRESS"))) == 2.0


def test_nothing_is_complete_when_one_service_keeps_its_deployment() -> None:
    assert completed_at((BEFORE, Look(1.0, (APP_AFTER, WORKER_BEFORE)))) is None


def test_nothing_is_complete_when_there_was_no_look() -> None:
    assert completed_at(()) is None


def test_a_service_is_not_done_when_a_task_is_still_missing() -> None:
    assert completed_at(looks(seen("worker", "w2", "COMPLETED", running=0))) == 1.0


def test_a_service_is_not_done_when_an_old_deployment_is_draining() -> None:
    assert completed_at(looks(seen("worker", "w2", "COMPLETED", deployments=2))) == 1.0


def test_a_failure_is_placed_at_the_earliest_moment_it_can_have_been() -> None:
    tripped = seen("worker", "w1", "IN_PROGRESS", failed="w2")
    assert failed_at(looks(seen("worker", "w2", "IN_PROGRESS"), tripped)) == 1.0


def test_a_failure_of_an_earlier_release_is_not_one_of_this() -> None:
    old = seen("worker", "w1", "COMPLETED", failed="w0")
    first = Look(0.0, (APP_BEFORE, old))
    assert failed_at((first, Look(1.0, (APP_AFTER, old)))) is None
    both = seen("worker", "w1", "IN_PROGRESS", failed="w0 w2")
    assert failed_at((first, Look(1.0, (APP_AFTER, old)), Look(2.0, (APP_AFTER, both)))) == 1.0


def test_a_failed_deployment_that_is_still_listed_keeps_nothing_from_being_done() -> None:
    raw: dict[str, Any] = {
        "serviceName": "worker",
        "runningCount": 1,
        "desiredCount": 1,
        "deployments": [
            {"id": "w2", "status": "ACTIVE", "rolloutState": "FAILED"},
            {"id": "w1", "status": "PRIMARY", "rolloutState": "COMPLETED"},
        ],
    }
    found = service(raw)
    assert (found.primary, found.deployments, found.failed) == ("w1", 1, frozenset({"w2"}))
    assert found.settled
