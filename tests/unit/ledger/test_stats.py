"""The four DORA figures, as a table of histories."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.ledger.dora import Bucket, dora
from deploytool.ledger.record import Kind, Record, StepRecord, StepState
from deploytool.release.model import Commit, Result, StepName
from tests.unit.ledger.records import NOW, finished, record

DAY = timedelta(days=1)
MINUTE = 60.0
SINCE, UNTIL = NOW - 10 * DAY, NOW


def ended(release_id: str, day: float, result: Result = Result.RELEASED, minutes: float = 3, **more: Any) -> Record:
    """A release that began `day` days after the first moment looked at."""
    begun = record(release_id, started_at=SINCE + day * DAY, **{"commit": Commit("a" * 40), **more})
    return finished(begun, result, minutes)


def rollback(release_id: str, day: float, to: str, **more: Any) -> Record:
    return ended(release_id, day, kind=Kind.ROLLBACK, restores=to, **more)


@dataclass(frozen=True)
class History:
    """What happened, and the figures of it."""

    happened: str
    records: tuple[Record, ...]
    deployments: int
    changes: int
    failures: int
    time_to_restore: float | None = None
    unrestored: int = 0


HISTORIES = (
    History("nothing", (), 0, 0, 0),
    History("two went live", (ended("r-1", 1), ended("r-2", 2)), 2, 2, 0),
    History("a promotion counts like a release", (ended("r-1", 1, kind=Kind.PROMOTE),), 1, 1, 0),
    History(
        "a migration that was run alone is left out", (ended("r-1", 1, Result.MIGRATED, kind=Kind.MIGRATE),), 0, 0, 0
    ),
    History("one that ended by a fault of ours too", (ended("r-1", 1, Result.FAILED, kind=Kind.MIGRATE),), 0, 0, 0),
    History("what runs still is left out", (record("r-1", started_at=SINCE),), 0, 0, 0),
    History("what began before is left out", (ended("r-1", -0.1),), 0, 0, 0),
    History("what begins later is left out", (ended("r-1", 10),), 0, 0, 0),
    *(
        History(f"{result.value} changed nothing", (ended("r-1", 1, result),), 0, 0, 0)
        for result in (
            Result.NOTHING_TO_DO,
            Result.REFUSED,
            Result.BUILD_FAILED,
            Result.MIGRATION_FAILED,
            Result.SUPERSEDED,
            Result.CANCELLED,
        )
    ),
    *(
        History(f"{result.value} was restored when it ended", (ended("r-1", 1, result),), 0, 1, 1, 3 * MINUTE)
        for result in (Result.ROLLED_BACK, Result.TIMED_OUT)
    ),
    *(
        History(f"{result.value} is not restored yet", (ended("r-1", 1, result),), 0, 1, 1, None, 1)
        for result in (Result.ROLLBACK_INCOMPLETE, Result.FAILED)
    ),
    History(
        "the next that went live restored it, not the next that failed",
        (
            ended("r-1", 1, Result.ROLLBACK_INCOMPLETE),
            ended("r-2", 1.25, Result.BUILD_FAILED),
            ended("r-3", 1.5, minutes=0),
        ),
        1,
        2,
        1,
        43200.0,
    ),
    History(
        "a version was live for an hour and then rolled back",
        (ended("r-1", 1), ended("r-2", 2, minutes=0), rollback("r-3", 2 + 1 / 24, "r-1", minutes=0)),
        2,
        2,
        1,
        3600.0,
    ),
    History(
        "a second rollback went one further: both versions were bad, the second only since the first rollback",
        (
            ended("r-0", 0),
            ended("r-1", 1),
            ended("r-2", 2, minutes=0),
            rollback("r-3", 2 + 1 / 24, "r-1", minutes=0),
            rollback("r-4", 2 + 4 / 24, "r-0", minutes=0),
        ),
        3,
        3,
        2,
        7200.0,
    ),
    History(
        "a rollback mended what a release left half done: the version before was no failure",
        (ended("r-1", 1), ended("r-2", 2, Result.ROLLBACK_INCOMPLETE), rollback("r-3", 2.5, "r-1", minutes=0)),
        1,
        2,
        1,
        43200.0,
    ),
    History("a rollback of what was released before the time looked at", (rollback("r-3", 2, "r-0"),), 0, 0, 0),
    History(
        "a rollback that failed is no change",
        (ended("r-1", 1), rollback("r-2", 2, "r-0", result=Result.ROLLED_BACK)),
        1,
        1,
        0,
    ),
)


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.happened)
def test_the_figures_are_those_of_what_happened(history: History) -> None:
    found = dora(history.records, SINCE, UNTIL)
    assert (found.deployments, found.changes, found.failures, found.time_to_restore, found.unrestored) == (
        history.deployments,
        history.changes,
        history.failures,
        history.time_to_restore,
        history.unrestored,
    )
    assert found.per_day == history.deployments / 10
    assert found.failure_rate == (history.failures / history.changes if history.changes else None)


def test_users_meet_a_bad_version_from_the_rollout_on_when_it_fails() -> None:
    bad = ended("r-1", 1, Result.ROLLED_BACK, minutes=10)
    steps = (
        StepRecord(StepName.BUILD, StepState.ENDED, bad.started_at),
        StepRecord(StepName.DEPLOY, StepState.FAILED, bad.started_at + timedelta(minutes=8)),
    )
    assert dora([replace(bad, steps=steps)], SINCE, UNTIL).time_to_restore == 2 * MINUTE


def test_lead_time_is_the_median_from_commit_to_live_when_commits_have_dates() -> None:
    def committed(release_id: str, hours: float) -> Record:
        made = ended(release_id, 1, minutes=0)
        return replace(made, commit=Commit("a", "", made.started_at - timedelta(hours=hours)))

    undated = ended("r-9", 1)
    found = dora([committed("r-1", 1), committed("r-2", 5), committed("r-3", 2), undated], SINCE, UNTIL)
    assert found.lead_time == 2 * 3600
    assert dora([undated], SINCE, UNTIL).lead_time is None


def test_a_bar_is_a_day_when_the_time_is_short_and_a_week_when_it_is_long() -> None:
    records = [ended("r-1", 0.5), ended("r-2", 9.5), ended("r-3", 9.9, Result.ROLLED_BACK)]
    days = dora(records, SINCE, UNTIL).bars
    assert (len(days), days[0], days[-1]) == (10, Bucket(SINCE, 1, 0), Bucket(UNTIL - DAY, 1, 1))
    weeks = dora(records, UNTIL - 90 * DAY, UNTIL).bars
    assert (len(weeks), weeks[-1]) == (13, Bucket(UNTIL - 7 * DAY, 1, 1))
    assert weeks[0].start == UNTIL - 91 * DAY


def test_there_is_one_bar_when_no_time_has_passed() -> None:
    assert len(dora([], UNTIL - timedelta(seconds=1), UNTIL).bars) == 1


histories = st.lists(
    st.builds(
        lambda day, result, kind, to: ended(f"r-{day:02}", day / 10, result, kind=kind, restores=to),
        st.integers(0, 99),
        st.sampled_from(Result),
        st.sampled_from(Kind),
        st.integers(0, 99).map(lambda day: f"r-{day:02}"),
    ).map(lambda made: made if made.kind is Kind.ROLLBACK else replace(made, restores="")),
    max_size=12,
    unique_by=lambda made: made.release_id,
)


@given(histories, st.randoms())
def test_the_figures_agree_with_each_other_whatever_happened(records: list[Record], random: Any) -> None:
    found = dora(records, SINCE, UNTIL)
    random.shuffle(records)
    assert dora(records, SINCE, UNTIL) == found
    assert 0 <= found.failures <= found.changes
    assert sum(bar.deployed for bar in found.bars) == found.deployments
    assert sum(bar.failed for bar in found.bars) == found.failures
    assert found.time_to_restore is None or found.time_to_restore >= 0
