"""A worker that ECS calls completed and that dies some seconds later was never live."""

from __future__ import annotations

import time

from tests.support.account import CLUSTER
from tests.support.project import Shop

STEADY = 8


def steady(shop: Shop, command: str) -> None:
    shop.only("worker")
    with shop.config() as config:
        config["services"]["worker"]["verify"] = {"steady": f"{STEADY}s"}
    shop.template("worker", command=["sh", "-c", command])


def test_a_worker_that_dies_after_its_rollout_completed_is_rolled_back_with_the_cause(shop: Shop) -> None:
    steady(shop, "echo 'worker: no queue'; sleep 4; exit 3")

    ran = shop.release_fails(6, "rolled back: worker on ", "container worker exited with code 3", "Fix: ")

    assert "  | worker: no queue" in ran.out


def test_a_worker_that_stays_up_is_live_within_a_second_of_its_time(shop: Shop) -> None:
    steady(shop, "exec sleep 600")

    ran = shop.run("release")

    ended = time.time()
    assert ran.code == 0, ran.told
    ecs = shop.account.client("ecs")
    (arn,) = ecs.list_tasks(cluster=CLUSTER, serviceName="worker")["taskArns"]
    (task,) = ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"]
    age = ended - task["startedAt"].timestamp()
    assert STEADY <= age <= STEADY + 1 + 1.5, f"{age:.1f} s"  # and what the release does after its last step
