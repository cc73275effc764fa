from __future__ import annotations

import pytest

from deploytool.errors import Exit
from deploytool.infra.events import EXITS, InfraOutcome, Result, StackOutcome, StackResult, infra_summary, result_of

APPLIED, DESTROYED = Result.APPLIED, Result.DESTROYED


def ends(*fates: StackOutcome) -> tuple[StackResult, ...]:
    return tuple(StackResult(f"s{number}", f"shop-s{number}", fate) for number, fate in enumerate(fates))


@pytest.mark.parametrize(
    ("fates", "when_succeeded", "result", "exit_code"),
    [
        ((StackOutcome.UNCHANGED, StackOutcome.UNCHANGED), APPLIED, Result.NOTHING_TO_DO, Exit.OK),
        ((StackOutcome.UNCHANGED, StackOutcome.CREATED), APPLIED, Result.APPLIED, Exit.OK),
        ((StackOutcome.PROTECTED,), APPLIED, Result.APPLIED, Exit.OK),
        ((StackOutcome.DELETED,), DESTROYED, Result.DESTROYED, Exit.OK),
        ((), DESTROYED, Result.DESTROYED, Exit.OK),
        (
            (StackOutcome.CREATED, StackOutcome.ROLLED_BACK, StackOutcome.NOT_STARTED),
            APPLIED,
            Result.ROLLED_BACK,
            Exit.ROLLED_BACK,
        ),
        (
            (StackOutcome.ROLLED_BACK, StackOutcome.FAILED),
            APPLIED,
            Result.ROLLBACK_INCOMPLETE,
            Exit.ROLLBACK_INCOMPLETE,
        ),
        ((StackOutcome.IN_PROGRESS,), APPLIED, Result.ROLLBACK_INCOMPLETE, Exit.ROLLBACK_INCOMPLETE),
        ((StackOutcome.UNCHANGED, StackOutcome.REFUSED), APPLIED, Result.REFUSED, Exit.PRECONDITION_FAILED),
        (
            (StackOutcome.UPDATED, StackOutcome.REFUSED, StackOutcome.NOT_STARTED),
            APPLIED,
            Result.ROLLED_BACK,
            Exit.ROLLED_BACK,
        ),
    ],
)
def test_the_worst_of_the_stacks_is_the_result(
    fates: tuple[StackOutcome, ...], when_succeeded: Result, result: Result, exit_code: Exit
) -> None:
    found = result_of(ends(*fates), when_succeeded=when_succeeded)
    assert found is result
    outcome = InfraOutcome("shop", "production", found, ends(*fates))
    assert outcome.exit_code is exit_code
    assert outcome.succeeded is (exit_code is Exit.OK)


def test_leaving_early_is_the_result_whatever_became_of_the_stacks() -> None:
    assert result_of(ends(StackOutcome.FAILED), when_succeeded=APPLIED, cancelled=True) is Result.CANCELLED
    assert result_of(ends(StackOutcome.IN_PROGRESS), when_succeeded=APPLIED, out_of_time=True) is Result.TIMED_OUT


def test_the_exit_code_is_that_of_who_refused_when_it_has_one_of_its_own() -> None:
    outcome = InfraOutcome("shop", "production", Result.REFUSED, ends(StackOutcome.REFUSED), refusal=Exit.LOCKED)
    assert outcome.exit_code is Exit.LOCKED


@pytest.mark.parametrize(
    ("result", "fates", "words"),
    [
        (Result.APPLIED, (StackOutcome.CREATED, StackOutcome.UNCHANGED), "up to date: s0 created"),
        (Result.NOTHING_TO_DO, (StackOutcome.UNCHANGED,), "nothing to do"),
        (Result.DESTROYED, (StackOutcome.DELETED,), "was deleted: s0 deleted"),
        (Result.DESTROYED, (), "was deleted: nothing was started"),
        (Result.REFUSED, (StackOutcome.REFUSED,), "was not changed"),
        (
            Result.ROLLED_BACK,
            (StackOutcome.UPDATED, StackOutcome.ROLLED_BACK),
            "not updated: s0 updated, s1 rolled back",
        ),
        (Result.ROLLBACK_INCOMPLETE, (StackOutcome.FAILED,), "needs manual action: s0 failed"),
        (Result.TIMED_OUT, (StackOutcome.IN_PROGRESS,), "CloudFormation continues: s0 in progress"),
        (
            Result.CANCELLED,
            (StackOutcome.IN_PROGRESS, StackOutcome.NOT_STARTED),
            "CloudFormation continues what it started",
        ),
    ],
)
def test_the_sentence_is_true_of_every_stack(result: Result, fates: tuple[StackOutcome, ...], words: str) -> None:
    assert words in infra_summary(InfraOutcome("shop", "production", result, ends(*fates)))


def test_every_result_has_an_exit_code() -> None:
    assert set(EXITS) == set(Result)
