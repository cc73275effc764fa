"""What an app's own log says about why it failed; which of several lines counts; what is never quoted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytool.ecs.app_log import diagnose_log
from deploytool.ecs.task_diagnosis import diagnose_task
from tests.unit.ecs.test_task_diagnosis import exited, task

PASSWORD_WRONG = 'error: password authentication failed for user "shop"'
REDIS_REFUSED = "Error: connect ECONNREFUSED 10.0.3.4:6379"
NOT_SET = "Error: Missing required environment variable: STRIPE_KEY"


def code_of(*lines: str) -> str:
    diagnosis = diagnose_log(lines)
    return diagnosis.code if diagnosis else ""


def test_the_line_is_quoted_when_a_rule_matches() -> None:
    diagnosis = diagnose_log(["starting", f"  {PASSWORD_WRONG}  "])
    assert diagnosis is not None
    assert diagnosis.cause.endswith(f"its log says: {PASSWORD_WRONG}")
    assert (diagnosis.quote, diagnosis.quoted, diagnosis.more) == (PASSWORD_WRONG, "the log", "")
    assert "task definition" in diagnosis.fix


def test_nothing_is_said_when_no_line_is_known() -> None:
    assert diagnose_log([]) is None
    assert diagnose_log(["", "starting", "Error: boom"]) is None


def test_the_exit_code_is_explained_when_the_log_says_why() -> None:
    diagnosis = diagnose_task(task(exited(1)), ["starting", NOT_SET])
    assert diagnosis.code == "app-variable-missing"
    assert diagnosis.cause == (
        f"container app exited with code 1: the environment variable STRIPE_KEY is not set; its log says: {NOT_SET}"
    )
    assert "STRIPE_KEY" in diagnosis.fix


def test_aws_own_certain_cause_wins_when_the_log_has_one_too() -> None:
    killed = diagnose_task(task(exited(137, "OutOfMemoryError: container killed")), [PASSWORD_WRONG])
    assert killed.code == "out-of-memory"
    spot = replace(task(exited(1)), stop_code="SpotInterruption")
    assert diagnose_task(spot, [PASSWORD_WRONG]).code == "spot-interrupted"


ELB = "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/7)"


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (ELB, "app-loopback-only"),
        ("Task failed container health checks", "container-unhealthy"),
        ("Essential container in task exited", "container-failed"),
    ],
)
def test_listening_on_loopback_counts_when_the_load_balancer_found_the_task_unhealthy(reason: str, code: str) -> None:
    assert diagnose_task(task(exited(1), reason=reason), ["Server listening at http://127.0.0.1:3000"]).code == code
