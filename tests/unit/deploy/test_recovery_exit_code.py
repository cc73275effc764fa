"""The exit code of a verb where an earlier release could not be recovered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from deploytool.deploy import session
from deploytool.deploy.session import DeploymentSession, NotRecovered, PlannedDeployment, StartedRun, open_session
from deploytool.errors import Exit, PreconditionFailed
from deploytool.ledger.lock import LockConflictPolicy
from deploytool.ledger.recovery import RecoveryResult
from deploytool.release.model import Outcome, Result
from tests.support.sample_events import plan, released, rolled_back
from tests.unit.ledger.records import record

INCOMPLETE = RecoveryResult(
    Result.ROLLBACK_INCOMPLETE, "release r-1 was cancelled; app did not reach a steady state", {}
)
RECOVERED = RecoveryResult(Result.ROLLED_BACK, "release r-0 did not finish; all services were rolled back", {})
ANY: Any = None
ANY_JOURNAL: Any = object()


class NoGithub:
    """GitHub is told nothing."""

    def on_event(self, event: object) -> None:
        """Nothing."""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A session whose lock is taken and that recovered these releases."""

    def open_with(*recovered: RecoveryResult) -> Any:
        @contextmanager
        def locked(*_: object) -> Iterator[DeploymentSession]:
            yield DeploymentSession(ANY, ANY, ANY, ANY, ANY, None, None, recovered)

        monkeypatch.setattr(session, "locked_session", locked)
        github: Any = NoGithub()
        return open_session(ANY, ANY, github, LockConflictPolicy())

    return open_with


@pytest.mark.parametrize("recovered", [(), (RECOVERED,)], ids=["nothing was left", "all were recovered"])
def test_a_refusal_stays_what_it_is_when_every_release_was_recovered(
    opened: Any, recovered: tuple[RecoveryResult, ...]
) -> None:
    with pytest.raises(PreconditionFailed, match=r"^no$"), opened(*recovered):
        raise PreconditionFailed("no", "do that")
    with opened(*recovered) as current:
        current.require_recovered()


def test_a_refusal_ends_with_7_and_names_both_reasons_when_a_release_was_not_recovered(opened: Any) -> None:
    with pytest.raises(NotRecovered) as raised, opened(RECOVERED, INCOMPLETE):
        raise PreconditionFailed("a rollout is in progress", "wait")
    assert raised.value.exit_code is Exit.ROLLBACK_INCOMPLETE
    assert raised.value.cause == f"{INCOMPLETE.summary}; a rollout is in progress"
    assert raised.value.fix == "wait"


def test_the_incomplete_rollback_is_named_once_when_the_plan_refuses_because_of_it(opened: Any) -> None:
    with pytest.raises(NotRecovered) as raised, opened(INCOMPLETE) as current:
        current.require_recovered()
    assert raised.value.cause == INCOMPLETE.summary
    assert "deploytool recover" in raised.value.fix


@pytest.mark.parametrize(
    ("outcome", "restores", "restored"),
    [
        (released(), "", ""),
        (released(), "r-1", "r-1"),
        (rolled_back(), "", "r-2"),
        (rolled_back(), "r-1", "r-2"),
        (replace(rolled_back(), result=Result.ROLLBACK_INCOMPLETE), "r-1", ""),
    ],
    ids=["released", "rollback", "failed release", "failed rollback", "incomplete"],
)
def test_the_restored_release_is_that_of_the_rollback_or_the_one_before_a_failure(
    outcome: Outcome, restores: str, restored: str
) -> None:
    planned = PlannedDeployment(plan(), {}, None, restores=restores)
    assert StartedRun(planned, ANY, ANY_JOURNAL, record("r-2")).restored_release(outcome) == restored
    assert StartedRun(planned, ANY, None, record("r-2")).restored_release(outcome) == ""
