"""Time-outs, throttling, server errors and lost connections while stacks are driven: nothing happens twice."""

from __future__ import annotations

import pytest

from deploytool.aws.session import Session
from deploytool.infra.client import Stacks
from deploytool.infra.events import Result, StackOutcome
from tests.integration.infra.conftest import Site
from tests.integration.infra.documents import edited
from tests.support.aws_fault_proxy.rules import Effect, Rule
from tests.support.slow import pairs, slow

CHANGES = ("CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "SetStackPolicy", "UpdateTerminationProtection")
READS = (
    "DescribeStacks",
    "DescribeChangeSet",
    "DescribeStackEvents",
    "ListExports",
    "ListChangeSets",
    "GetStackPolicy",
)


def rule(action: str, kind: str, **how: object) -> Rule:
    return Rule(Effect(kind), service="cloudformation", action=action, **how)  # type: ignore[arg-type]  # a table's row


def applied_once(site: Site) -> None:
    """All three stacks are made, each by one operation, and no change set is left that could be executed."""
    assert [site.status(key) for key in site.documents] == ["CREATE_COMPLETE"] * 3
    assert site.executions() == 3
    for key in site.documents:
        assert set(site.change_sets(key).values()) <= {"EXECUTE_COMPLETE"}


# `reset_after` is the hard one: the change was made, and its answer is lost.
@pytest.mark.parametrize(
    ("action", "kind"),
    pairs(
        CHANGES,
        ["throttle", "server_error", "reset", "reset_after"],
        always=lambda action, kind: kind == "reset_after" or action == "ExecuteChangeSet",
    ),
)
def test_a_change_happens_once_when_its_first_call_gets_no_good_answer(site: Site, action: str, kind: str) -> None:
    site.front.script([rule(action, kind, first=1)])
    outcome = site.apply()
    assert outcome.result is Result.APPLIED
    site.front.script([])
    applied_once(site)


@pytest.mark.parametrize(
    ("action", "kind"),
    pairs(
        READS,
        ["throttle", "reset"],
        always=lambda action, kind: kind == "throttle" or action == "DescribeStackEvents",
    ),
)
def test_a_reading_is_repeated_when_it_gets_no_good_answer(site: Site, action: str, kind: str) -> None:
    site.front.script([rule(action, kind, every=2, times=3)])
    assert site.apply().succeeded
    site.front.script([])
    applied_once(site)


def test_stacks_are_made_once_when_a_tenth_of_all_calls_fails(site: Site) -> None:
    kinds = ("throttle", "server_error", "reset", "reset_after")
    site.front.script([rule(".*", kind, probability=0.03) for kind in kinds], seed=7)
    assert site.apply().succeeded
    assert site.front.calls("cloudformation")
    site.front.script([])
    applied_once(site)
    assert site.apply().result is Result.NOTHING_TO_DO


def test_a_change_set_is_executed_once_when_the_answer_takes_too_long(site: Site) -> None:
    impatient = Site(Session("us-east-1", read_timeout=1), site.front)
    impatient.front.script(
        [Rule(Effect("latency", seconds=2), service="cloudformation", action="ExecuteChangeSet", first=1)]
    )
    assert impatient.apply().succeeded
    impatient.front.script([])
    applied_once(impatient)


def test_every_operation_carries_a_token_that_no_other_has(site: Site) -> None:
    run = site.app
    assert site.apply(run_id=run).succeeded
    tokens = [call.params["ClientRequestToken"] for call in site.front.calls(action="ExecuteChangeSet")]
    sent = [token for token in tokens if token.startswith(run)]
    assert sent == [f"{run}-base", f"{run}-top", f"{run}-service"]
    told = {event.token for key in site.documents for event in Stacks(site.session).events(site.name(key), "")}
    assert set(sent) <= told


@pytest.mark.parametrize("kind", ["throttle", slow("server_error"), slow("reset"), "reset_after"])
def test_a_stack_is_deleted_once_when_the_first_call_gets_no_good_answer(site: Site, kind: str) -> None:
    assert site.apply(keys=("base",)).succeeded
    site.front.script([rule("DeleteStack", kind, first=1)])
    (end,) = site.destroy(keys=("base",)).stacks
    assert end.outcome is StackOutcome.DELETED
    assert [held.logical_id for held in end.retained] == ["Store"]


def test_a_lost_permission_is_told_and_the_other_stacks_stay_as_they_are(site: Site) -> None:
    site.front.script([rule("ExecuteChangeSet", "access_denied", nth=2)])
    outcome = site.apply()
    assert [end.outcome for end in outcome.stacks] == [
        StackOutcome.CREATED,
        StackOutcome.REFUSED,
        StackOutcome.NOT_STARTED,
    ]
    assert "cloudformation:ExecuteChangeSet" in outcome.diagnoses[0].cause
    assert outcome.result is Result.ROLLED_BACK
    site.front.script([])
    assert site.status("top") == ""
    assert site.apply().succeeded


def test_a_protection_that_cannot_be_set_does_not_undo_a_good_stack(site: Site) -> None:
    site.front.script([rule("SetStackPolicy", "access_denied")])
    assert site.apply().succeeded
    assert any("cannot protect stack" in text for text in site.warnings())
    site.front.script([])
    assert site.apply().result is Result.APPLIED
    assert site.plan().nothing_to_do


def test_an_update_happens_once_when_its_answer_is_lost(site: Site) -> None:
    assert site.apply().succeeded
    site.change("base", lambda document: edited(document, "Queue", VisibilityTimeout=9))
    site.front.script([rule("ExecuteChangeSet", "reset_after", first=1)])
    assert site.apply().succeeded
    site.front.script([])
    assert site.executions() == 4
