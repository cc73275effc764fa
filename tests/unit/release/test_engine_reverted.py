"""A release that fails after services moved: what is put back, what is told, and with which exit code it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from deploytool.config import model as config
from deploytool.errors import Exit
from deploytool.release.events import Explained, ServiceProgress, StepBegan, StepEnded
from deploytool.release.model import HttpResponse, Result, StepName
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.faults import Fault, denied, unanswered
from tests.support.fake_ecs.life import CRASHES, NEVER_READY, NO_IMAGE, Life
from tests.unit.release import plan_cases as cases

APP, WORKER = cases.service("app", verify=cases.verification()), cases.service("worker")
FAILING = Life(starts_after=2.0, never_starts="ResourceInitializationError: failed to configure ENI: timeout")


def crashing(*families: str, life: Life = CRASHES) -> Callable[[Cloud], None]:
    def happens(cloud: Cloud) -> None:
        cloud.ecs.next_life.update(dict.fromkeys(families, life))

    return happens


def faulty(*faults: Fault) -> Callable[[Cloud], None]:
    return lambda cloud: cloud.ecs.faults.extend(faults)


def answers(status: int, body: str) -> Callable[[Cloud], None]:
    def happens(cloud: Cloud) -> None:
        cloud.web.answer = lambda _: HttpResponse(status, body)

    return happens


def alarm(cloud: Cloud) -> None:
    cloud.alarms.from_second = 40.0


def cancelled(at: float) -> Callable[[Cloud], None]:
    def happens(cloud: Cloud) -> None:
        cloud.clock.cancel_at = at

    return happens


def together(*all_of: Callable[[Cloud], None]) -> Callable[[Cloud], None]:
    def happens(cloud: Cloud) -> None:
        for each in all_of:
            each(cloud)

    return happens


@dataclass(frozen=True)
class Case:
    happened: str
    happens: Callable[[Cloud], None]
    result: Result
    exit: Exit
    services: tuple[config.ServiceConfig, ...] = (APP, WORKER)
    how: dict[str, Any] = field(default_factory=dict)
    says: str = ""


def own_check_fails(cloud: Cloud) -> None:
    cloud.commands.code = 1


CHECKED = cases.service("app", verify=cases.verification(command=("npm", "test")))
BAKED = cases.service("app", verify=cases.verification(bake=120, alarms=("errors",)))
BACK = (Result.ROLLED_BACK, Exit.ROLLED_BACK)

CASES = (
    Case("the worker crashes while the app is healthy", crashing("worker"), *BACK, says="MODULE|module"),
    Case("both crash", crashing("app", "worker"), *BACK),
    Case("the image is not in the registry", crashing("app", life=NO_IMAGE), *BACK),
    Case("tasks fail to start for a reason that may pass", crashing("app", life=FAILING), *BACK),
    Case(
        "the breaker is off and it never settles",
        crashing("app", life=NEVER_READY),
        Result.TIMED_OUT,
        Exit.TIMEOUT,
        how={"breaker": False},
    ),
    Case(
        "the breaker is off and tasks crash",
        crashing("worker"),
        Result.TIMED_OUT,
        Exit.TIMEOUT,
        how={"breaker": False},
    ),
    Case(
        "crashes after RUNNING are not counted by the breaker",
        crashing("worker"),
        Result.TIMED_OUT,
        Exit.TIMEOUT,
        how={"lenient": True},
    ),
    Case("the breaker trips and does not roll back", crashing("worker"), *BACK, how={"rollback": False}),
    Case(
        "UpdateService is denied for the second",
        faulty(Fault("UpdateService", denied("UpdateService"), "worker")),
        *BACK,
    ),
    Case("verify answers 500", answers(500, "no"), *BACK),
    Case("verify answers the old version", answers(200, '{"version": "before"}'), *BACK),
    Case("the user's own check fails", own_check_fails, *BACK, services=(CHECKED, WORKER)),
    Case("an alarm rings during the bake", alarm, *BACK, services=(BAKED, WORKER)),
    Case("the second stage crashes", crashing("worker"), *BACK, services=(APP, cases.service("worker", "app"))),
    Case("it is cancelled while it rolls", cancelled(3.0), Result.CANCELLED, Exit.CANCELLED),
    Case("it is cancelled while it bakes", cancelled(50.0), Result.CANCELLED, Exit.CANCELLED, services=(BAKED, WORKER)),
    Case(
        "UpdateService did what was asked and its answer was lost",
        faulty(Fault("UpdateService", unanswered("UpdateService"), "worker", last=1, lost=True)),
        *BACK,
    ),
    Case(
        "UpdateService never answers and did nothing",
        faulty(Fault("UpdateService", unanswered("UpdateService"), "worker", last=1)),
        *BACK,
    ),
    Case(
        "the worker crashes and its stopped tasks may not be listed",
        together(crashing("worker"), faulty(Fault("ListTasks", denied("ListTasks")))),
        *BACK,
    ),
)


def cloud_for(case: Case, **more: Any) -> Cloud:
    cloud = Cloud()
    for service in case.services:
        cloud.ecs.add(service.name, **{"desired": 2, **case.how, **more})
    return cloud


def by_name(case: Case) -> str:
    return case.happened


@pytest.mark.parametrize("ministack", [False, True], ids=["aws", "ministack"])
@pytest.mark.parametrize("details", [False, True], ids=["services only", "service deployments"])
@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_every_service_ends_on_the_version_before_when(case: Case, details: bool, ministack: bool) -> None:
    cloud = cloud_for(case, ministack=ministack)
    cloud.ecs.details = details
    plan = cloud.plan(*case.services)
    case.happens(cloud)

    outcome = cloud.release(plan)

    assert (outcome.result, outcome.exit_code) == (case.result, case.exit), outcome.summary
    cloud.clock.sleep(3600.0)
    assert {service.name: cloud.running(service.name) for service in case.services} == {
        service.name: 1 for service in case.services
    }
    assert not outcome.succeeded
    if outcome.result is not Result.CANCELLED:  # a cancelled release does not wait for the way back
        assert all(service.running.endswith(":1") for service in outcome.services)


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_no_event_claims_success_when(case: Case) -> None:
    cloud = cloud_for(case)
    plan = cloud.plan(*case.services)
    case.happens(cloud)

    outcome = cloud.release(plan)

    assert " is live in " not in outcome.summary
    last = [event for event in cloud.events if isinstance(event, StepEnded) and event.step != StepName.REVERT][-1]
    assert not last.succeeded
    put_back = [event.step for event in cloud.events if isinstance(event, (StepBegan, StepEnded))][-2:]
    assert put_back == ["roll back", "roll back"]


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_no_service_is_updated_more_than_there_and_back_when(case: Case) -> None:
    cloud = cloud_for(case)
    plan = cloud.plan(*case.services)
    case.happens(cloud)

    cloud.release(plan)

    for service in case.services:
        assert len([call for call in cloud.ecs.made("UpdateService") if call.about == service.name]) <= 2


def test_goes_back_at_the_first_task_when_trying_again_cannot_help() -> None:
    cloud = cloud_for(CASES[0])
    cloud.ecs.next_life["app"] = NO_IMAGE

    cloud.release(cloud.plan(APP, WORKER))

    assert len({task.arn for task in cloud.ecs.members["app"].stopped}) <= 2
    assert {service.primary.state for service in cloud.ecs.members.values()} == {"COMPLETED"}


def test_explains_before_the_rollout_ends_and_with_the_tasks_last_words() -> None:
    cloud = cloud_for(CASES[0])
    cloud.ecs.next_life["worker"] = CRASHES
    cloud.logs.lines["/ecs/worker"] = CRASHES.says

    outcome = cloud.release(cloud.plan(APP, WORKER))

    first = next(i for i, event in enumerate(cloud.events) if isinstance(event, Explained))
    ended = next(i for i, e in enumerate(cloud.events) if isinstance(e, StepEnded) and e.step == StepName.DEPLOY)
    assert first < ended
    assert any("Cannot find module" in line for diagnosis in outcome.diagnoses for line in diagnosis.log)
    assert "app-module-missing" in {diagnosis.code for diagnosis in outcome.diagnoses}


def test_tells_each_reason_once_when_ecs_itself_rolls_back() -> None:
    cloud = cloud_for(CASES[0])
    cloud.ecs.next_life["worker"] = CRASHES

    outcome = cloud.release(cloud.plan(APP, WORKER))

    told = [event.diagnosis for event in cloud.events if isinstance(event, Explained)]
    assert len({(each.code, each.subject, each.cause) for each in told}) == len(told)
    assert list(outcome.diagnoses) == told


@pytest.mark.parametrize("stale", [1, 3])
def test_is_not_misled_on_the_way_back_when_readings_lag(stale: int) -> None:
    cloud = cloud_for(CASES[0])
    cloud.ecs.stale = stale
    plan = cloud.plan(APP, WORKER)
    cloud.web.answer = lambda _: HttpResponse(500, "no")

    assert cloud.release(plan).result is Result.ROLLED_BACK
    assert (cloud.running("app"), cloud.running("worker")) == (1, 1)


def test_goes_back_when_ecs_can_no_longer_be_read() -> None:
    cloud = cloud_for(CASES[0])
    plan = cloud.plan(APP, WORKER)
    cloud.ecs.faults.append(Fault("DescribeServices", unanswered("DescribeServices"), first=3, last=3))

    outcome = cloud.release(plan)

    assert outcome.result is Result.ROLLED_BACK
    assert (cloud.running("app"), cloud.running("worker")) == (1, 1)


def test_a_service_going_back_is_shown_as_such() -> None:
    cloud = cloud_for(CASES[0])
    plan = cloud.plan(APP, WORKER)
    cloud.web.answer = lambda _: HttpResponse(500, "no")

    cloud.release(plan)

    moved = [event for event in cloud.events if isinstance(event, ServiceProgress)]
    began = next(i for i, event in enumerate(cloud.events) if event == StepBegan(StepName.REVERT, "app, worker"))
    assert all(event.reverting == (cloud.events.index(event) > began) for event in moved)
