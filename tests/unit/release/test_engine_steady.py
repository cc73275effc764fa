"""A version is live when its tasks stay up: what stops after ECS called the rollout completed fails the release."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deploytool.ecs.deployment_model import DeploymentState, Rollout, ServiceRollout
from deploytool.ecs.model import ServiceState, Task
from deploytool.errors import Exit
from deploytool.release.events import StepBegan, WarningIssued
from deploytool.release.model import HttpResponse, Plan, Result, ServiceUpdate, Steady, StepName
from deploytool.release.planner import plan
from deploytool.release.steady import LOOK_EVERY, TaskStopped, TaskWatch, running_already
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.deployment import Rolling
from tests.support.fake_ecs.faults import Fault, denied, unanswered
from tests.support.fake_ecs.life import CRASHES_LATER, HEALTHY, Life
from tests.unit.release import plan_cases as cases

WORKER = cases.service("worker", steady=15)
APP = cases.service("app", verify=cases.verification(), steady=15)
BAKED = cases.service("worker", verify=cases.verification(url=None, bake=120))
CHANGE = ServiceUpdate("worker", "worker", {}, {}, cases.arn("worker"), cases.state("worker"))
RUNNING_AT = 5.0
"""Seconds after UpdateService at which a healthy task of the model runs."""


@pytest.fixture
def cloud() -> Cloud:
    cloud = Cloud()
    cloud.ecs.add("app", desired=2)
    cloud.ecs.add("worker")
    return cloud


def updated_at(cloud: Cloud, service: str = "worker") -> float:
    return next(call.at for call in cloud.ecs.made("UpdateService") if call.about == service)


def newest(cloud: Cloud, service: str = "worker") -> Rolling:
    return cloud.ecs.members[service].primary


def already_running(cloud: Cloud, state: ServiceState) -> Plan:
    """The worker runs the commit already, and the ledger does not name it."""
    image = f"registry.test/shop@{cases.DIGEST}"
    service = replace(cases.found("worker", cases.definition("worker", image=image)), state=state)
    return plan(cases.REQUEST, cases.settings(WORKER, ledger="deploytool"), cases.live(service), cases.REGISTRY)


def end_later(cloud: Cloud, after: float, code: str, reason: str, exit_code: int | None = None) -> None:
    """The worker's running task ends by something else than itself, so many seconds from now."""

    def end() -> None:
        number = next(iter(newest(cloud).alive))
        cloud.ecs.members["worker"].end(number, code, reason, exit_code)

    cloud.clock.after(after, end)


def test_is_live_within_a_second_of_the_moment_when_the_youngest_task_has_run_for_its_time(cloud: Cloud) -> None:
    outcome = cloud.release(cloud.plan(APP, WORKER))

    assert outcome.result is Result.RELEASED
    youngest = updated_at(cloud) + RUNNING_AT
    assert youngest + 15 <= cloud.clock.now <= youngest + 16


def test_waits_no_longer_when_the_tasks_have_aged_while_their_alarms_were_watched(cloud: Cloud) -> None:
    baked = cases.verification(bake=60, alarms=("errors",))
    with_steady = cloud.release(cloud.plan(cases.service("app", verify=baked, steady=15)))
    other = Cloud()
    other.ecs.add("app", desired=2)

    without = other.release(other.plan(cases.service("app", verify=baked)))

    assert (with_steady.result, without.result) == (Result.RELEASED, Result.RELEASED)
    assert cloud.clock.now == pytest.approx(other.clock.now, abs=0.1)


def test_makes_no_call_more_when_it_is_turned_off(cloud: Cloud) -> None:
    cloud.release(cloud.plan(cases.service("worker", steady=0)))

    assert cloud.ecs.made("ListTasks") == []


LATER = [
    pytest.param(CRASHES_LATER, "exited with code 1", id="the worker exits some seconds after it started"),
    pytest.param(
        replace(CRASHES_LATER, exit_code=0),
        "ended by itself with exit code 0",
        id="the worker has nothing to do and ends well",
    ),
    pytest.param(replace(CRASHES_LATER, exit_code=137), "137", id="the worker is killed for its memory"),
    pytest.param(
        replace(CRASHES_LATER, unhealthy="Task failed container health checks"),
        "health check",
        id="its container health check fails",
    ),
]


@pytest.mark.parametrize(("life", "words"), LATER)
def test_is_rolled_back_with_the_cause_when_a_new_task_stops_in_its_time(cloud: Cloud, life: Life, words: str) -> None:
    cloud.ecs.next_life["worker"] = life

    outcome = cloud.release(cloud.plan(APP, WORKER))

    assert (outcome.result, outcome.exit_code) == (Result.ROLLED_BACK, Exit.ROLLED_BACK)
    assert (cloud.running("app"), cloud.running("worker")) == (1, 1)
    (diagnosis,) = outcome.diagnoses
    assert diagnosis.subject == "container worker"
    assert words in diagnosis.cause
    worker = next(service for service in outcome.services if service.key == "worker")
    assert worker.status.state is DeploymentState.FAILED
    assert worker.status.detail == "a task of worker:3 stopped 12 s after it started"
    assert worker.revert is not None


def test_is_rolled_back_soon_after_the_task_stopped(cloud: Cloud) -> None:
    cloud.ecs.next_life["worker"] = CRASHES_LATER

    cloud.release(cloud.plan(WORKER))

    stopped = updated_at(cloud) + 2 + 12
    assert stopped <= cloud.ecs.made("UpdateService")[1].at <= stopped + LOOK_EVERY + 1


def test_is_rolled_back_when_a_task_stops_while_another_service_is_verified(cloud: Cloud) -> None:
    cloud.ecs.next_life["worker"] = replace(CRASHES_LATER, runs_for=20.0)
    slow = iter(["before"] * 30)
    answers = cloud.web.answer
    cloud.web.answer = lambda url: HttpResponse(200, "{}") if next(slow, "") else answers(url)

    outcome = cloud.release(cloud.plan(cases.service("app", verify=cases.verification(timeout=600)), WORKER))

    assert outcome.result is Result.ROLLED_BACK
    assert cloud.ecs.made("UpdateService")[2].at <= updated_at(cloud) + 2 + 20 + LOOK_EVERY + 6


@pytest.mark.parametrize("seconds", [10.0, 60.0, 115.0])
def test_is_rolled_back_when_a_task_stops_in_a_bake_that_has_no_alarms(cloud: Cloud, seconds: float) -> None:
    cloud.ecs.next_life["worker"] = replace(HEALTHY, runs_for=6.0 + seconds)

    assert cloud.release(cloud.plan(BAKED)).result is Result.ROLLED_BACK


NOT_ITS_FAULT = [
    ("ServiceSchedulerInitiated", "Scaling activity initiated by deployment ecs-svc/9"),
    ("UserInitiated", "Task stopped by user"),
    ("SpotInterruption", "Your Spot Task was interrupted."),
    ("TerminationNotice", "The task's host is about to be retired."),
    ("InfrastructureHealth", "The underlying infrastructure is not healthy."),
]


@pytest.mark.parametrize(("code", "reason"), NOT_ITS_FAULT)
def test_waits_for_the_replacement_when_a_task_was_stopped_by_aws_or_a_person(
    cloud: Cloud, code: str, reason: str
) -> None:
    end_later(cloud, 20.0, code, reason)

    outcome = cloud.release(cloud.plan(WORKER))

    assert outcome.result is Result.RELEASED
    (started,) = newest(cloud).alive.values()
    assert started > 20.0
    assert started + 15 <= cloud.clock.now <= started + 15 + LOOK_EVERY + 1


def test_is_live_when_a_task_failed_before_ecs_called_the_rollout_completed(cloud: Cloud) -> None:
    worker = cloud.ecs.members["worker"]
    worker.lenient = True
    end_later(cloud, RUNNING_AT + 1, "EssentialContainerExited", "Essential container in task exited", 1)

    assert cloud.release(cloud.plan(WORKER)).result is Result.RELEASED


def test_is_live_when_only_added_tasks_are_young(cloud: Cloud) -> None:
    app = cloud.ecs.members["app"]

    def scale_out() -> None:
        app.desired += 1
        app.primary.alive[f"added{app.desired}"] = cloud.clock.now
        cloud.clock.after(5.0, scale_out)

    cloud.clock.after(16.0, scale_out)

    outcome = cloud.release(cloud.plan(cases.service("app", steady=15)))

    assert outcome.result is Result.RELEASED
    assert cloud.clock.now <= updated_at(cloud, "app") + RUNNING_AT + 16


def test_is_live_when_it_was_scaled_in_meanwhile(cloud: Cloud) -> None:
    app = cloud.ecs.members["app"]

    def scale_in() -> None:
        app.desired = 1
        app.primary.alive.popitem()

    cloud.clock.after(16.0, scale_in)

    assert cloud.release(cloud.plan(cases.service("app", steady=15))).result is Result.RELEASED


def test_waits_for_nothing_when_no_task_is_desired(cloud: Cloud) -> None:
    cloud.ecs.add("idle", desired=0)

    outcome = cloud.release(cloud.plan(cases.service("idle", steady=600)))

    assert outcome.result is Result.RELEASED
    assert cloud.clock.now < 60


def test_times_out_when_tasks_are_replaced_again_and_again(cloud: Cloud) -> None:
    cloud.ecs.next_life["worker"] = replace(HEALTHY, runs_for=12.0, stop_code="SpotInterruption")

    outcome = cloud.release(cloud.plan(cases.service("worker", steady=15, timeout=120)))

    assert (outcome.result, outcome.exit_code) == (Result.TIMED_OUT, Exit.TIMEOUT)
    assert [diagnosis.code for diagnosis in outcome.diagnoses] == ["not-steady"]
    assert cloud.running("worker") == 1


def test_says_that_it_cannot_know_when_iam_does_not_let_it_see_tasks(cloud: Cloud) -> None:
    cloud.ecs.faults.append(Fault("ListTasks", denied("ListTasks")))

    outcome = cloud.release(cloud.plan(APP, WORKER))

    assert outcome.result is Result.RELEASED
    warnings = [event.text for event in cloud.events if isinstance(event, WarningIssued)]
    assert [text.split(":")[0] for text in warnings] == [
        "whether tasks of app stay up is unknown",
        "whether tasks of worker stay up is unknown",
    ]


def test_is_rolled_back_when_ecs_cannot_be_reached_while_tasks_are_watched(cloud: Cloud) -> None:
    cloud.ecs.faults.append(Fault("ListTasks", unanswered("ListTasks")))

    assert cloud.release(cloud.plan(WORKER)).result is Result.ROLLED_BACK


def test_is_cancelled_while_it_waits(cloud: Cloud) -> None:
    cloud.clock.cancel_at = 16.0

    assert cloud.release(cloud.plan(cases.service("worker", steady=60))).result is Result.CANCELLED


@pytest.mark.parametrize("runs_for", [None, 10.0])
def test_watches_the_tasks_that_run_already_when_nothing_moves(cloud: Cloud, runs_for: float | None) -> None:
    worker = cloud.ecs.members["worker"]
    if runs_for is not None:
        end_later(cloud, runs_for, "EssentialContainerExited", "Essential container in task exited", 1)

    outcome = cloud.release(already_running(cloud, worker.view()))

    assert outcome.result is (Result.RELEASED if runs_for is None else Result.ROLLED_BACK)
    assert cloud.ecs.made("UpdateService") == []
    assert "no service was changed" in outcome.summary or runs_for is None


def test_waits_for_nothing_when_ecs_lists_no_deployment_of_what_runs_already(cloud: Cloud) -> None:
    running = replace(cloud.ecs.members["worker"].view(), deployments=())

    assert cloud.release(already_running(cloud, running)).result is not Result.RELEASED  # it changed since the plan


def test_watches_the_tasks_of_a_deployment_that_another_client_forced_of_our_revision(cloud: Cloud) -> None:
    worker = cloud.ecs.members["worker"]
    cloud.ecs.next_life["worker"] = replace(CRASHES_LATER, runs_for=20.0)

    def force() -> None:
        worker._begin(worker.primary.revision, "in progress")

    cloud.clock.after(3.0, force)

    outcome = cloud.release(cloud.plan(cases.service("worker", steady=30)))

    assert outcome.result is Result.ROLLED_BACK
    assert outcome.diagnoses[0].subject == "container worker"


def test_names_the_step_and_its_services(cloud: Cloud) -> None:
    outcome = cloud.release(cloud.plan(cases.service("app", steady=15), cases.service("worker", steady=20)))

    assert [timing.step for timing in outcome.timings] == [StepName.DEPLOY, StepName.VERIFY]
    details = [event.detail for event in cloud.events if isinstance(event, StepBegan) and event.step is StepName.VERIFY]
    assert details[0] == "app for 15 s, worker for 20 s"


def unread(**more: Any) -> ServiceRollout:
    """A rollout that ended while DescribeServices did not answer."""
    return ServiceRollout("worker", Rollout("worker", "ecs-svc/002", cases.arn("worker"), **more))


STEP = Steady((replace(CHANGE, steady=15.0),), 60.0)


def test_a_service_that_was_not_read_when_it_completed_is_waited_for_all_the_same(cloud: Cloud) -> None:
    watch = TaskWatch(cloud.deps)
    watch.add([unread()])

    watch.wait_until_steady(STEP)

    assert cloud.clock.now == pytest.approx(15.0, abs=0.1)


def test_nothing_is_waited_for_when_the_service_was_deleted_meanwhile(cloud: Cloud) -> None:
    watch = TaskWatch(cloud.deps)
    watch.add([unread()])
    del cloud.ecs.members["worker"].deployments[0]
    worker = cloud.ecs.members.pop("worker")
    cloud.ecs.members["gone"] = worker
    cloud.ecs.running_tasks = lambda _: ()  # type: ignore[method-assign, assignment]
    cloud.ecs.failed_tasks = lambda _: ()  # type: ignore[method-assign, assignment]

    watch.wait_until_steady(STEP)

    assert cloud.clock.now == 0.0


def test_a_task_that_stopped_is_diagnosed_when_neither_its_service_nor_its_times_are_known(cloud: Cloud) -> None:
    watch = TaskWatch(cloud.deps)
    watch.add([unread()])
    stopped = Task("arn/9", cases.arn("worker"), "STOPPED", "ecs-svc/002", stop_code="EssentialContainerExited")
    cloud.ecs.members["worker"].stopped.append(stopped)
    cloud.ecs.failed_tasks = lambda _: (stopped,)  # type: ignore[method-assign, assignment]

    with pytest.raises(TaskStopped) as raised:
        watch.look(now=True)

    (failed,) = raised.value.services
    assert failed.status.detail == "a task of worker:1 stopped"
    assert raised.value.diagnoses


def test_a_service_without_a_primary_deployment_is_not_watched() -> None:
    assert running_already(replace(CHANGE, before=cases.state("worker", deployments=()))) is None
