from __future__ import annotations

import pytest

from deploytool.errors import Exit
from deploytool.infra.events import EXITS, InfraOutcome, Result, StackResult, StackStatus, infra_summary, result_of

APPLIED, DESTROYED = Result.APPLIED, Result.DESTROYED


def ends(*fates: StackStatus) -> tuple[StackResult, ...]:
    return tuple(StackResult(f"s{number}", f"shop-s{number}", fate) for number, fate in enumerate(fates))


@pytest.mark.parametrize(
    ("fates", "when_good", "result", "exit_code"),
    [
        ((StackStatus.UNCHANGED, StackStatus.UNCHANGED), APPLIED, Result.NOTHING_TO_DO, Exit.DONE),
        ((StackStatus.UNCHANGED, StackStatus.CREATED), APPLIED, Result.APPLIED, Exit.DONE),
        ((StackStatus.PROTECTED,), APPLIED, Result.APPLIED, Exit.DONE),
        ((StackStatus.DELETED,), DESTROYED, Result.DESTROYED, Exit.DONE),
        ((), DESTROYED, Result.DESTROYED, Exit.DONE),
        (
            (StackStatus.CREATED, StackStatus.ROLLED_BACK, StackStatus.NOT_BEGUN),
            APPLIED,
            Result.ROLLED_BACK,
            Exit.ROLLED_BACK,
        ),
        ((StackStatus.ROLLED_BACK, StackStatus.STUCK), APPLIED, Result.NOT_ROLLED_BACK, Exit.NOT_ROLLED_BACK),
        ((StackStatus.GOES_ON,), APPLIED, Result.NOT_ROLLED_BACK, Exit.NOT_ROLLED_BACK),
        ((StackStatus.UNCHANGED, StackStatus.REFUSED), APPLIED, Result.REFUSED, Exit.REFUSED),
        (
            (StackStatus.UPDATED, StackStatus.REFUSED, StackStatus.NOT_BEGUN),
            APPLIED,
            Result.ROLLED_BACK,
            Exit.ROLLED_BACK,
        ),
    ],
)
def test_the_worst_of_the_stacks_is_the_result(
    fates: tuple[StackStatus, ...], when_good: Result, result: Result, exit_code: Exit
) -> None:
    found = result_of(ends(*fates), when_good=when_good)
    assert found is result
    outcome = InfraOutcome("shop", "production", found, ends(*fates))
    assert outcome.exit_code is exit_code
    assert outcome.good is (exit_code is Exit.DONE)


def test_leaving_early_is_the_result_whatever_became_of_the_stacks() -> None:
    assert result_of(ends(StackStatus.STUCK), when_good=APPLIED, cancelled=True) is Result.CANCELLED
    assert result_of(ends(StackStatus.GOES_ON), when_good=APPLIED, out_of_time=True) is Result.OUT_OF_TIME


def test_the_exit_code_is_that_of_who_refused_when_it_has_one_of_its_own() -> None:
    outcome = InfraOutcome("shop", "production", Result.REFUSED, ends(StackStatus.REFUSED), refusal=Exit.LOCKED)
    assert outcome.exit_code is Exit.LOCKED


@pytest.mark.parametrize(
    ("result", "fates", "words"),
    [
        (Result.APPLIED, (StackStatus.CREATED, StackStatus.UNCHANGED), "as its templates say: s0 created"),
        (Result.NOTHING_TO_DO, (StackStatus.UNCHANGED,), "nothing to do"),
        (Result.DESTROYED, (StackStatus.DELETED,), "is gone: s0 deleted"),
        (Result.DESTROYED, (), "is gone: nothing was begun"),
        (Result.REFUSED, (StackStatus.REFUSED,), "was not changed"),
        (
            Result.ROLLED_BACK,
            (StackStatus.UPDATED, StackStatus.ROLLED_BACK),
            "not changed as wished: s0 updated, s1 rolled back",
        ),
        (Result.NOT_ROLLED_BACK, (StackStatus.STUCK,), "someone must look at: s0 stuck"),
        (Result.OUT_OF_TIME, (StackStatus.GOES_ON,), "CloudFormation goes on: s0 goes on"),
        (Result.CANCELLED, (StackStatus.GOES_ON, StackStatus.NOT_BEGUN), "CloudFormation goes on with what it began"),
    ],
)
def test_the_sentence_is_true_of_every_stack(result: Result, fates: tuple[StackStatus, ...], words: str) -> None:
    assert words in infra_summary(InfraOutcome("shop", "production", result, ends(*fates)))


def test_every_result_has_an_exit_code() -> None:
    assert set(EXITS) == set(Result)
