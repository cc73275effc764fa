"""The four DORA figures, from the ledger (https://dora.dev/guides/dora-metrics-four-keys/)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from deploytool.ledger.record import Kind, Record
from deploytool.release.model import Result, StepName

FAILED = frozenset({Result.ROLLED_BACK, Result.ROLLBACK_INCOMPLETE, Result.TIMED_OUT, Result.FAILED})
"""Results of a release that users may have noticed; one that changed no service is not a failure."""
REVERTED_RESULTS = frozenset({Result.ROLLED_BACK, Result.TIMED_OUT})
"""Of those, the ones that ended with the previous version running."""
DAILY_UP_TO = timedelta(days=31)


@dataclass(frozen=True)
class Bucket:
    """One day or week of the chart."""

    start: datetime
    deployed: int
    failed: int


@dataclass(frozen=True)
class Dora:
    """The figures of one environment. Times are medians in seconds; ``None`` where there is nothing to measure."""

    since: datetime
    until: datetime
    deployments: int
    """Releases and promotions that went live; a rollback deploys nothing new."""
    per_day: float
    lead_time: float | None
    """From the commit to the moment it was live."""
    changes: int
    """Deployments, and releases that failed."""
    failures: int
    """Changes that failed, or were live and then rolled back."""
    time_to_restore: float | None
    """From the first moment users could meet the bad version until a good one was live."""
    unrestored: int
    """Failures after which no release has succeeded yet; not in ``time_to_restore``."""
    bars: tuple[Bucket, ...]

    @property
    def failure_rate(self) -> float | None:
        """Share of changes that failed, from 0 to 1; ``None`` where there was no change."""
        return self.failures / self.changes if self.changes else None


@dataclass(frozen=True)
class _Failure:
    record: Record
    """The change that was bad."""
    began: datetime
    restored: datetime | None


def dora(records: Iterable[Record], since: datetime, until: datetime) -> Dora:
    """The figures of what began from ``since`` to ``until``; ``records`` in any order.

    Unfinished releases, and migrations alone, are left out.
    """
    ended = sorted(
        (
            record
            for record in records
            if record.finished and record.kind is not Kind.MIGRATE and since <= record.started_at < until
        ),
        key=lambda record: record.started_at,
    )
    deployed = [record for record in ended if record.successful and record.kind is not Kind.ROLLBACK]
    failures = [*_failed(ended), *_rolled_back_later(ended)]
    leads = [
        (_end(record) - record.commit.committed_at).total_seconds() for record in deployed if record.commit.committed_at
    ]
    restores = [(failure.restored - failure.began).total_seconds() for failure in failures if failure.restored]
    return Dora(
        since=since,
        until=until,
        deployments=len(deployed),
        per_day=len(deployed) / ((until - since) / timedelta(days=1)),
        lead_time=median(leads) if leads else None,
        changes=len({record.release_id for record in (*deployed, *(failure.record for failure in failures))}),
        failures=len({failure.record.release_id for failure in failures}),
        time_to_restore=median(restores) if restores else None,
        unrestored=sum(failure.restored is None for failure in failures),
        bars=_bars(deployed, [failure.record for failure in failures], since, until),
    )


def _failed(ended: Sequence[Record]) -> list[_Failure]:
    """Releases that failed. A rollback is no change: one that fails prolongs the failure before it."""
    failures = []
    for index, record in enumerate(ended):
        if record.result in FAILED and record.kind is not Kind.ROLLBACK:
            restored = _end(record) if record.result in REVERTED_RESULTS else _next_success(ended[index + 1 :])
            failures.append(_Failure(record, _deploy_began(record), restored))
    return failures


def _rolled_back_later(ended: Sequence[Record]) -> list[_Failure]:
    """Versions that were live until they were rolled back.

    A rollback to the live version repairs what a release left incomplete; it is no failure of the live one.
    """
    failures = []
    deployed = {record.release_id: record for record in ended}
    live: Record | None = None
    for record in ended:
        if not record.successful:
            continue
        undone = deployed.get(live.live_release_id) if live and live.live_release_id != record.live_release_id else None
        if record.kind is Kind.ROLLBACK and live and undone:
            failures.append(_Failure(undone, _end(live), _end(record)))
        live = record
    return failures


def _deploy_began(record: Record) -> datetime:
    return next((step.at for step in record.steps if step.name == StepName.DEPLOY), record.started_at)


def _next_success(later: Sequence[Record]) -> datetime | None:
    return next((_end(record) for record in later if record.successful), None)


def _end(record: Record) -> datetime:
    return record.ended_at or record.started_at


def _bars(deployed: Sequence[Record], failed: Sequence[Record], since: datetime, until: datetime) -> tuple[Bucket, ...]:
    """Days, or weeks of a long time; the last one ends with ``until``, the first may begin before ``since``."""
    width = timedelta(days=1 if until - since <= DAILY_UP_TO else 7)
    number = max(-((since - until) // width), 1)
    starts = [until - width * (number - index) for index in range(number)]

    def inside(records: Sequence[Record], start: datetime) -> int:
        return len({record.release_id for record in records if start <= record.started_at < start + width})

    return tuple(Bucket(start, inside(deployed, start), inside(failed, start)) for start in starts)
