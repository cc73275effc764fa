"""The ids that GitHub gave reach the ledger, and cost a release no call of their own where it writes anyway."""

from __future__ import annotations

import time
from typing import cast

import pytest

from deploytool.ledger import journal as module
from deploytool.ledger.journal import Journal
from deploytool.ledger.record import Record
from deploytool.ledger.store import Ledger
from deploytool.release.model import GithubRecord, StepName
from tests.unit.ledger.records import outcome_of, record

MADE = GithubRecord(7, 12, 3, "https://github.test/c/3")


class Written:
    """A ledger that keeps what was written."""

    def __init__(self) -> None:
        self.saved: list[Record] = []

    def save(self, written: Record) -> None:
        self.saved.append(written)


@pytest.fixture
def written() -> Written:
    return Written()


@pytest.fixture
def journal(written: Written) -> Journal:
    return Journal(cast("Ledger", written), record())


def test_they_go_with_the_next_note(journal: Journal, written: Written) -> None:
    journal.on_github(GithubRecord(7))
    journal.on_github(MADE)
    assert written.saved == []
    journal.step_began(StepName.MIGRATE)
    (saved,) = written.saved
    assert (saved.github, saved.pull_request) == (MADE, 12)


def test_they_are_written_alone_when_no_note_comes(
    journal: Journal, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GITHUB_LAG", 0.05)
    journal.on_github(MADE)
    deadline = time.monotonic() + 10
    while not written.saved and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [each.github for each in written.saved] == [MADE]


def test_they_are_written_at_once_when_the_release_is_over(journal: Journal, written: Written) -> None:
    journal.close(outcome_of(record()))
    journal.on_github(MADE)
    assert (written.saved[-1].github, written.saved[-1].finished) == (MADE, True)
