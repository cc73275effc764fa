"""The record of a killed release is closed once, for good, whatever is written beside it."""

from __future__ import annotations

import threading
from typing import cast

from deploytool.ledger.journal import Journal
from deploytool.ledger.record import Record
from deploytool.ledger.store import Ledger
from deploytool.release.model import Result
from tests.unit.ledger.records import record


class SlowLedger:
    """Its first write takes until it is let go."""

    def __init__(self) -> None:
        self.saved: list[Record] = []
        self.began, self.let_go = threading.Event(), threading.Event()

    def save(self, written: Record) -> None:
        if not self.began.is_set():
            self.began.set()
            assert self.let_go.wait(10)
        self.saved.append(written)


def test_a_late_note_of_the_way_back_does_not_open_the_record_again() -> None:
    ledger = SlowLedger()
    journal = Journal(cast("Ledger", ledger), record())
    journal.service_updated("app", "ecs-svc/2", "arn:app:7")
    assert ledger.began.wait(10)
    threading.Timer(0.2, ledger.let_go.set).start()
    closed = journal.close_recovered(Result.ROLLED_BACK, "it was killed", {"app": "arn:app:7"})
    assert ledger.saved[-1] == closed
    assert (closed.result, closed.summary, closed.running) == (
        Result.ROLLED_BACK,
        "it was killed",
        {"app": "arn:app:7"},
    )
    assert closed.ended_at is not None
    assert closed.services["app"].deployment_id == "ecs-svc/2", "what was done on the way back is kept"
