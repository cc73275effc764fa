from __future__ import annotations

import pytest

from deploytool.infra.events import ended, last_operation, last_status
from deploytool.infra.scheduler import FASTEST, SLOWEST, slower
from deploytool.infra.stacks import OperationResult, StackCondition, condition_of, remediation, result_of_status
from tests.unit.infra.stacks_cases import event, of_stack, state

# Every status that CloudFormation documents: what can be done with the stack, how the operation ended.
STATUSES = [
    ("CREATE_COMPLETE", StackCondition.OK, OperationResult.SUCCEEDED),
    ("CREATE_FAILED", StackCondition.CREATE_FAILED, OperationResult.FAILED),
    ("CREATE_IN_PROGRESS", StackCondition.IN_PROGRESS, None),
    ("DELETE_COMPLETE", StackCondition.MISSING, OperationResult.SUCCEEDED),
    ("DELETE_FAILED", StackCondition.FAILED, OperationResult.FAILED),
    ("DELETE_IN_PROGRESS", StackCondition.IN_PROGRESS, None),
    ("IMPORT_COMPLETE", StackCondition.OK, OperationResult.SUCCEEDED),
    ("IMPORT_IN_PROGRESS", StackCondition.IN_PROGRESS, None),
    ("IMPORT_ROLLBACK_COMPLETE", StackCondition.OK, OperationResult.ROLLED_BACK),
    ("IMPORT_ROLLBACK_FAILED", StackCondition.FAILED, OperationResult.FAILED),
    ("IMPORT_ROLLBACK_IN_PROGRESS", StackCondition.IN_PROGRESS, None),
    ("REVIEW_IN_PROGRESS", StackCondition.EMPTY, None),
    ("ROLLBACK_COMPLETE", StackCondition.CREATE_FAILED, OperationResult.ROLLED_BACK),
    ("ROLLBACK_FAILED", StackCondition.FAILED, OperationResult.FAILED),
    ("ROLLBACK_IN_PROGRESS", StackCondition.IN_PROGRESS, None),
    ("UPDATE_COMPLETE", StackCondition.OK, OperationResult.SUCCEEDED),
    ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", StackCondition.IN_PROGRESS, None),
    ("UPDATE_FAILED", StackCondition.FAILED, OperationResult.FAILED),
    ("UPDATE_IN_PROGRESS", StackCondition.IN_PROGRESS, None),
    ("UPDATE_ROLLBACK_COMPLETE", StackCondition.OK, OperationResult.ROLLED_BACK),
    ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", StackCondition.IN_PROGRESS, None),
    ("UPDATE_ROLLBACK_FAILED", StackCondition.FAILED, OperationResult.FAILED),
    ("UPDATE_ROLLBACK_IN_PROGRESS", StackCondition.IN_PROGRESS, None),
]


@pytest.mark.parametrize(("status", "stands", "ends"), STATUSES, ids=[row[0] for row in STATUSES])
def test_a_status_says_what_can_be_done_and_how_it_ended(
    status: str, stands: StackCondition, ends: OperationResult | None
) -> None:
    assert condition_of(state(status)) is stands
    assert result_of_status(status) is ends


def test_a_stack_that_nobody_made_is_absent() -> None:
    assert condition_of(None) is StackCondition.MISSING


@pytest.mark.parametrize(
    ("status", "does"),
    [
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name s"),
        ("UPDATE_FAILED", "rollback-stack --stack-name s"),
        ("DELETE_FAILED", "--retain-resources"),
        ("ROLLBACK_FAILED", "deletion protection of what it still holds"),
        ("CREATE_FAILED", "delete-stack --stack-name s"),
        ("IMPORT_ROLLBACK_FAILED", "describe-stack-events --stack-name s"),
    ],
)
def test_the_way_out_is_a_command_when_a_stack_is_stuck(status: str, does: str) -> None:
    assert does in remediation(status, "s")


FIRST = (of_stack(1, "CREATE_IN_PROGRESS"), event(2, "Bucket", "CREATE_COMPLETE"), of_stack(3, "CREATE_COMPLETE"))
SECOND = (
    of_stack(4, "UPDATE_IN_PROGRESS"),
    event(5, "Bucket", "UPDATE_FAILED"),
    of_stack(6, "UPDATE_ROLLBACK_IN_PROGRESS"),
    of_stack(7, "UPDATE_ROLLBACK_COMPLETE"),
)


def test_the_last_operation_is_told_from_those_before() -> None:
    assert last_operation((*FIRST, *SECOND)) == SECOND
    assert last_operation(FIRST) == FIRST
    assert last_operation(FIRST[1:]) == FIRST[1:]


def test_an_operation_has_ended_when_the_stack_itself_says_so() -> None:
    assert ended(FIRST) is OperationResult.SUCCEEDED
    assert ended(SECOND) is OperationResult.ROLLED_BACK
    assert ended(SECOND[:3]) is None
    assert ended(FIRST[1:2]) is None
    assert last_status(SECOND) == "UPDATE_ROLLBACK_COMPLETE"
    assert last_status(()) == ""


def test_cloudformation_is_asked_less_and_less_often_until_there_is_news() -> None:
    factor, seen = 0.0, []
    for _ in range(12):
        factor = slower(factor, news=False)
        seen.append(factor)
    assert seen[0] == FASTEST
    assert seen == sorted(seen)
    assert seen[-1] == SLOWEST
    assert slower(factor, news=True) == FASTEST
