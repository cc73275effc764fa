"""The ledger's table, against MiniStack's DynamoDB."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from deploytool.aws.session import Session
from deploytool.errors import CloudError, LeaseLost, NotFound
from deploytool.ledger.journal import Journal
from deploytool.ledger.record import StepState
from deploytool.ledger.store import Ledger, LedgerMissing
from deploytool.release.model import Commit, GithubRecord, Result, StepName
from tests.unit.ledger.records import NOW, finished, outcome_of, record


def test_a_record_is_read_as_it_was_written_when_it_is_new(ledger: Ledger) -> None:
    written = record("20261123-120000-aaaa")
    ledger.begin(written)
    assert ledger.get(written.release_id) == written
    assert ledger.unfinished() == (written,)


def test_a_second_record_is_refused_when_the_id_is_another_releases(ledger: Ledger) -> None:
    ledger.begin(record("20261123-120000-aaaa"))
    with pytest.raises(CloudError, match="has a release 20261123-120000-aaaa already"):
        ledger.begin(record("20261123-120000-aaaa", actor="somebody else"))


def test_a_record_counts_as_begun_when_the_answer_to_the_first_write_was_lost(ledger: Ledger) -> None:
    ledger.begin(record("20261123-120000-aaaa"))
    ledger.begin(record("20261123-120000-aaaa"))
    assert len(ledger.recent()) == 1


def test_a_record_is_no_longer_unfinished_when_its_end_is_written(ledger: Ledger) -> None:
    begun = record("20261123-120000-aaaa")
    ledger.begin(begun)
    ledger.save(finished(begun))
    assert ledger.unfinished() == ()
    assert ledger.get(begun.release_id).result is Result.RELEASED


def test_an_old_run_cannot_write_when_a_newer_lease_settles_its_record(ledger: Ledger) -> None:
    begun = record("20261123-120000-aaaa", fencing_token=3)
    ledger.begin(begun)
    settled = finished(replace(begun, fencing_token=4), Result.ROLLED_BACK)
    ledger.save(settled)
    with pytest.raises(LeaseLost, match="20261123-120000-aaaa lost the lock"):
        ledger.save(finished(begun))
    assert ledger.get(begun.release_id) == settled


def test_a_record_that_nobody_began_is_not_made_when_it_is_saved(ledger: Ledger) -> None:
    with pytest.raises(LeaseLost):
        ledger.save(record("20261123-120000-aaaa"))
    assert ledger.recent() == ()


def test_there_is_no_such_release_when_the_id_is_unknown(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="no release 20261123-999999-zzzz in production"):
        ledger.get("20261123-999999-zzzz")


def test_the_version_that_is_live_is_that_of_the_last_good_release_or_of_the_one_brought_back(ledger: Ledger) -> None:
    assert ledger.version() is None
    for number, (result, restores) in enumerate(
        [(Result.RELEASED, ""), (Result.RELEASED, ""), (Result.MIGRATED, ""), (Result.RELEASED, "20261123-120000-aaaa")]
    ):
        begun = record(f"20261123-12000{number}-aaaa", restores=restores)
        ledger.begin(begun)
        ledger.save(finished(begun, result))
        version = ledger.version()
        assert version is not None
        assert version.release_id[14] == "0110"[number]


def test_the_newest_come_first_and_filters_hold_when_there_are_many(ledger: Ledger) -> None:
    results = [Result.RELEASED, Result.ROLLED_BACK, Result.RELEASED, Result.REFUSED]
    for number, result in enumerate(results):
        begun = record(
            f"20261123-12000{number}-aaaa",
            commit=Commit(f"{number}" * 40),
            started_at=NOW + timedelta(seconds=number),
        )
        ledger.begin(begun)
        ledger.save(finished(begun, result))
    assert [item.release_id[14] for item in ledger.recent()] == ["3", "2", "1", "0"]
    assert [item.release_id[14] for item in ledger.recent(2)] == ["3", "2"]
    assert [item.release_id[14] for item in ledger.recent(result=Result.RELEASED)] == ["2", "0"]
    assert [item.release_id[14] for item in ledger.recent(1, result=Result.RELEASED)] == ["2"]
    assert [item.release_id[14] for item in ledger.recent(commit="111")] == ["1"]
    assert [item.release_id[14] for item in ledger.recent(since=NOW + timedelta(seconds=2))] == ["3", "2"]


def test_all_are_found_when_they_do_not_fit_into_one_answer(ledger: Ledger) -> None:
    for number in range(6):
        ledger.begin(record(f"20261123-12000{number}-aaaa", plan={"diff": "x" * 250_000}))
    assert len(ledger.recent()) == 6
    assert len(ledger.recent(commit="a")) == 6
    assert len(ledger.unfinished()) == 6


def test_another_environments_records_are_not_seen_when_they_share_the_table(session: Session, table: str) -> None:
    Ledger(session, table, "shop", "staging").begin(record("20261123-120000-aaaa", environment="staging"))
    assert Ledger(session, table, "shop", "production").recent() == ()


def test_the_command_that_makes_the_table_is_told_when_there_is_none(session: Session) -> None:
    with pytest.raises(LedgerMissing) as raised:
        Ledger(session, "no-such-table", "shop", "production").recent()
    assert "no DynamoDB table no-such-table in us-east-1" in raised.value.cause
    assert "aws dynamodb create-table --region us-east-1 --table-name no-such-table" in raised.value.fix
    assert raised.value.exit_code == 3


@pytest.mark.parametrize(
    "note",
    [
        lambda journal: journal.step_began(StepName.DEPLOY, "app"),
        lambda journal: journal.services_updating({"app": "arn:app:8"}),
        lambda journal: journal.close(outcome_of(journal.record)),
    ],
    ids=["step_began", "moving", "closed"],
)
def test_a_note_before_a_change_is_in_the_table_when_the_call_returns(
    ledger: Ledger, note: Callable[[Journal], None]
) -> None:
    begun = record("20261123-120000-aaaa")
    ledger.begin(begun)
    journal = Journal(ledger, begun, lambda: NOW)
    note(journal)
    assert ledger.get(begun.release_id) == journal.record != begun


def test_what_follows_a_change_is_written_with_the_next_note_before_one(ledger: Ledger) -> None:
    begun = record("20261123-120000-aaaa")
    ledger.begin(begun)
    journal = Journal(ledger, begun, lambda: NOW)
    journal.revision_registered("app", "arn:app:8")
    journal.revision_registered("worker", "arn:worker:4")
    journal.step_began(StepName.DEPLOY)
    there = ledger.get(begun.release_id)
    assert [service.after for service in there.services.values()] == ["arn:app:8", "arn:worker:4"]
    assert there.steps[0].state is StepState.BEGAN


def test_everything_is_in_the_table_when_the_release_is_closed(ledger: Ledger) -> None:
    begun = record("20261123-120000-aaaa")
    ledger.begin(begun)
    journal = Journal(ledger, begun, lambda: NOW)
    journal.step_began(StepName.MIGRATE)
    journal.migration_started("arn:task/1")
    journal.step_ended(StepName.MIGRATE, True, 2.0)
    journal.services_updating({"app": "arn:app:8"})
    journal.service_updated("app", "ecs-svc/1", "arn:app:8")
    journal.image_built("app", "sha256:new")
    journal.close(outcome_of(begun))
    journal.on_github(GithubRecord(7, 12, 3, "https://github.test/c/1"))
    there = ledger.get(begun.release_id)
    assert there == journal.record
    assert there.migration.ran
    assert there.images == {"app": "sha256:new"}
    assert (there.services["app"].deployment_id, there.github.deployment_id) == ("ecs-svc/1", 7)
    assert there.finished


def test_the_next_durable_note_raises_when_a_note_beside_could_not_be_written(ledger: Ledger) -> None:
    begun = record("20261123-120000-aaaa", fencing_token=3)
    ledger.begin(begun)
    journal = Journal(ledger, begun, lambda: NOW)
    ledger.save(replace(begun, fencing_token=4))
    journal.step_ended(StepName.BUILD, True, 1.0)
    with pytest.raises(LeaseLost):
        journal.step_began(StepName.MIGRATE)


def test_a_save_takes_at_most_ten_milliseconds_when_the_table_is_on_this_machine(ledger: Ledger) -> None:
    begun = record("20261123-120000-aaaa", plan={"diff": ["x" * 100] * 60})
    ledger.begin(begun)
    taken = []
    for fencing_token in range(10, 40):
        before = time.perf_counter()
        ledger.save(replace(begun, fencing_token=fencing_token))
        taken.append(time.perf_counter() - before)
    # The quickest: whatever else this machine does just now only adds to the others.
    assert min(taken) <= 0.010
