"""What a release made on GitHub is in the ledger, so that whoever comes after a kill can close it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.support.project import Shop
from tests.support.running import start

FIRST = 1
"""The pull request that the example's first version came by."""


@pytest.fixture
def changed(shop: Shop) -> Shop:
    """Something to release in the worker, without build or migration, and with leases that end soon."""
    shop.only("worker")
    shop.template("worker", command=["architecturedeck-worker", "--again"])
    return replace(shop, environ={**shop.environ, "DEPLOYTOOL_LEASE_TTL": "6"})


def newest(shop: Shop) -> dict[str, Any]:
    release = json.loads(shop.run("history", "--output", "json").out)["releases"][0]["release"]
    return dict(json.loads(shop.run("history", release, "--output", "json").out))


def made(shop: Shop, record: dict[str, Any]) -> str:
    """The comment's text, once the record's ids are those of GitHub."""
    output = record["github"]
    assert output["deployment_id"] == shop.github.deployments()[0]["id"], record
    assert (output["pull_request"], record["pull_request"]) == (FIRST, FIRST)
    comment = shop.github.comment(output["comment_id"])
    assert output["comment_url"] == comment["html_url"]
    return str(comment["body"])


def test_the_record_names_deployment_and_comment(changed: Shop) -> None:
    ran = changed.run("release")
    assert ran.code == 0, ran.told
    record = newest(changed)
    assert "### ✅ Live in production" in made(changed, record)
    shown = changed.run("history", record["release"]).out
    assert str(record["github"]["deployment_id"]) in shown
    assert record["github"]["comment_url"] in shown


def test_after_a_kill_they_are_there_and_what_was_left_open_is_closed(changed: Shop) -> None:
    with changed.config() as config:
        config["services"]["worker"]["verify"] = {"url": "http://127.0.0.1:9/", "timeout": "60s"}
    running = start(changed, "release")
    running.until_told("verify: ")
    running.until(lambda: newest(changed)["github"]["comment_id"] is not None, seconds=30)
    running.kill()
    record = newest(changed)
    assert record["result"] is None
    assert "### 🚀 Releasing to production" in made(changed, record)
    ran = changed.run("recover", "--wait", "60s")
    assert ran.code == 0, ran.told
    assert "not reported" not in ran.told
    assert changed.github.states(record["github"]["deployment_id"])[0] == "failure"
    output = made(changed, record)
    assert "### 🛑 Killed in production" in output
    assert "is on the version before" in output


def test_the_comment_of_the_release_before_says_that_it_was_replaced(changed: Shop) -> None:
    assert changed.run("release").code == 0
    older = newest(changed)["github"]["comment_id"]
    changed.git("checkout", "-q", ".")
    changed.git("merge", "-q", "--ff-only", "origin/next")
    ran = changed.run("release")
    assert ran.code == 0, ran.told
    assert "not reported" not in ran.told
    record = newest(changed)
    output = str(changed.github.comment(older)["body"])
    assert "### ⏹️ Was live in production until " in output
    assert f"Replaced by release `{record['release']}`" in output
    assert "Live in" not in output
    assert "### ✅ Live in production" in str(changed.github.comment(record["github"]["comment_id"])["body"])
