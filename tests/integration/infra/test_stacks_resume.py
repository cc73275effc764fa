"""A run that was killed, cancelled or too slow, and the next one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from deploytool.errors import Exit
from deploytool.infra import change_set
from deploytool.infra.client import Stacks
from deploytool.infra.events import ResourceMoved, Result, StackBegan, StackEnded, StackOutcome
from deploytool.infra.planner import draft_plan
from deploytool.ledger.lock import Locked
from deploytool.release.ports import Cancelled
from tests.integration.aws_fault_proxy.conftest import eventually
from tests.integration.infra.conftest import Site
from tests.integration.infra.documents import edited, failing, waiting
from tests.integration.infra.surroundings import cancel_when
from tests.support.aws_fault_proxy.rules import Effect, Rule
from tests.support.slow import slow

ROOT = Path(__file__).parents[3]


@contextmanager
def running(site: Site, place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The driver as a process of its own, on the same stacks."""
    documents = place / "documents.json"
    documents.write_text(json.dumps(site.documents))
    command = [sys.executable, "-m", "tests.integration.infra.killed", site.app, str(documents)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def signal(site: Site, key: str) -> None:
    """Let the stack go on that waits for it."""
    name = site.name(key)
    resource = site.client.describe_stack_resource(StackName=name, LogicalResourceId="Handle")["StackResourceDetail"]
    url = urlsplit(resource["PhysicalResourceId"])
    body = json.dumps({"Status": "SUCCESS", "UniqueId": "1", "Data": "", "Reason": ""})
    answer = requests.put(f"{site.front.base_url}{url.path}?{url.query}", data=body, timeout=10)
    assert answer.ok, answer.text


def test_the_next_run_follows_to_its_end_what_a_killed_one_began(site: Site, tmp_path: Path) -> None:
    site.change("base", waiting)
    with running(site, tmp_path) as process:
        eventually(lambda: site.happened("base", "Wait", "CREATE_IN_PROGRESS"))
        process.kill()
    assert site.status("base") == "CREATE_IN_PROGRESS"
    site.clock.on_sleep = lambda pauses: signal(site, "base") if pauses == 3 else None
    outcome = site.apply()
    assert outcome.succeeded
    first, *_ = (each for each in site.told if isinstance(each, StackBegan))
    assert first.what == "follow CREATE_IN_PROGRESS"
    told = [(each.event.logical_id, each.event.status) for each in site.told if isinstance(each, ResourceMoved)]
    assert ("Store", "CREATE_COMPLETE") in told
    assert [end.outcome for end in outcome.stacks] == [
        StackOutcome.PROTECTED,
        StackOutcome.CREATED,
        StackOutcome.CREATED,
    ]
    assert site.executions() == 3


def test_the_next_run_tells_why_what_a_killed_one_began_failed_and_makes_it_anew(site: Site, tmp_path: Path) -> None:
    succeeded = site.documents["base"]
    site.documents["base"] = failing(waiting(succeeded))
    with running(site, tmp_path) as process:
        eventually(lambda: site.happened("base", "Wait", "CREATE_IN_PROGRESS"))
        process.kill()
    site.documents["base"] = succeeded
    site.clock.on_sleep = lambda pauses: signal(site, "base") if pauses == 3 else None
    assert site.apply().succeeded
    followed = next(each.end for each in site.told if isinstance(each, StackEnded))
    assert (followed.outcome, followed.status) == (StackOutcome.ROLLED_BACK, "ROLLBACK_COMPLETE")
    assert site.status("base") == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    "action", ["CreateChangeSet", slow("DescribeChangeSet"), "ExecuteChangeSet", slow("DescribeStackEvents")]
)
def test_everything_is_made_once_when_a_run_was_killed_while_aws_answered(
    site: Site, tmp_path: Path, action: str
) -> None:
    site.front.script([Rule(Effect("latency", seconds=3), service="cloudformation", action=action)])
    with running(site, tmp_path) as process:
        eventually(lambda: site.front.calls(action="ListChangeSets"))
        eventually(lambda: site.front.calls(action=action) or process.poll() is not None)
        process.kill()
    site.front.script([])
    assert site.apply().succeeded
    assert [site.status(key) for key in site.documents] == ["CREATE_COMPLETE"] * 3
    assert site.executions() == 3


def test_change_sets_that_a_killed_run_left_are_deleted_when_they_are_old(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert site.apply().succeeded
    change = {"TemplateBody": json.dumps(edited(site.documents["base"], "Queue", VisibilityTimeout=3))}
    parameters = [{"ParameterKey": "App", "ParameterValue": site.app}]
    for name in ("deploytool-killed-base", "mine"):
        site.client.create_change_set(StackName=site.name("base"), ChangeSetName=name, Parameters=parameters, **change)
    assert site.apply().result is Result.NOTHING_TO_DO
    assert {"deploytool-killed-base", "mine"} <= site.change_sets("base").keys()
    # AWS tells its time in whole seconds.
    monkeypatch.setattr(change_set, "ABANDONED", timedelta(seconds=-2))
    assert site.apply().result is Result.NOTHING_TO_DO
    assert "deploytool-killed-base" not in site.change_sets("base")
    assert "mine" in site.change_sets("base")


def test_a_cancelled_run_says_what_goes_on_and_the_next_one_follows_it(site: Site) -> None:
    site.change("base", waiting)
    site.clock.on_sleep = cancel_when(lambda: site.happened("base", "Wait", "CREATE_IN_PROGRESS"))
    outcome = site.apply()
    assert (outcome.result, outcome.exit_code) == (Result.CANCELLED, Exit.CANCELLED)
    base, top, service = outcome.stacks
    assert (base.outcome, base.status) == (StackOutcome.IN_PROGRESS, "CREATE_IN_PROGRESS")
    assert "follows it to its end" in base.detail
    assert (top.outcome, service.outcome) == (StackOutcome.NOT_STARTED, StackOutcome.NOT_STARTED)
    site.clock.on_sleep = lambda pauses: signal(site, "base") if pauses == site_pauses + 3 else None
    site_pauses = site.clock.pauses
    assert site.apply().succeeded


def test_nothing_is_left_of_a_plan_when_it_is_cancelled(site: Site) -> None:
    def cancelled() -> None:
        with draft_plan(site.target(), site.deps()) as found:
            assert found.drafts["base"].change_set is not None
            assert site.status("base") == "REVIEW_IN_PROGRESS"
            raise Cancelled("SIGINT")

    with pytest.raises(Cancelled):
        cancelled()
    assert site.status("base") == ""


def test_a_run_that_is_out_of_time_says_what_goes_on(site: Site) -> None:
    site.change("base", waiting)
    outcome = site.apply(timeout=2.0)
    assert (outcome.result, outcome.exit_code) == (Result.TIMED_OUT, Exit.TIMEOUT)
    assert outcome.stacks[0].outcome is StackOutcome.IN_PROGRESS
    (problem, *_) = site.plan().problems
    assert "an operation is in progress" in problem.cause
    signal(site, "base")


def test_another_release_keeps_the_service_stack_from_being_changed(site: Site) -> None:
    site.images.live = {"AppImage": "registry/app@sha256:" + "1" * 64}

    @contextmanager
    def locked() -> Iterator[None]:
        raise LockedByAnother
        yield

    site.guard = locked
    outcome = site.apply()
    assert [end.outcome for end in outcome.stacks] == [StackOutcome.CREATED, StackOutcome.CREATED, StackOutcome.REFUSED]
    assert outcome.exit_code is Exit.LOCKED
    assert site.status("service") == ""


class LockedByAnother(Locked):
    """As Locked, without a holder to describe."""

    def __init__(self) -> None:
        Exception.__init__(self, "locked")
        self.cause, self.fix = "locked by a release", "wait"


def test_no_lock_is_asked_for_when_the_service_stack_does_not_change(site: Site) -> None:
    site.images.live = {"AppImage": "registry/app@sha256:" + "1" * 64}
    assert site.apply().succeeded

    @contextmanager
    def locked() -> Iterator[None]:
        raise LockedByAnother
        yield

    site.guard = locked
    assert site.apply().result is Result.NOTHING_TO_DO
    assert Stacks(site.session).describe(site.name("service")) is not None
