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


NAMED = frozenset({"Database", "Balancer"})
CLASS, RENAMED = PropertyChange("DBName", replaces=True), PropertyChange("DBInstanceIdentifier", replaces=True)


def database(action: Action, *properties: PropertyChange) -> ResourceChange:
    (change,) = with_policies(
        [ResourceChange("Database", "AWS::RDS::DBInstance", action, properties=properties)], {}, NAMED
    )
    return change


@pytest.mark.parametrize("allowed", [NOTHING_ALLOWED, Allowed(replace=frozenset({"data.Database"}))])
def test_a_replacement_is_refused_outright_when_the_resource_keeps_its_name(allowed: Allowed) -> None:
    (problem,) = change_refusals("data", [database(Action.REPLACE, CLASS)], allowed)
    assert "CloudFormation refuses while its DBInstanceIdentifier stays the same" in problem.cause
    assert "change DBInstanceIdentifier in the same update and add --allow-replace data.Database" in problem.fix


def test_what_holds_no_data_is_refused_as_well_when_it_keeps_its_name() -> None:
    scheme = (PropertyChange("Scheme", replaces=True),)
    change = ResourceChange("Balancer", "AWS::ElasticLoadBalancingV2::LoadBalancer", Action.REPLACE, properties=scheme)
    (problem,) = change_refusals("platform", with_policies([change], {}, NAMED), NOTHING_ALLOWED)
    assert problem.fix == "undo the change, or change Name in the same update"


def test_a_replacement_is_allowed_by_name_when_the_change_set_gives_no_details() -> None:
    (problem,) = change_refusals("data", [database(Action.REPLACE)], NOTHING_ALLOWED)
    assert "--allow-replace data.Database" in problem.fix
    assert change_refusals("data", [database(Action.REPLACE)], Allowed(replace=frozenset({"data.Database"}))) == ()


def test_a_replacement_is_allowed_by_name_when_the_resource_gets_another_one() -> None:
    change = database(Action.REPLACE, CLASS, RENAMED)
    assert "--allow-replace data.Database" in change_refusals("data", [change], NOTHING_ALLOWED)[0].fix
    assert change_refusals("data", [change], Allowed(replace=frozenset({"data.Database"}))) == ()


def test_no_data_can_be_lost_when_a_named_resource_only_may_be_replaced() -> None:
    change = database(Action.MAY_REPLACE, PropertyChange("PreferredMaintenanceWindow", replaces=True))
    (problem,) = change_refusals("data", [change], NOTHING_ALLOWED)
    assert "no data can be lost" in problem.cause
    assert "LOST" not in problem.cause
    assert change_refusals("data", [change], Allowed(replace=frozenset({"data.Database"}))) == ()


@pytest.mark.parametrize(
    ("type_", "name", "action", "interrupts"),
    [
        ("AWS::RDS::DBInstance", "DBInstanceClass", Action.CHANGE, True),
        ("AWS::RDS::DBInstance", "DBInstanceClass", Action.MAY_REPLACE, True),
        ("AWS::RDS::DBInstance", "DBParameterGroupName", Action.CHANGE, True),
        ("AWS::RDS::DBInstance", "AllocatedStorage", Action.CHANGE, False),
        ("AWS::RDS::DBInstance", "DBInstanceClass", Action.ADD, False),
        ("AWS::ElastiCache::ReplicationGroup", "CacheNodeType", Action.CHANGE, True),
        ("AWS::ElastiCache::ReplicationGroup", "EngineVersion", Action.CHANGE, True),
        ("AWS::ElastiCache::ReplicationGroup", "SnapshotWindow", Action.CHANGE, False),
        ("AWS::SNS::Topic", "EngineVersion", Action.CHANGE, False),
    ],
)
def test_a_change_in_place_says_whether_it_interrupts(type_: str, name: str, action: Action, interrupts: bool) -> None:
    change = ResourceChange("It", type_, action, properties=(PropertyChange(name),))
    assert bool(change.interruptions) is interrupts


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
        ("deploytool-1-data", None, False),
    ],
)
def test_a_change_set_is_left_over_when_it_is_ours_and_old(name: str, age: timedelta | None, goes: bool) -> None:
    made_at = None if age is None else START - age
    assert bool(stale_change_sets([ListedChangeSet("arn", name, made_at)], START)) is goes


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
