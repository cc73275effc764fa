"""Keeps the record of a running release in the ledger (port ``release.ports.Journal``)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from deploytool.errors import DeployError
from deploytool.ledger import record as notes
from deploytool.ledger.lock_store import Now, utc_now
from deploytool.ledger.record import Record
from deploytool.ledger.store import Ledger
from deploytool.release.model import GithubRecord, Outcome, Result, StepName

Change = Callable[[Record], Record]
GITHUB_LAG = 3.0
"""Seconds that GitHub's ids may wait for another note: a killed run's deployment is found without them, too."""


class Journal:
    """Writes a note that precedes a change before it returns; notes that follow one are written beside the release.

    Several notes may go in one write: a record is always written whole, and always the newest state of it.
    """

    def __init__(self, ledger: Ledger, record: Record, now: Now = utc_now) -> None:
        self._ledger = ledger
        self._record = record
        self._now = now
        self._noting = threading.Lock()
        # One write at a time, so that no older state arrives after a newer one.
        self._writing = threading.Lock()
        self._written = record
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    @property
    def record(self) -> Record:
        """With all notes so far."""
        return self._record

    def step_began(self, name: StepName, detail: str = "") -> None:
        """Durable on return."""
        self._note(lambda record: notes.step_began(record, name, detail, self._now()))
        self._write()

    def step_ended(self, name: StepName, succeeded: bool, seconds: float, detail: str = "") -> None:
        """Written soon."""
        self._soon(lambda record: notes.step_ended(record, name, succeeded, seconds, detail))

    def image_built(self, name: str, digest: str) -> None:
        """Written soon."""
        self._soon(lambda record: notes.built(record, name, digest))

    def revision_registered(self, key: str, arn: str) -> None:
        """Written soon."""
        self._soon(lambda record: notes.registered(record, key, arn))

    def migration_started(self, task: str) -> None:
        """Written soon."""
        self._soon(lambda record: notes.migration_started(record, task))

    def services_updating(self, after: Mapping[str, str]) -> None:
        """Durable on return."""
        self._note(lambda record: notes.service_updating(record, after))
        self._write()

    def service_updated(self, key: str, deployment_id: str, arn: str) -> None:
        """Written soon."""
        self._soon(lambda record: notes.service_updated(record, key, deployment_id, arn))

    def on_github(self, github: GithubRecord) -> None:
        """What GitHub answered; called in another thread, also after the end.

        Written with the next note, or after ``GITHUB_LAG`` seconds without one: several answers and the release's own
        notes are one call to AWS then. After the end it is written before this returns.
        """
        self._note(lambda record: notes.on_github(record, github))
        if self._record.finished:
            self._write_beside()
            return
        later = threading.Timer(GITHUB_LAG, self._write_beside)
        later.daemon = True
        later.start()

    def close(self, outcome: Outcome) -> None:
        """Durable on return. The last note of the release; only ``on_github`` may come later."""
        self._note(lambda record: notes.close_record(record, outcome, self._now()))
        self._write_last()

    def close_recovered(self, result: Result, summary: str, running: Mapping[str, str]) -> Record:
        """The record of an interrupted release that a later run has recovered, notes of the revert included.

        Durable on return, and the last write: one that is still under way beside it would open the record again.
        """
        self._note(lambda record: notes.close_recovered(record, result, summary, running, self._now()))
        self._write_last()
        return self._record

    def _note(self, change: Change) -> None:
        with self._noting:
            self._record = change(self._record)

    def _soon(self, change: Change) -> None:
        self._note(change)
        try:
            self._beside.submit(self._write_beside)
        except RuntimeError:
            # The release is closed: a late note is written by its own thread.
            self._write_beside()

    def _write_beside(self) -> None:
        try:
            self._write()
        except DeployError:
            # Not lost: the next durable note writes the same state again, and raises what it meets.
            return

    def _write_last(self) -> None:
        try:
            self._write()
        finally:
            self._beside.shutdown(wait=False)

    def _write(self) -> None:
        with self._writing:
            record = self._record
            if record is not self._written:
                self._ledger.save(record)
                self._written = record
