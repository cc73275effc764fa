"""A command run once beside the services: its exit code is the result, and nothing of it is left running."""

from __future__ import annotations

import pytest

from deploytool.ecs.model import StandaloneTask
from deploytool.errors import CloudError, Exit, TimeoutExceeded
from deploytool.release.events import OutputLine, StepBegan, WarningIssued
from deploytool.release.ports import Cancelled
from deploytool.release.tasks import NeverRan, run_once
from tests.support.fake_account import Cloud
from tests.support.fake_ecs.ecs import revision
from tests.support.fake_ecs.faults import Fault, denied, unanswered
from tests.support.fake_ecs.life import Life
from tests.unit.release import plan_cases as cases

LONG = Life(starts_after=1.0, runs_for=100.0, exit_code=0)


@pytest.fixture
def cloud() -> Cloud:
    cloud = Cloud()
    cloud.ecs.add("app", desired=2)
    return cloud


def run(cloud: Cloud, timeout: float | None = None) -> int:
    task = StandaloneTask("app", ("npm", "run", "report"), cases.state("app"))
    return run_once(task, revision("app", 1), cloud.deps, token="run-1", tags={}, timeout=timeout)


def warned(cloud: Cloud) -> str:
    return " ".join(event.text for event in cloud.events if isinstance(event, WarningIssued))


@pytest.mark.parametrize("code", [0, 1, 42])
def test_ends_with_the_exit_code_of_the_command(cloud: Cloud, code: int) -> None:
    cloud.ecs.migrations.lives = [Life(starts_after=1.0, runs_for=2.0, exit_code=code)]
    cloud.logs.lines["/ecs/migrate"] = ("42 orders",)

    assert run(cloud) == code

    assert [event.line for event in cloud.events if isinstance(event, OutputLine)] == ["42 orders"]
    assert isinstance(cloud.events[0], StepBegan)
    assert (f"exited with code {code}" in warned(cloud)) is bool(code)
    assert [call.operation for call in cloud.ecs.changed()] == ["RunTask"]


@pytest.mark.parametrize(
    "never",
    ["Capacity is unavailable at this time", Life(never_starts="CannotPullContainerError: not found")],
    ids=["RunTask starts nothing", "the image cannot be pulled"],
)
def test_says_that_the_command_never_ran(cloud: Cloud, never: Life | str) -> None:
    cloud.ecs.migrations.lives = [never]

    with pytest.raises(NeverRan) as refused:
        run(cloud)

    assert refused.value.exit_code is Exit.PRECONDITION_FAILED
    assert refused.value.cause.startswith("the command never ran: ")
    assert refused.value.fix


def test_the_task_is_stopped_when_its_time_is_over(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [LONG]

    with pytest.raises(TimeoutExceeded, match="longer than 30 s; its task was stopped"):
        run(cloud, timeout=30.0)

    assert cloud.ecs.migrations.running() == []


def test_the_task_is_stopped_when_it_is_cancelled(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [LONG]
    cloud.clock.cancel_at = 20.0

    with pytest.raises(Cancelled):
        run(cloud)

    assert cloud.ecs.migrations.running() == []
    assert "was stopped" in warned(cloud)


def test_the_task_is_stopped_when_it_may_not_be_looked_at(cloud: Cloud) -> None:
    cloud.ecs.migrations.lives = [LONG]
    cloud.ecs.faults.append(Fault("DescribeTasks", denied("DescribeTasks")))

    with pytest.raises(CloudError, match="ecs:DescribeTasks"):
        run(cloud)

    assert cloud.ecs.migrations.running() == []


def test_no_second_task_is_started_when_an_answer_is_lost(cloud: Cloud) -> None:
    cloud.ecs.faults.append(Fault("RunTask", unanswered("RunTask"), last=2, lost=True))

    assert run(cloud) == 0
    assert len(cloud.ecs.migrations.started) == 1
