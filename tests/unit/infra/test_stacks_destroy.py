from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deploytool.infra.destroy import (
    DestroyPlan,
    deletion_result,
    of_other_apps,
    of_other_environments,
    plan_destroy,
    shared_and_not_retained,
)
from deploytool.infra.drift_model import Difference, Drifted, StackDrift
from deploytool.infra.plan import StackResource, StackSummary
from deploytool.infra.stacks import Output, in_deletion_order, stack_policy, stacks_of
from tests.unit.infra.fake_cloudformation import target
from tests.unit.infra.stacks_cases import state, template

STACKS = in_deletion_order(stacks_of("shop", "production"))
ALL = {stack.key: state("CREATE_COMPLETE") for stack in STACKS}


def planned(states: dict[str, Any], **request: Any) -> DestroyPlan:
    request = {"include_data": False, "include_account": False, **request}
    return plan_destroy("shop", "production", STACKS, states, **request)


def keys(plan: DestroyPlan) -> list[str]:
    return [each.stack.key for each in plan.to_delete]


@pytest.mark.parametrize(
    ("includes", "doomed"),
    [
        ({}, ["service", "platform"]),
        ({"include_data": True}, ["service", "platform", "data", "network"]),
        ({"include_account": True}, ["service", "platform", "account", "bootstrap"]),
        (
            {"include_data": True, "include_account": True},
            ["service", "platform", "data", "network", "account", "bootstrap"],
        ),
    ],
)
def test_data_and_what_the_account_shares_go_only_when_they_are_included(
    includes: dict[str, Any], doomed: list[str]
) -> None:
    plan = planned(ALL, **includes)
    assert keys(plan) == doomed
    assert {each.stack.key for each in plan.to_keep} == set(ALL) - set(doomed)
    assert plan.problems == ()


def test_the_network_goes_when_there_is_no_data_in_it() -> None:
    assert keys(planned({**ALL, "data": None})) == ["service", "platform", "network"]


def test_what_is_not_there_is_neither_deleted_nor_spared() -> None:
    plan = planned({**ALL, "service": None, "account": state("DELETE_COMPLETE")})
    assert keys(plan) == ["platform"]
    assert "account" not in {each.stack.key for each in plan.to_keep}


def test_a_stack_that_is_half_made_goes_as_well() -> None:
    states = {**ALL, "service": state("ROLLBACK_COMPLETE"), "platform": state("REVIEW_IN_PROGRESS")}
    assert keys(planned(states)) == ["service", "platform"]


def test_what_the_account_shares_stays_when_another_environment_uses_it() -> None:
    plan = planned(ALL, include_account=True, others=("shop-staging-network",))
    assert "shop-staging-network" in plan.problems[0].cause
    assert planned(ALL, include_data=True, others=("shop-staging-network",)).problems == ()


OTHERS = {
    "blog-bootstrap": {"app": "blog", "managed-by": "deploytool"},
    "blog-production-network": {"app": "blog", "managed-by": "deploytool"},
    "shop-bootstrap": {"app": "shop", "managed-by": "deploytool"},
    "old-bootstrap": {"app": "old"},
    "cdk-bootstrap": {},
}


def test_other_apps_are_told_by_the_tags_of_their_stacks() -> None:
    assert of_other_apps(OTHERS, ["shop-bootstrap"]) == ("blog-bootstrap",)


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({"include_account": True, "other_apps": ("blog-bootstrap",), "exposed": ("bootstrap.GitHub",)}, True),
        ({"include_account": True, "other_apps": ("blog-bootstrap",), "exposed": ()}, False),
        ({"include_account": True, "other_apps": (), "exposed": ("bootstrap.GitHub",)}, False),
        ({"include_account": False, "other_apps": ("blog-bootstrap",), "exposed": ("bootstrap.GitHub",)}, False),
    ],
)
def test_the_account_keeps_what_other_apps_would_lose(more: dict[str, Any], refused: bool) -> None:
    plan = planned(ALL, **more)
    assert ["blog-bootstrap would lose bootstrap.GitHub" in problem.cause for problem in plan.problems] == (
        [True] if refused else []
    )


@pytest.mark.parametrize(
    ("resource", "exposed"),
    [
        ({"Type": "AWS::IAM::OIDCProvider"}, True),
        ({"Type": "AWS::IAM::OIDCProvider", "DeletionPolicy": "Retain"}, False),
        ({"Type": "AWS::GuardDuty::Detector", "DeletionPolicy": "Delete"}, True),
        ({"Type": "AWS::CloudTrail::Trail", "DeletionPolicy": "RetainExceptOnCreate"}, False),
        ({"Type": "AWS::CloudTrail::Trail", "Condition": "Never"}, False),
        ({"Type": "AWS::IAM::Role"}, False),
    ],
)
def test_what_an_account_has_once_is_shared_unless_its_stack_retains_it(
    resource: dict[str, Any], exposed: bool
) -> None:
    document = {"Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}, "Resources": {"It": resource}}
    ours = target(documents={"base": document})
    of_account = replace(ours, stacks=(replace(ours.stacks[0], of_account=True), ours.stacks[1]))
    assert shared_and_not_retained(of_account) == (("base.It",) if exposed else ())
    assert shared_and_not_retained(ours) == ()


def test_other_environments_are_told_by_the_names_of_their_stacks() -> None:
    names = [
        "shop-production-data",
        "shop-staging-data",
        "shop-bootstrap",
        "shop-data",
        "shopping-x-data",
        "shop-x-cdn",
    ]
    assert of_other_environments("shop", names, ["shop-production-data"]) == ("shop-staging-data",)


@pytest.mark.parametrize(
    ("policy", "fate"),
    [
        ("Retain", "kept"),
        ("RetainExceptOnCreate", "kept"),
        ("Snapshot", "a snapshot is kept"),
        ("Delete", "will be deleted permanently"),
    ],
)
def test_what_becomes_of_data_is_read_from_the_deletion_policy(policy: str, fate: str) -> None:
    document = {"Resources": {"A": {"Type": "AWS::RDS::DBInstance", "DeletionPolicy": policy}}}
    assert deletion_result(StackResource("A", "AWS::RDS::DBInstance", "CREATE_COMPLETE"), template(document)) == fate
    assert deletion_result(StackResource("A", "AWS::IAM::Role", "CREATE_COMPLETE"), template(document)) == ""


def database(path: str, expected: str, actual: str) -> Drifted:
    return Drifted("Database", "AWS::RDS::DBInstance", "MODIFIED", "", (Difference(path, expected, actual),))


TASK, COUNT = Difference("/TaskDefinition", "a:1", "a:2"), Difference("/DesiredCount", "2", "3")


@pytest.mark.parametrize(
    ("drifted", "by_design"),
    [
        (Drifted("App", "AWS::ECS::Service", "MODIFIED", "", (TASK, COUNT)), True),
        (Drifted("App", "AWS::ECS::Service", "MODIFIED", "", (TASK, Difference("/Cluster"))), False),
        (Drifted("App", "AWS::ECS::Service", "DELETED"), False),
        (Drifted("App", "AWS::ECS::Service", "MODIFIED"), False),
        (Drifted("Store", "AWS::S3::Bucket", "MODIFIED", "", (Difference("/TaskDefinition"),)), False),
        (database("/AllocatedStorage", "100", "130"), True),
        (database("/AllocatedStorage", '"100"', '"500"'), True),
        (database("/AllocatedStorage", "100", "50"), False),
        (database("/AllocatedStorage", "100", "null"), False),
        (database("/EngineVersion", "16", "16.10"), True),
        (database("/EngineVersion", "16.3", "16.10"), True),
        (database("/EngineVersion", "16.10", "16.3"), False),
        (database("/EngineVersion", "16", "17.2"), False),
        (database("/EngineVersion", "8.0", "8.4.1"), False),
        (database("/EngineVersion", "8.0.35", "8.0.40"), True),
        (database("/EngineVersion", "16", "15"), False),
        (database("/DBInstanceClass", "db.t3.medium", "db.t3.large"), False),
        (
            Drifted(
                "Redis",
                "AWS::ElastiCache::ReplicationGroup",
                "MODIFIED",
                "",
                (Difference("/EngineVersion", "7.1", "7.2"),),
            ),
            True,
        ),
    ],
)
def test_drift_that_releases_and_autoscaling_make_does_not_count(drifted: Drifted, by_design: bool) -> None:
    assert drifted.by_design is by_design
    assert StackDrift("service", "shop-production-service", (drifted,)).drifted is not by_design


def test_a_stack_is_shown_with_its_protections_its_own_outputs_and_what_to_do() -> None:
    outputs = (Output("Vpc", "vpc-1", "shop-Vpc"), Output("Address", "https://x"))
    succeeded = StackSummary(STACKS[0], state("CREATE_COMPLETE", outputs=outputs, protected=True), stack_policy())
    assert (succeeded.exists, succeeded.protections, succeeded.advice) == (
        True,
        ("termination protection", "stack policy"),
        "",
    )
    assert [each.key for each in succeeded.outputs] == ["Address"]
    stuck = StackSummary(STACKS[0], state("UPDATE_ROLLBACK_FAILED"))
    assert stuck.protections == ()
    assert "continue-update-rollback" in stuck.advice
    bare = StackSummary(STACKS[0], state("ROLLBACK_COMPLETE"))
    assert "deletes and recreates" in bare.advice
    held = (StackResource("Database", "AWS::RDS::DBInstance", "CREATE_COMPLETE"),)
    assert "check what it still holds" in StackSummary(STACKS[0], state("ROLLBACK_COMPLETE"), held=held).advice
    nothing = StackSummary(STACKS[0], None)
    assert (nothing.exists, nothing.protections, nothing.outputs, nothing.advice) == (False, (), (), "")
    assert not StackSummary(STACKS[0], state("REVIEW_IN_PROGRESS")).exists
