"""The DynamoDB table in memory: records and the lock, changed under the conditions that the adapters write with.

What a run may do is decided by ``core.lease`` and ``core.ledger_notes``, as in production: this holds only what
DynamoDB holds, and answers or fails as DynamoDB does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from deploytool.errors import CloudUnreachable, LeaseLost
from deploytool.ledger.lock import LockState, acquired_by
from deploytool.ledger.record import Record


class Gone(Exception):
    """ConditionalCheckFailedException on the lock; ``now`` has it."""

    def __init__(self, now: LockState) -> None:
        self.now = now


@dataclass
class ModelTable:
    """One environment's lock and records."""

    lock: LockState = field(default_factory=LockState)
    records: dict[str, Record] = field(default_factory=dict)
    down: bool = False
    """Every call fails until it is up again."""

    def read_lock(self) -> LockState:
        """GetItem, consistent."""
        self._called("GetItem")
        return self.lock

    def take(self, seen: LockState, request: LockState) -> LockState | None:
        """PutItem where neither owner nor expiry changed since it was ``seen``."""
        self._called("PutItem lock")
        if (self.lock.fencing_token, self.lock.expires) != (seen.fencing_token, seen.expires):
            return None
        self.lock = acquired_by(seen, request)
        return self.lock

    def renew(self, mine: LockState, expires: datetime) -> LockState:
        """UpdateItem where it is still ours. Raises Gone."""
        self._called("UpdateItem lock")
        self._only(mine)
        self.lock = replace(self.lock, expires=expires)
        return self.lock

    def supersede(self, seen: LockState, by: str) -> None:
        """UpdateItem where the owner is still the one that was seen. Raises Gone."""
        self._called("UpdateItem lock")
        self._only(seen)
        self.lock = replace(self.lock, superseded_by=by)

    def free(self, mine: LockState) -> None:
        """UpdateItem where it is still ours, else nothing; the fence stays."""
        self._called("UpdateItem lock")
        if self._same(mine):
            self.lock = LockState(fencing_token=self.lock.fencing_token)

    def begin(self, record: Record) -> None:
        """PutItem of a record that is not there yet."""
        self._called("PutItem")
        assert record.release_id not in self.records, "two releases have one id"
        self.records[record.release_id] = record

    def save(self, record: Record) -> None:
        """PutItem unless a newer lease wrote it. Raises LeaseLost."""
        self._called("PutItem")
        if self.records[record.release_id].fencing_token > record.fencing_token:
            raise LeaseLost(record.release_id)
        self.records[record.release_id] = record

    def unfinished(self) -> tuple[Record, ...]:
        """Query of those whose end was never written, oldest first."""
        self._called("Query")
        return tuple(record for _, record in sorted(self.records.items()) if not record.finished)

    def _same(self, mine: LockState) -> bool:
        return (self.lock.owner, self.lock.fencing_token) == (mine.owner, mine.fencing_token)

    def _only(self, mine: LockState) -> None:
        if not self._same(mine):
            raise Gone(self.lock)

    def _called(self, operation: str) -> None:
        if self.down:
            raise CloudUnreachable(f"dynamodb:{operation} got no answer for 60 s", "run it again")
