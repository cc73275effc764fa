"""Ctrl-C: exit 130, what is where is said, services are back."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.project import Shop


@pytest.mark.parametrize(
    ("on_cancel", "said", "stopped"), [("finish", "was left to finish", 0), ("stop", "was stopped", 1)]
)
def test_a_running_migration_is_treated_as_configured(shop: Shop, on_cancel: str, said: str, stopped: int) -> None:
    with shop.config() as config:
        config["services"] = {"worker": {"image": "app"}}
        config["migrate"] |= {"command": ["sleep", "6"], "like": "worker", "on_cancel": on_cancel}
        config["environments"]["production"]["overrides"].pop("services")
    shop.template("worker", command=["architecturedeck-worker", "--again"])
    before = shop.account.running()
    ran = shop.interrupted(lambda: bool(shop.front.calls("ecs", "RunTask")), "release")
    shop.told_and_back(ran, 130, before, said, "was cancelled in production; no service was changed")
    assert len(shop.front.calls("ecs", "StopTask")) == stopped
    assert shop.front.calls("ecs", "UpdateService") == []


def runs(command: str) -> bool:
    """A process of this machine, in a container or not, is this command."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            lines.append(path.read_text().replace("\0", " ").strip())
    return command in lines


def test_a_build_is_ended_and_nothing_is_begun_after_it(shop: Shop) -> None:
    slow = "sleep 61.5"
    (shop.root / "Dockerfile").write_text(f"FROM archdeck-base:1 AS app\nRUN {slow}\nFROM app AS migrate\n")
    shop.commit("Build slowly")
    before = shop.account.running()
    ran = shop.interrupted(lambda: runs(slow), "release")
    shop.told_and_back(ran, 130, before, "was cancelled in production; no service was changed")
    assert ran.seconds < 40
    assert shop.front.calls("ecs", "RunTask") == []


def test_services_under_way_are_sent_back_and_not_waited_for(shop: Shop) -> None:
    shop.only("app", "worker")
    for service in ("app", "worker"):
        shop.template(service, command=[f"architecturedeck-{service}", "--again"])
    before = shop.account.running()
    ran = shop.interrupted(lambda: len(shop.front.calls("ecs", "UpdateService")) == 2, "release")
    ways = [f"{service} is rolling back to {before[service].rsplit('/', 1)[-1]}" for service in ("app", "worker")]
    shop.told_and_back(ran, 130, before, "was cancelled in production; ", *ways)
    assert "NOT back" not in ran.out


def test_a_cluster_that_is_missing_afterwards_is_named_all_the_same(shop: Shop) -> None:
    shop.only("worker")
    shop.template("worker", command=["architecturedeck-worker", "--again"])
    shop.interrupted(lambda: bool(shop.front.calls("ecs", "UpdateService")), "release")
    with shop.config() as config:
        config["environments"]["production"]["cluster"] = "nowhere"
    ran = shop.run("release")
    assert ran.code == 3, ran.told
    assert "there is no active cluster nowhere" in ran.err
