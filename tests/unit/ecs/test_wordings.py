"""The same failures in other words: those of AWS's documents, of older agents, of EC2 hosts, of other tools.

``wordings.json`` groups them by what failed, each group with the pages and reports that its words come from; names,
accounts and regions are replaced, and a text without a report of its own is derived from AWS's page. ``code`` is null
for what means no failure.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deploytool.ecs.explain import explain

GROUPS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "wordings.json").read_text(encoding="utf-8"))
ROWS: list[dict[str, Any]] = [row for group in GROUPS for row in group["texts"]]
WRAPPED = [
    "TaskFailedToStart: {}",
    "(service shop-web) was unable to place a task. Reason: {}.",
    "(service web) (deployment ecs-svc/8262972806176612824) deployment failed: {}.",
    "2026-03-01T12:00:00+00:00 {}",
]
REASONS = [
    row
    for group in GROUPS
    for row in group["texts"]
    if row["text"].startswith(("CannotPull", "ResourceInit", "CannotStart", "CannotCreate"))
]


def first(text: str) -> tuple[str | None, bool, bool]:
    """Code, fatal and retriable of what is explained first."""
    diagnosis = next(iter(explain(text).diagnoses), None)
    if diagnosis is None:
        return None, False, False
    assert "{" not in diagnosis.cause + diagnosis.fix
    assert diagnosis.fix
    return diagnosis.code, diagnosis.fatal, diagnosis.retriable


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["text"][:60])
def test_other_words_have_the_same_meaning(row: dict[str, Any]) -> None:
    assert first(row["text"]) == (row["code"], row.get("fatal", False), row.get("retriable", False))


@pytest.mark.parametrize("form", WRAPPED)
def test_what_a_message_quotes_is_judged_as_if_it_stood_alone(form: str) -> None:
    differing = [row["text"] for row in REASONS if first(form.format(row["text"]))[0] != row["code"]]
    assert differing == []


OTHER_NAMES = [
    ("123456789012", "998877665544"),
    ("us-east-1", "ap-southeast-3"),
    ("eu-west-1", "cn-northwest-1"),
    ("arn:aws:", "arn:aws-cn:"),
    ("shop", "my_billing.api-v2"),
    ("1 time(s)", "7 time(s)"),
    ("http", "HTTP"),
]


@pytest.mark.parametrize(("old", "new"), OTHER_NAMES)
def test_numbers_regions_and_names_do_not_matter(old: str, new: str) -> None:
    texts = [(row["text"].replace(old, new), row["code"]) for row in ROWS if old in row["text"]]
    assert [text for text, code in texts if first(text)[0] != code] == []


NEAR_MISSES = [
    "(service app) has started 1 tasks: (task alarm-detected).",
    "(service quota) has reached a steady state.",
    "(service protected-tasks-api) has begun draining connections on 2 tasks.",
    "(service hook-failed) registered 1 targets in (target-group arn:x)",
    "(service app) (deployment ecs-svc/1) deployment completed.",
    "ECS deployment ecs-svc/1 in progress.",
    "ECS deployment ecs-svc/1 completed.",
    "INFO the SecretsManager cache is warm, 12 secrets",
    "Error: EFS mount point /data is empty",
    "WARN rate exceeded for tenant 7, slowing down",
    "PullRequest #12: image not found in the README",
    "user not authorized to perform this action on invoice 7",
    "GET /healthcheck 200 3ms (ELB-HealthChecker/2.0)",
    "Listening on network interface eth0",
    "429 Too Many Requests from https://api.stripe.com",
]


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_words_that_only_look_alike_get_no_rule_of_aws(text: str) -> None:
    assert first(text)[0] is None


def test_every_group_has_its_sources() -> None:
    assert all(source.startswith("https://") for group in GROUPS for source in group["sources"])
    assert len({row["text"] for row in ROWS}) == len(ROWS) >= 180
