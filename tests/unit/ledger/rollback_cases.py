"""Ledgers that the tests of going back begin from: a life of one environment, written as one line each."""

from __future__ import annotations

from datetime import timedelta

from deploytool.ledger.record import Kind, MigrationRecord, Record
from deploytool.release.model import Commit, Result
from tests.unit.ledger.records import NOW, finished, record


def made(
    name: str, previous: str = "", restores: str = "", result: Result = Result.RELEASED, *, migrated: bool = False
) -> Record:
    """Release ``r3`` of commit ``333…``, begun in the third minute."""
    number = int(name[1:])
    return finished(
        record(
            name,
            kind=Kind.ROLLBACK if restores else Kind.RELEASE,
            commit=Commit(str(number % 10) * 40),
            started_at=NOW + timedelta(minutes=number),
            previous=previous,
            restores=restores,
            migration=MigrationRecord(ran=migrated),
        ),
        result,
    )


def newest_first(*oldest_first: Record) -> tuple[Record, ...]:
    return tuple(reversed(oldest_first))


R1, R2, R3 = made("r1"), made("r2", "r1"), made("r3", "r2")
THREE = newest_first(R1, R2, R3)
FAILED = made("r4", "r3", result=Result.ROLLED_BACK)
BACK_TO_2 = made("r4", "r3", "r2")
BACK_TO_1 = made("r5", "r2", "r1")
