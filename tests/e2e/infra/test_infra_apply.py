"""`infra apply` where releases are made: what runs stays what runs, whatever becomes of the change. In this order."""

from __future__ import annotations

import pytest

from deploytool.sandbox import checkout
from tests.e2e.infra.conftest import Site

pytestmark = pytest.mark.timeout(600)
WORKER = "WorkerCommand=architecturedeck-worker"


@pytest.fixture(scope="module")
def released(site: Site) -> dict[str, str]:
    """The images of a release, of which the stack knows nothing: it was made with another one."""
    before = site.images()
    ran = site.run("release")
    assert ran.code == 0, ran.told
    after = site.images()
    assert set(after.values()).isdisjoint(before.values())
    return after


def test_nothing_is_changed_when_only_a_release_came_between(site: Site, released: dict[str, str]) -> None:
    before = site.running()
    ran = site.run("infra", "apply", "--output", "json")
    assert ran.code == 0, ran.told
    assert ran.document["result"] == "nothing_to_do"
    assert site.running() == before


def test_the_version_stays_and_the_reason_is_told_when_the_tasks_do_not_start(
    site: Site, released: dict[str, str]
) -> None:
    version = site.version()
    ran = site.run("infra", "apply", "--parameter", "WorkerCommand=false")
    assert ran.code == 6, ran.told
    assert "service.WorkerEcsService" in ran.told
    assert "Circuit Breaker was triggered" in ran.told
    assert "fix: " in ran.told
    assert site.images() == released, "CloudFormation goes back to the image that it knew last"
    assert site.version() == version


def test_the_version_stays_when_the_services_change(site: Site, released: dict[str, str]) -> None:
    ran = site.run("infra", "apply", "--parameter", f"{WORKER},--harmless", "--output", "json")
    assert ran.code == 0, ran.told
    assert ran.document["result"] == "applied"
    assert site.images() == released
    assert site.running()["worker"]["command"] == ["architecturedeck-worker", "--harmless"]


def test_the_next_release_goes_on_from_what_apply_left(site: Site, released: dict[str, str]) -> None:
    before = site.running()["worker"]
    commit = checkout.advance(site.state)
    ran = site.run("release")
    assert ran.code == 0, ran.told
    after = site.running()["worker"]
    assert (after["revision"], after["command"]) == (before["revision"] + 1, before["command"])
    assert site.version() == commit
    ran = site.run("rollback")
    assert ran.code == 0, ran.told
    assert site.images() == released
