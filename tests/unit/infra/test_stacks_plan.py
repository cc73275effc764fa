from __future__ import annotations

from typing import Any

import pytest

from deploytool.infra.plan import (
    InfraPlan,
    InfraRefused,
    StackAction,
    StackPlan,
    StackResource,
    all_added,
    choose_action,
    template_changes,
)
from deploytool.infra.stacks import Action, Stack
from deploytool.infra.templates import Resource
from deploytool.release.model import Problem
from tests.unit.infra.stacks_cases import state

STACK = Stack("data", "shop-production-data")
BUCKET, GONE = (
    StackResource("Store", "AWS::S3::Bucket", "CREATE_COMPLETE"),
    StackResource("Store", "AWS::S3::Bucket", "DELETE_COMPLETE"),
)
ROLE = StackResource("Role", "AWS::IAM::Role", "CREATE_COMPLETE")


@pytest.mark.parametrize(
    ("status", "held", "how"),
    [
        (None, (), StackAction.CREATE),
        ("DELETE_COMPLETE", (), StackAction.CREATE),
        ("REVIEW_IN_PROGRESS", (), StackAction.CREATE),
        ("CREATE_COMPLETE", (), StackAction.UPDATE),
        ("UPDATE_ROLLBACK_COMPLETE", (), StackAction.UPDATE),
        ("ROLLBACK_COMPLETE", (), StackAction.RECREATE),
        ("ROLLBACK_COMPLETE", (GONE, ROLE), StackAction.RECREATE),
        ("CREATE_FAILED", (ROLE,), StackAction.RECREATE),
    ],
)
def test_the_course_follows_from_the_state(
    status: str | None, held: tuple[StackResource, ...], how: StackAction
) -> None:
    assert choose_action(STACK, state(status) if status else None, held) is how


@pytest.mark.parametrize(
    ("status", "held", "words"),
    [
        ("ROLLBACK_COMPLETE", (BUCKET,), "still holds Store (S3 Bucket)"),
        ("CREATE_FAILED", (ROLE, BUCKET), "still holds Store (S3 Bucket)"),
        ("UPDATE_IN_PROGRESS", (), "an operation is in progress"),
        ("UPDATE_ROLLBACK_FAILED", (), "accepts no change"),
        ("DELETE_FAILED", (), "accepts no change"),
    ],
)
def test_nothing_is_done_when_the_state_does_not_allow_it(
    status: str, held: tuple[StackResource, ...], words: str
) -> None:
    found = choose_action(STACK, state(status), held)
    assert isinstance(found, Problem)
    assert words in found.cause
    assert status in found.cause
    assert found.fix


def test_everything_is_added_when_the_stack_is_new() -> None:
    (change,) = all_added([Resource("Store", "AWS::S3::Bucket")])
    assert (change.logical_id, change.action) == ("Store", Action.ADD)


def test_what_comes_and_goes_is_foreseen_from_the_template_alone() -> None:
    before = [
        BUCKET,
        ROLE,
        StackResource("Old", "AWS::S3::Bucket", "DELETE_COMPLETE"),
        StackResource("Kind", "A", "CREATE_COMPLETE"),
    ]
    after = [Resource("Role", "AWS::IAM::Role"), Resource("New", "AWS::SNS::Topic"), Resource("Kind", "B")]
    assert [(change.logical_id, change.action) for change in template_changes(before, after)] == [
        ("New", Action.ADD),
        ("Kind", Action.REPLACE),
        ("Store", Action.REMOVE),
    ]


@pytest.mark.parametrize(
    ("plans", "nothing"),
    [
        ([], True),
        ([{"how": StackAction.NOTHING}], True),
        ([{"how": StackAction.NOTHING}, {"how": StackAction.UPDATE}], False),
        ([{"how": StackAction.NOTHING, "protections": ("stack policy",)}], False),
    ],
)
def test_there_is_nothing_to_do_when_every_stack_is_as_its_template_says(
    plans: list[dict[str, Any]], nothing: bool
) -> None:
    stacks = tuple(StackPlan(STACK, **each) for each in plans)
    assert InfraPlan("shop", "production", "us-east-1", stacks).nothing_to_do is nothing


def test_one_reason_is_told_as_it_is_and_several_are_listed_each_with_its_fix() -> None:
    one, other = Problem("a is wrong", "mend a"), Problem("b is wrong", "mend b")
    assert (InfraRefused([one]).cause, InfraRefused([one]).fix) == ("a is wrong", "mend a")
    both = InfraRefused([one, other])
    assert "2 reasons" in both.cause
    assert "a is wrong\n    fix: mend a" in both.cause
    assert "b is wrong\n    fix: mend b" in both.cause
    assert both.problems == (one, other)
