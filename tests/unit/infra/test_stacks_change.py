from __future__ import annotations

import json
from datetime import timedelta

import pytest

from deploytool.infra.change_set import ABANDONED, ChangeSet, ListedChangeSet, stale_change_sets
from deploytool.infra.stacks import (
    NOTHING_ALLOWED,
    POLICY,
    STATEFUL,
    TERMINATION,
    Action,
    Allowed,
    PropertyChange,
    ResourceChange,
    change_refusals,
    missing_protections,
    short_type,
    stack_policy,
    with_policies,
)
from tests.unit.infra.stacks_cases import START

HARMLESS = [Action.ADD, Action.CHANGE, Action.IMPORT]
HARMFUL = [Action.REPLACE, Action.MAY_REPLACE, Action.REMOVE]


@pytest.mark.parametrize("type_", sorted(STATEFUL))
@pytest.mark.parametrize("action", HARMFUL)
def test_what_holds_data_is_neither_replaced_nor_removed_when_it_is_not_named(type_: str, action: Action) -> None:
    (problem,) = change_refusals("data", [ResourceChange("Store", type_, action)], NOTHING_ALLOWED)
    option = "remove" if action is Action.REMOVE else "replace"
    assert f"--allow-{option} data.Store" in problem.fix
    assert "LOST" in problem.cause


@pytest.mark.parametrize("action", HARMLESS)
def test_what_holds_data_may_be_added_and_changed_in_place(action: Action) -> None:
    assert change_refusals("data", [ResourceChange("Store", "AWS::S3::Bucket", action)], NOTHING_ALLOWED) == ()


@pytest.mark.parametrize("action", HARMFUL)
def test_what_holds_no_data_may_be_replaced_and_removed(action: Action) -> None:
    assert (
        change_refusals("service", [ResourceChange("Task", "AWS::ECS::TaskDefinition", action)], NOTHING_ALLOWED) == ()
    )


@pytest.mark.parametrize(
    ("action", "allowed", "refused"),
    [
        (Action.REPLACE, Allowed(replace=frozenset({"data.Store"})), False),
        (Action.MAY_REPLACE, Allowed(replace=frozenset({"data.Store"})), False),
        (Action.REMOVE, Allowed(remove=frozenset({"data.Store"})), False),
        (Action.REMOVE, Allowed(replace=frozenset({"data.Store"})), True),
        (Action.REPLACE, Allowed(remove=frozenset({"data.Store"})), True),
        (Action.REPLACE, Allowed(replace=frozenset({"other.Store", "data.Other"})), True),
    ],
)
def test_naming_it_allows_just_that(action: Action, allowed: Allowed, refused: bool) -> None:
    assert bool(change_refusals("data", [ResourceChange("Store", "AWS::S3::Bucket", action)], allowed)) is refused


def test_the_refusal_tells_which_property_and_that_the_old_one_is_kept() -> None:
    properties = (PropertyChange("Name", replaces=True), PropertyChange("Tags"))
    change = ResourceChange("Store", "AWS::S3::Bucket", Action.REPLACE, properties=properties, keeps_old=True)
    (problem,) = change_refusals("data", [change], NOTHING_ALLOWED)
    assert "would be replaced (Name changes)" in problem.cause
    assert "the old data is kept" in problem.cause


def test_the_names_that_are_allowed_are_told_by_stack() -> None:
    allowed = Allowed(frozenset({"data.B", "network.X"}), frozenset({"data.A"}))
    assert allowed.logical_ids("data") == ("A", "B")
    assert allowed.logical_ids("service") == ()


def test_the_template_says_what_is_kept_when_cloudformation_only_perhaps_replaces() -> None:
    perhaps = ResourceChange("A", "AWS::S3::Bucket", Action.MAY_REPLACE)
    surely = ResourceChange("A", "AWS::S3::Bucket", Action.REPLACE)
    assert [each.keeps_old for each in with_policies([perhaps, surely], {"A": "Retain"})] == [True, False]
    assert [each.keeps_old for each in with_policies([perhaps], {"A": "Delete"})] == [False]
    assert [each.keeps_old for each in with_policies([perhaps], {})] == [False]


def test_types_are_told_in_short() -> None:
    assert short_type("AWS::RDS::DBInstance") == "RDS DBInstance"
    assert short_type("Custom::Thing") == "Custom Thing"


@pytest.mark.parametrize(
    ("status", "reason", "ready", "empty", "failed"),
    [
        ("CREATE_PENDING", "", False, False, False),
        ("CREATE_IN_PROGRESS", "", False, False, False),
        ("CREATE_COMPLETE", "", True, False, False),
        ("FAILED", "The submitted information didn't contain changes. Submit different …", True, True, False),
        ("FAILED", "No updates are to be performed.", True, True, False),
        ("FAILED", "Template error", True, False, True),
        ("CREATE_COMPLETE", "No updates are to be performed.", True, False, False),
    ],
)
def test_an_empty_change_set_is_told_from_one_that_failed(
    status: str, reason: str, ready: bool, empty: bool, failed: bool
) -> None:
    found = ChangeSet("arn", "stack", status, reason)
    assert (found.ready, found.empty, found.failed) == (ready, empty, failed)


@pytest.mark.parametrize(
    ("status", "executed"),
    [
        ("AVAILABLE", False),
        ("UNAVAILABLE", False),
        ("OBSOLETE", False),
        ("EXECUTE_IN_PROGRESS", True),
        ("EXECUTE_COMPLETE", True),
        ("EXECUTE_FAILED", True),
    ],
)
def test_whether_a_change_set_was_executed_is_read_from_its_execution_status(status: str, executed: bool) -> None:
    assert ChangeSet("arn", "stack", "CREATE_COMPLETE", execution_status=status).executed is executed


@pytest.mark.parametrize(
    ("name", "age", "goes"),
    [
        ("deploytool-1-data", ABANDONED, True),
        ("deploytool-1-data", ABANDONED - timedelta(seconds=1), False),
        ("somebody-elses", ABANDONED * 10, False),
    ],
)
def test_a_change_set_is_left_over_when_it_is_ours_and_old(name: str, age: timedelta, goes: bool) -> None:
    assert bool(stale_change_sets([ListedChangeSet("arn", name, START - age)], START)) is goes


def test_the_stack_policy_denies_replacement_and_deletion_of_what_holds_data() -> None:
    allow, deny = json.loads(stack_policy())["Statement"]
    assert (allow["Effect"], allow["Action"], allow["Resource"]) == ("Allow", "Update:*", "*")
    assert (deny["Effect"], deny["Action"], deny["Resource"]) == ("Deny", ["Update:Replace", "Update:Delete"], "*")
    assert deny["Condition"]["StringEquals"]["ResourceType"] == sorted(STATEFUL)


def test_the_stack_policy_lets_through_what_was_named() -> None:
    _, deny = json.loads(stack_policy(["Store"]))["Statement"]
    assert deny["NotResource"] == ["LogicalResourceId/Store"]
    assert "Resource" not in deny


@pytest.mark.parametrize(
    ("protected", "policy", "lacks"),
    [
        (True, stack_policy(), ()),
        (True, json.dumps(json.loads(stack_policy()), indent=2), ()),
        (False, stack_policy(), (TERMINATION,)),
        (True, "", (POLICY,)),
        (True, stack_policy(["Store"]), (POLICY,)),
        (False, "not json", (TERMINATION, POLICY)),
    ],
)
def test_what_a_stack_lacks_of_protection_is_told(protected: bool, policy: str, lacks: tuple[str, ...]) -> None:
    assert missing_protections(protected, policy) == lacks
