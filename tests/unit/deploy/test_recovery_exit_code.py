"""What a verb ends with where an earlier release could not be settled."""

from __future__ import annotations

from typing import Any

import pytest

from deploytool.deploy.session import DeploymentSession, NotSettled
from deploytool.errors import Exit, PreconditionFailed
from deploytool.ledger.recovery import RecoveryResult
from deploytool.release.model import Result

LEFT = RecoveryResult(Result.ROLLBACK_INCOMPLETE, "release r-1 was cancelled, and app did not settle", {})
GOOD = RecoveryResult(Result.ROLLED_BACK, "release r-0 was killed before its end", {})


def opened(*settled: RecoveryResult) -> DeploymentSession:
    nothing: Any = None
    return DeploymentSession(nothing, "r-2", nothing, nothing, nothing, nothing, nothing, None, None, settled)


@pytest.mark.parametrize("settled", [(), (GOOD,)], ids=["nothing was left", "all was settled"])
def test_a_refusal_stays_what_it_is_when_nothing_is_unsettled(settled: tuple[RecoveryResult, ...]) -> None:
    with pytest.raises(PreconditionFailed, match=r"^no$"), opened(*settled).minding_unsettled():
        raise PreconditionFailed("no", "do that")
    opened(*settled).require_settled()


def test_a_refusal_ends_with_7_and_names_both_reasons_when_a_service_is_unsettled() -> None:
    with pytest.raises(NotSettled) as raised, opened(GOOD, LEFT).minding_unsettled():
        raise PreconditionFailed("a rollout is in progress", "wait")
    assert raised.value.exit_code is Exit.ROLLBACK_INCOMPLETE
    assert raised.value.cause == f"{LEFT.summary}; a rollout is in progress"
    assert raised.value.fix == "wait"


def test_what_is_unsettled_is_named_once() -> None:
    with pytest.raises(NotSettled) as raised, opened(LEFT).minding_unsettled():
        opened(LEFT).require_settled()
    assert raised.value.cause == LEFT.summary
    assert "deploytool recover" in raised.value.fix
