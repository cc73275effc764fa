"""What a verb ends with where an earlier release could not be settled."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.cli.transaction import NotSettled, Transaction
from deploytool.core.outcome import Result
from deploytool.errors import Exit, Refused
from deploytool.run.settle import Settled

LEFT = Settled(Result.NOT_ROLLED_BACK, "release r-1 was cancelled, and app did not settle", {})
GOOD = Settled(Result.ROLLED_BACK, "release r-0 was killed before its end", {})


def opened(*settled: Settled) -> Transaction:
    nothing: Any = None
    return Transaction(nothing, "r-2", nothing, nothing, nothing, nothing, nothing, None, None, settled)


@pytest.mark.parametrize("settled", [(), (GOOD,)], ids=["nothing was left", "all was settled"])
def test_a_refusal_stays_what_it_is_when_nothing_is_unsettled(settled: tuple[Settled, ...]) -> None:
    with pytest.raises(Refused, match=r"^no$"), opened(*settled).minding_unsettled():
        raise Refused("no", "do that")
    opened(*settled).require_settled()


def test_a_refusal_ends_with_7_and_names_both_reasons_when_a_service_is_unsettled() -> None:
    with pytest.raises(NotSettled) as raised, opened(GOOD, LEFT).minding_unsettled():
        raise Refused("a rollout is in progress", "wait")
    assert raised.value.exit_code is Exit.NOT_ROLLED_BACK
    assert raised.value.cause == f"{LEFT.sentence}; a rollout is in progress"
    assert raised.value.fix == "wait"


def test_what_is_unsettled_is_named_once() -> None:
    with pytest.raises(NotSettled) as raised, opened(LEFT).minding_unsettled():
        opened(LEFT).require_settled()
    assert raised.value.cause == LEFT.sentence
    assert "deploytool recover" in raised.value.fix
