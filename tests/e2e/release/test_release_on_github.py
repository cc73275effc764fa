"""What a release made on GitHub is in the ledger, so that whoever comes after a kill can close it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.json_documents import valid_document
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
    release = valid_document(shop.run("history", "--output", "json").out)["releases"][0]["release_id"]
    return dict(valid_document(shop.run("history", release, "--output", "json").out))


def made(shop: Shop, record: dict[str, Any]) -> str:
    """The comment's text, once the record's ids are those of GitHub."""
    assert record["github_deployment_id"] == shop.github.deployments()[0]["id"], record
    assert record["pull_request"] == FIRST
    comment = shop.github.comment(comment_id(record))
    assert record["urls"]["comment"] == comment["html_url"]
    return str(comment["body"])


def comment_id(record: dict[str, Any]) -> int:
    """The number at the end of the comment's address."""
    return int(record["urls"]["comment"].rpartition("-")[2])


def test_the_record_names_deployment_and_comment(changed: Shop) -> None:
    ran = changed.run("release")
    assert ran.code == 0, ran.told
    record = newest(changed)
    assert "### ✅ Live in production" in made(changed, record)
    shown = changed.run("history", record["release_id"]).out
    assert str(record["github_deployment_id"]) in shown
    assert record["urls"]["comment"] in shown


def test_after_a_kill_they_are_there_and_what_was_left_open_is_closed(changed: Shop) -> None:
    with changed.config() as config:
        config["services"]["worker"]["verify"] = {"url": "http://127.0.0.1:9/", "timeout": "60s"}
    running = start(changed, "release")
    running.until_told("verify: ")
    running.until(lambda: newest(changed)["urls"]["comment"] is not None, seconds=30)
    running.kill()
    record = newest(changed)
    assert record["result"] is None
    assert "### 🚀 Releasing to production" in made(changed, record)
    ran = changed.run("recover", "--wait", "60s")
    assert ran.code == 0, ran.told
    assert "not reported" not in ran.told
    assert changed.github.states(record["github_deployment_id"])[0] == "failure"
    output = made(changed, record)
    assert "### 🛑 Killed in production" in output
    assert "previous version" in output or "rolled back" in output


def test_the_comment_of_the_release_before_says_that_it_was_replaced(changed: Shop) -> None:
    assert changed.run("release").code == 0
    older = comment_id(newest(changed))
    changed.git("checkout", "-q", ".")
    changed.git("merge", "-q", "--ff-only", "origin/next")
    ran = changed.run("release")
    assert ran.code == 0, ran.told
    assert "not reported" not in ran.told
    record = newest(changed)
    output = str(changed.github.comment(older)["body"])
    assert "### ⏹️ Was live in production until " in output
    assert f"Replaced by release `{record['release_id']}`" in output
    assert "Live in" not in output
    assert "### ✅ Live in production" in str(changed.github.comment(comment_id(record))["body"])
