"""How often ECS is asked while a rollout lasts."""

from __future__ import annotations

import pytest

from deploytool.deploy.context import FASTEST, SLOWEST
from deploytool.ecs.deployment_model import Rollout
from deploytool.ecs.deployment_status import FAR, NEAR, is_draining, pause
from deploytool.ecs.model import Deployment, ServiceState

ROLLOUT = Rollout("app", "ecs-svc/2", "app:12", "ecs-svc/1", "app:11")
USUAL = (FASTEST + SLOWEST) / 2
"""Seconds."""
CALLS_TAKE = 0.4
"""Seconds for DescribeServices, DescribeServiceDeployments, and the end of the process."""


def state(running: int, pending: int = 0, own: int = 2, wanted: int = 2) -> ServiceState:
    new = Deployment("ecs-svc/2", "PRIMARY", "app:12", "IN_PROGRESS", "", own, running, pending)
    before = Deployment("ecs-svc/1", "ACTIVE", "app:11", "COMPLETED", "", 0, 2)
    return ServiceState("app", "arn", "shop", "ACTIVE", "app:12", wanted, running, pending, (new, before), ())


def returned(rollout_state: str, running: int = 2, *, listed: bool = True) -> ServiceState:
    ours = Deployment("ecs-svc/2", "ACTIVE", "app:12", "FAILED")
    before = Deployment("ecs-svc/1", "PRIMARY", "app:11", rollout_state, "", 2, running)
    deployments = (before, ours) if listed else (before,)
    return ServiceState("app", "arn", "shop", "ACTIVE", "app:11", 2, running, 0, deployments, ())


@pytest.mark.parametrize(
    ("seen", "near"),
    [
        ([state(1, 1)], False),
        ([state(2, 1)], False),
        ([state(2)], True),
        ([state(2), state(1)], False),
        ([state(2), None], False),
        ([ServiceState("app", "arn", "shop", "ACTIVE", "app:11", 2, 2, 0, (), ())], False),
        ([state(0, own=0)], False),
        ([state(1, own=1)], False),
        ([state(0, own=0, wanted=0)], True),
        ([returned("COMPLETED", listed=False)], False),
        ([returned("IN_PROGRESS")], True),
        ([returned("IN_PROGRESS", running=1)], False),
    ],
    ids=["one task starts", "one too many starts", "only old ones drain", "one service is behind", "no answer yet",
         "nothing is listed yet", "its own count is still 0", "its own count grows", "the service is scaled to 0",
         "ours is not listed yet", "ECS returned and all run", "ECS returned and one is missing"],
)  # fmt: skip
def test_the_end_is_near_once_every_new_task_runs(seen: list[ServiceState | None], near: bool) -> None:
    assert is_draining((ROLLOUT, each) for each in seen) is near


def test_the_pauses_grow_while_the_old_tasks_take_their_time() -> None:
    pauses = [pause(looks) for looks in range(1, 20)]
    assert pauses[0] == NEAR
    assert pauses == sorted(pauses)
    assert pauses[-1] == pause(0) == FAR


@pytest.mark.parametrize("looks", [0, 1, 5, 50])
def test_an_end_is_seen_within_one_and_a_half_seconds_when_the_rollout_fails(looks: int) -> None:
    assert SLOWEST * pause(looks, failing=True) < 1.5 - CALLS_TAKE


@pytest.mark.parametrize("starting", [2, 5, 30, 120])
@pytest.mark.parametrize("draining", [1, 5, 30, 300])
def test_a_wait_asks_less_than_one_and_a_half_times_a_second(starting: float, draining: float) -> None:
    now, looks, near_looks = 0.0, 0, 0
    while now < starting + draining:
        looks += 1
        near_looks = near_looks + 1 if now >= starting else 0
        now += USUAL * pause(near_looks)
    assert looks / (starting + draining) < 1.5
