"""`deploytool run`: a command in a task like those of a service."""

from __future__ import annotations

from typing import Any

from tests.support.account import CLUSTER
from tests.support.project import Shop


def tasks(shop: Shop) -> list[dict[str, Any]]:
    """What RunTask started, newest last, as ECS knows it."""
    ecs, actual = shop.account.client("ecs"), []
    for state in ("RUNNING", "STOPPED"):
        actual += ecs.list_tasks(cluster=CLUSTER, family=f"{CLUSTER}-app", desiredStatus=state)["taskArns"]
    output = ecs.describe_tasks(cluster=CLUSTER, tasks=actual)["tasks"]
    alone = [task for task in output if str(task.get("startedBy", "")).startswith("run-")]
    return sorted(alone, key=lambda task: task["createdAt"])


def test_its_output_and_its_exit_code_are_the_command_s(shop: Shop, succeeded: dict[str, str]) -> None:
    before = shop.run("history", "--output", "json").out
    ran = shop.run("run", "--service", "app", "--", "sh", "-c", "echo 42 orders; exit 7")
    assert ran.code == 7, ran.told
    assert ran.out == "42 orders\n"
    assert "exited with code 7" in ran.err
    (call,) = shop.front.calls("ecs", "RunTask")
    assert call.params["taskDefinition"] == succeeded["app"]
    assert shop.front.calls("ecs", "UpdateService") == []
    assert shop.run("history", "--output", "json").out == before


def test_it_has_the_secrets_and_the_network_of_the_service(shop: Shop) -> None:
    reach = "from architecturedeck.stores import queue; queue().ping(); print('redis answers')"
    ran = shop.run("run", "--service", "app", "--", "python3", "-c", reach)
    assert ran.code == 0, ran.told
    assert ran.out == "redis answers\n"


def test_ctrl_c_stops_the_task(shop: Shop) -> None:
    known = len(tasks(shop))
    ran = shop.interrupted(lambda: len(tasks(shop)) > known, "run", "--service", "app", "--", "sleep", "300")
    assert ran.code == 130, ran.told
    assert "was stopped" in ran.err
    assert tasks(shop)[-1]["desiredStatus"] == "STOPPED"


def test_it_is_stopped_when_its_time_is_over(shop: Shop) -> None:
    ran = shop.run("run", "--service", "app", "--timeout", "3s", "sleep", "300")
    assert ran.code == 10, ran.told
    assert "ran longer than 3 s; its task was stopped" in ran.err


def test_it_is_said_that_a_command_which_is_not_in_the_image_never_ran(shop: Shop) -> None:
    ran = shop.run("run", "--service", "app", "--", "raprot")
    assert ran.code == 3, ran.told
    assert "raprot" in ran.err


def test_it_is_asked_like_which_service(shop: Shop) -> None:
    ran = shop.run("run", "--", "true")
    assert ran.code == 2
    assert "several services are configured: app, worker" in ran.err
