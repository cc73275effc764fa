"""GitHub is down, says no or takes its time: the release is as good, and says what was not reported."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.sandbox.github.client import ControlClient
from tests.support.project import Shop
from tests.support.slow import slow


@pytest.fixture
def changed(shop: Shop) -> Shop:
    """Something to release in the worker, without build or migration."""
    shop.only("worker")
    shop.template("worker", command=["architecturedeck-worker", "--again"])
    return shop


def test_a_release_is_a_successful_deployment_on_github(changed: Shop) -> None:
    ran = changed.run("release")
    assert ran.code == 0, ran.told
    assert "not reported" not in ran.told
    newest = changed.github.deployments()[0]
    assert newest["sha"] == changed.git("rev-parse", "HEAD")
    assert changed.github.states(newest["id"])[0] == "success"


@pytest.mark.parametrize(
    ("status", "why"),
    [
        slow(401, "GitHub does not accept the token"),
        (403, "the token may not create a deployment: Resource not accessible by integration"),
        slow(422, "GitHub would not create a deployment: Validation Failed"),
        (503, "GitHub"),
    ],
)
def test_what_github_refused_is_said(changed: Shop, github_control: ControlClient, status: int, why: str) -> None:
    github_control.faults({"status": status, "times": None})
    ran = changed.run("release")
    assert ran.code == 0, ran.told
    assert f"note: not reported to GitHub: the deployment: {why}" in ran.err, ran.told


def test_an_address_where_nobody_answers_is_said(changed: Shop) -> None:
    ran = changed.run("release", GITHUB_API_URL="http://127.0.0.1:9")
    assert ran.code == 0, ran.told
    assert "note: " in ran.err


@pytest.mark.slow  # in tests/integration/github with a shorter wait
@pytest.mark.parametrize("fault", [{"delay": 20.0, "times": None}], ids=["20-seconds"])
def test_a_slow_github_is_not_waited_for(changed: Shop, github_control: ControlClient, fault: dict[str, Any]) -> None:
    github_control.faults(fault)
    ran = changed.run("release")
    assert ran.code == 0, ran.told
    assert ran.seconds < 30
    assert "note: " in ran.err


def test_without_a_token_it_is_said_once_that_nothing_was_reported(changed: Shop) -> None:
    ran = changed.run("release", GITHUB_TOKEN="")
    assert ran.code == 0, ran.told
    assert ran.told.count("nothing was reported to GitHub") == 1
