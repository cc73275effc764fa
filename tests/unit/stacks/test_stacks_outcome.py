from __future__ import annotations

import pytest

from deploytool.core.stacks.outcome import EXITS, Fate, InfraOutcome, Result, StackEnd, result_of, sentence
from deploytool.errors import Exit

APPLIED, DESTROYED = Result.APPLIED, Result.DESTROYED


def ends(*fates: Fate) -> tuple[StackEnd, ...]:
    return tuple(StackEnd(f"s{number}", f"shop-s{number}", fate) for number, fate in enumerate(fates))


@pytest.mark.parametrize(
    ("fates", "when_good", "result", "exit_code"),
    [
        ((Fate.UNCHANGED, Fate.UNCHANGED), APPLIED, Result.NOTHING_TO_DO, Exit.DONE),
        ((Fate.UNCHANGED, Fate.CREATED), APPLIED, Result.APPLIED, Exit.DONE),
        ((Fate.PROTECTED,), APPLIED, Result.APPLIED, Exit.DONE),
        ((Fate.DELETED,), DESTROYED, Result.DESTROYED, Exit.DONE),
        ((), DESTROYED, Result.DESTROYED, Exit.DONE),
        ((Fate.CREATED, Fate.ROLLED_BACK, Fate.NOT_BEGUN), APPLIED, Result.ROLLED_BACK, Exit.ROLLED_BACK),
        ((Fate.ROLLED_BACK, Fate.STUCK), APPLIED, Result.NOT_ROLLED_BACK, Exit.NOT_ROLLED_BACK),
        ((Fate.GOES_ON,), APPLIED, Result.NOT_ROLLED_BACK, Exit.NOT_ROLLED_BACK),
        ((Fate.UNCHANGED, Fate.REFUSED), APPLIED, Result.REFUSED, Exit.REFUSED),
        ((Fate.UPDATED, Fate.REFUSED, Fate.NOT_BEGUN), APPLIED, Result.ROLLED_BACK, Exit.ROLLED_BACK),
    ],
)
def test_the_worst_of_the_stacks_is_the_result(
    fates: tuple[Fate, ...], when_good: Result, result: Result, exit_code: Exit
) -> None:
    found = result_of(ends(*fates), when_good=when_good)
    assert found is result
    outcome = InfraOutcome("shop", "production", found, ends(*fates))
    assert outcome.exit_code is exit_code
    assert outcome.good is (exit_code is Exit.DONE)


def test_leaving_early_is_the_result_whatever_became_of_the_stacks() -> None:
    assert result_of(ends(Fate.STUCK), when_good=APPLIED, cancelled=True) is Result.CANCELLED
    assert result_of(ends(Fate.GOES_ON), when_good=APPLIED, out_of_time=True) is Result.OUT_OF_TIME


def test_the_exit_code_is_that_of_who_refused_when_it_has_one_of_its_own() -> None:
    outcome = InfraOutcome("shop", "production", Result.REFUSED, ends(Fate.REFUSED), refusal=Exit.LOCKED)
    assert outcome.exit_code is Exit.LOCKED


@pytest.mark.parametrize(
    ("result", "fates", "words"),
    [
        (Result.APPLIED, (Fate.CREATED, Fate.UNCHANGED), "as its templates say: s0 created"),
        (Result.NOTHING_TO_DO, (Fate.UNCHANGED,), "nothing to do"),
        (Result.DESTROYED, (Fate.DELETED,), "is gone: s0 deleted"),
        (Result.DESTROYED, (), "is gone: nothing was begun"),
        (Result.REFUSED, (Fate.REFUSED,), "was not changed"),
        (Result.ROLLED_BACK, (Fate.UPDATED, Fate.ROLLED_BACK), "not changed as wished: s0 updated, s1 rolled back"),
        (Result.NOT_ROLLED_BACK, (Fate.STUCK,), "someone must look at: s0 stuck"),
        (Result.OUT_OF_TIME, (Fate.GOES_ON,), "CloudFormation goes on: s0 goes on"),
        (Result.CANCELLED, (Fate.GOES_ON, Fate.NOT_BEGUN), "CloudFormation goes on with what it began"),
    ],
)
def test_the_sentence_is_true_of_every_stack(result: Result, fates: tuple[Fate, ...], words: str) -> None:
    assert words in sentence(InfraOutcome("shop", "production", result, ends(*fates)))


def test_every_result_has_an_exit_code() -> None:
    assert set(EXITS) == set(Result)
