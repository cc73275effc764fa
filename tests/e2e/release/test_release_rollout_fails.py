"""Tasks that do not live: exit 6, why in one reading with the last lines of the log, every service back."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.account import CLUSTER, Account
from tests.support.aws_fault_proxy.rules import Effect, Rule
from tests.support.aws_fault_proxy.script import Behaviours
from tests.support.project import Shop

SHELL = ("sh", "-c")
WENT_BACK = "rolled back: "
SOON = 1.5
"""Seconds between the end of a rollback by ECS and the end of the release, on a machine with a free core: where more
processes want to run than it has cores, all of it takes as much longer."""
SERVICE_DEPLOYMENTS: dict[str, tuple[list[Rule], Behaviours]] = {
    "readable": ([], Behaviours()),
    "denied": ([Rule(Effect("access_denied"), action="DescribeServiceDeployments")], Behaviours()),
    "empty": ([Rule(Effect("empty"), action="DescribeServiceDeployments")], Behaviours()),
    "of the front": ([], Behaviours(service_deployments=True)),
}


@contextmanager
def rollback_of(account: Account, service: str) -> Iterator[list[float]]:
    """The clock's seconds at which ECS was seen to have gone back to the deployment before, past the front."""
    ecs, over, back = account.client("ecs"), threading.Event(), list[float]()

    def primary() -> tuple[str, str]:
        listed = ecs.describe_services(cluster=CLUSTER, services=[service])["services"][0]["deployments"]
        return next((each["id"], each["rolloutState"]) for each in listed if each["status"] == "PRIMARY")

    def watch() -> None:
        before, left = primary(), False
        while not over.wait(0.02):
            now = primary()
            left = left or now[0] != before[0]
            if left and now == before:
                back.append(time.monotonic())
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield back
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("how", SERVICE_DEPLOYMENTS)
def test_ends_with_6_soon_when_ecs_went_back(shop: Shop, how: str) -> None:
    shop.only("worker")
    shop.template("worker", command=[*SHELL, "echo no queue; exit 1"])
    rules, behaviours = SERVICE_DEPLOYMENTS[how]
    shop.front.script(rules, behaviours)
    before = shop.account.running()
    with rollback_of(shop.account, "worker") as back:
        ran = shop.run("release")
        ended = time.monotonic()
    shop.told_and_back(ran, 6, before, WENT_BACK + "worker on ")
    assert back, "ECS was never seen to go back"
    crowded = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert ended - back[0] < SOON * crowded, f"{ended - back[0]:.2f} s after ECS, load {crowded:.1f} a core"


def test_both_services_go_back_when_the_worker_crashes_while_the_app_is_healthy(shop: Shop) -> None:
    shop.only("app", "worker")
    shop.template("app", command=["architecturedeck-app", "--again"])
    shop.template("worker", command=[*SHELL, "echo 'worker: QUEUE_NAME is not set' >&2; exit 1"])
    ran = shop.release_fails(6, WENT_BACK + "app on ", "container worker exited with code 1", "Fix: add QUEUE_NAME to ")
    assert "  | worker: QUEUE_NAME is not set" in ran.out
    assert {call.params["service"] for call in shop.front.calls("ecs", "UpdateService")} == {"app", "worker"}
    newest = shop.github.deployments()[0]["id"]
    assert shop.github.states(newest)[0] == "failure"


@pytest.mark.parametrize(
    ("command", "cause", "log"),
    [
        pytest.param("echo no queue; exit 1", "exited with code 1", "no queue", id="exit-1", marks=pytest.mark.slow),
        pytest.param("echo all in memory; exit 137", "137", "all in memory", id="exit-137"),
        pytest.param("echo one job; exit 3", "exited with code 3", "one job", id="crash-loop", marks=pytest.mark.slow),
        pytest.param("echo nothing to do", "ended by itself with exit code 0", "nothing to do", id="ends-by-itself"),
    ],
)
def test_why_a_container_ended_is_told_with_its_last_lines(shop: Shop, command: str, cause: str, log: str) -> None:
    shop.only("worker")
    shop.template("worker", command=[*SHELL, command])
    ran = shop.release_fails(6, WENT_BACK + "worker on ", cause, "Fix: ")
    assert f"  | {log}" in ran.out


def test_a_command_that_is_not_in_the_image_is_named(shop: Shop) -> None:
    shop.only("worker")
    shop.template("worker", command=["architecturedeck-workr"])
    shop.release_fails(6, WENT_BACK + "worker on ", "architecturedeck-workr", "Fix: ")


def test_an_image_that_is_not_there_is_named(shop: Shop) -> None:
    shop.only("worker")
    with shop.config() as config:
        config["services"]["worker"] = {"containers": {"worker": "app"}, "timeout": "60s"}
    definition = shop.account.definition("worker")
    host = shop.environ["DEPLOYTOOL_REGISTRY"]
    side = {"name": "side", "image": f"{host}/architecturedeck:never-pushed", "essential": True}
    definition["containerDefinitions"].append(side)
    shop.template_file("worker", definition)
    shop.release_fails(6, WENT_BACK + "worker on ", "architecturedeck:never-pushed", "Fix: ")


def test_a_secret_that_cannot_be_read_is_named(shop: Shop) -> None:
    shop.only("worker")
    secrets = shop.account.definition("worker")["containerDefinitions"][0]["secrets"]
    gone = ":".join([*secrets[0]["valueFrom"].split(":")[:6], "architecturedeck/NOT_THERE"])
    shop.template("worker", secrets=[*secrets, {"name": "NOT_THERE", "valueFrom": gone}])
    shop.release_fails(3, f"the secret {gone} does not exist", "fix: create it")


def test_a_secret_that_is_not_there_is_named_when_it_could_not_be_looked_for(shop: Shop) -> None:
    shop.only("worker")
    secrets = shop.account.definition("worker")["containerDefinitions"][0]["secrets"]
    gone = ":".join([*secrets[0]["valueFrom"].split(":")[:6], "architecturedeck/NOT_THERE"])
    shop.template("worker", secrets=[*secrets, {"name": "NOT_THERE", "valueFrom": gone}])
    shop.front.script([Rule(Effect("access_denied"), action="DescribeSecret")])
    shop.release_fails(6, WENT_BACK + "worker on ", "NOT_THERE", "Fix: ")


def test_a_health_check_that_fails_is_told(shop: Shop) -> None:
    shop.only("worker")
    shop.template("worker", healthCheck={"command": ["CMD", "false"], "interval": 1, "timeout": 1, "retries": 1})
    shop.front.script(behaviours=Behaviours(health_checks=True, drop_failed=True))
    shop.release_fails(6, WENT_BACK + "worker on ", "health check", "Fix: ")


def test_a_rollout_that_never_settles_is_taken_back_when_its_time_is_over(shop: Shop) -> None:
    shop.only("worker")
    with shop.config() as config:
        config["services"]["worker"]["timeout"] = "5s"
    slow = {"command": ["CMD", "false"], "interval": 5, "timeout": 2, "retries": 3, "startPeriod": 300}
    shop.template("worker", healthCheck=slow)
    shop.front.script(behaviours=Behaviours(health_checks=True))
    ran = shop.release_fails(10, "timed out waiting for the deployment in production", WENT_BACK + "worker on ")
    assert ran.seconds < 30
    newest = shop.github.deployments()[0]["id"]
    assert shop.github.states(newest)[0] in {"failure", "error"}


def test_a_crashing_service_without_circuit_breaker_is_put_back_by_us(shop: Shop) -> None:
    shop.only("worker")
    with shop.config() as config:
        config["services"]["worker"]["timeout"] = "6s"
    shop.template("worker", command=[*SHELL, "echo no queue; exit 1"])
    ecs = shop.account.client("ecs")

    def breaker(on: bool) -> None:
        configuration = {"deploymentCircuitBreaker": {"enable": on, "rollback": on}}
        ecs.update_service(cluster=CLUSTER, service="worker", deploymentConfiguration=configuration)

    breaker(False)
    try:
        before = shop.account.running()
        ran = shop.run("release")
        assert ran.code in {6, 10}, ran.told
        shop.told_and_back(ran, ran.code, before, WENT_BACK + "worker on ", "has no deployment circuit breaker")
        assert "  | no queue" in ran.out
    finally:
        breaker(True)


def test_the_exit_code_is_the_releases_own_when_nobody_reads_along(shop: Shop) -> None:
    shop.only("worker")
    shop.template("worker", command=[*SHELL, "echo no queue; exit 1"])
    before = shop.account.running()
    shop.told_and_back(shop.unread("release"), 6, before)
