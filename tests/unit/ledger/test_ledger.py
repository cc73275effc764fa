"""Records: what is kept of a release, what the engine's notes make of it, what is live by it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.ecs.model import ServiceState
from deploytool.ledger.codec import OLDER_WORDS, RecordUnreadable, from_document, spellings, to_document
from deploytool.ledger.live import Drift, drift, recorded
from deploytool.ledger.record import (
    DETAIL,
    Kind,
    MigrationRecord,
    Record,
    ServiceRecord,
    StepRecord,
    StepState,
    built,
    close_record,
    last_successful,
    migration_started,
    on_github,
    open_record,
    registered,
    service_updated,
    service_updating,
    step_began,
    step_ended,
    version_of,
)
from deploytool.ledger.store import TABLE, create_command
from deploytool.release.model import (
    Commit,
    GithubRecord,
    ImageChoice,
    ObservedService,
    Plan,
    ReleaseRequest,
    Result,
    StepName,
    TriggeredBy,
)
from tests.unit.ledger.records import NOW, finished, outcome_of, record


def live(key: str, arn: str) -> ObservedService:
    """A service that serves this revision."""
    return ObservedService(key, ServiceState(f"shop-{key}", "", "shop", "ACTIVE", arn, 1, 1, 0), {})


moments = st.datetimes(timezones=st.just(NOW.tzinfo))
texts = st.text(max_size=8)
records = st.builds(
    Record,
    release_id=texts,
    kind=st.sampled_from(Kind),
    app=texts,
    environment=texts,
    commit=st.builds(Commit, texts, texts, st.none() | moments, texts),
    started_at=moments,
    fencing_token=st.integers(0),
    pull_request=st.none() | st.integers(1),
    images=st.dictionaries(texts, texts, max_size=2),
    services=st.dictionaries(texts, st.builds(ServiceRecord, texts, texts, st.none() | texts, texts), max_size=2),
    steps=st.lists(
        st.builds(StepRecord, st.sampled_from(StepName), st.sampled_from(StepState), moments, st.floats(0, 1e6), texts),
        max_size=2,
    ).map(tuple),
    migration=st.builds(MigrationRecord, texts, texts, st.booleans()),
    ended_at=st.none() | moments,
    result=st.none() | st.sampled_from(Result),
    running=st.dictionaries(texts, texts, max_size=2),
    github=st.builds(
        GithubRecord,
        *[st.none() | st.integers(1)] * 3,
        texts,
        st.lists(st.integers(1), max_size=2).map(tuple),
    ),
    previous=texts,
    restores=texts,
)


def test_a_record_from_before_the_comment_s_id_was_kept_can_be_read() -> None:
    document = to_document(record())
    document["github"] = {"deployment_id": 7, "comment_url": "https://github.test/c/3"}
    assert from_document(document).github == GithubRecord(7, comment_url="https://github.test/c/3")


@given(records)
def test_a_record_is_the_same_when_it_was_written_and_read(written: Record) -> None:
    assert from_document(json.loads(json.dumps(to_document(written)))) == written


def test_a_record_of_a_newer_version_is_refused_with_what_to_do() -> None:
    with pytest.raises(RecordUnreadable, match="has schema 2, this deploytool reads 1"):
        from_document({**to_document(record()), "schema": 2})


@pytest.mark.parametrize("change", [{"kind": "no such"}, {"commit": None}, {"started_at": "then"}])
def test_a_record_changed_by_hand_is_named_when_it_cannot_be_read(change: dict[str, object]) -> None:
    with pytest.raises(RecordUnreadable, match="record 20261123-120000-aaaa of the ledger cannot be read"):
        from_document({**to_document(record()), **change})


def test_the_record_knows_every_service_and_has_changed_nothing_when_it_is_opened() -> None:
    request = ReleaseRequest("r-1", "shop", "production", Commit("a"), TriggeredBy("mona", "u", "7", 12))
    images = {
        "app": ImageChoice("app", "registry/shop:a", "sha256:1"),
        "job": ImageChoice("job", "registry/shop:a-job", None),
    }
    made = open_record(
        Plan(request, "shop", "us-east-1", images, ()),
        {"app": live("app", "arn:app:7")},
        document={"kind": "plan"},
        now=NOW,
        fencing_token=3,
        kind=Kind.ROLLBACK,
        previous="r-0",
        restores="r-9",
    )
    assert (made.release_id, made.kind, made.fencing_token, made.actor, made.pull_request) == (
        "r-1",
        Kind.ROLLBACK,
        3,
        "mona",
        12,
    )
    assert made.services == {"app": ServiceRecord("shop-app", "arn:app:7")}
    assert (made.images, made.plan) == ({"app": "sha256:1"}, {"kind": "plan"})
    assert (made.finished, made.successful, made.seconds, made.live_release_id) == (False, False, None, "r-9")


def test_a_step_is_judged_once_when_it_is_repeated() -> None:
    began = step_began(step_began(record(), StepName.REVERT, "app", NOW), StepName.REVERT, "", NOW)
    ended = step_ended(began, StepName.REVERT, False, 1.23456)
    assert [(step.state, step.seconds, step.detail) for step in ended.steps] == [
        (StepState.BEGAN, 0.0, "app"),
        (StepState.FAILED, 1.235, ""),
    ]
    assert step_ended(step_began(record(), StepName.BUILD, "app", NOW), StepName.BUILD, True, 1).steps[0] == StepRecord(
        StepName.BUILD, StepState.ENDED, NOW, 1, "app"
    )


def test_the_end_of_a_step_that_nobody_saw_begin_is_left_out() -> None:
    assert (
        step_ended(step_began(record(), StepName.BUILD, "", NOW), StepName.VERIFY, True, 1.0).steps[0].state
        is StepState.BEGAN
    )
    assert step_ended(record(), StepName.VERIFY, True, 1.0).steps == ()


def test_a_detail_is_cut_when_it_is_longer_than_an_item_can_hold() -> None:
    made = step_ended(step_began(record(), StepName.BUILD, "x" * 5000, NOW), StepName.BUILD, False, 1.0, "y" * 5000)
    assert made.steps[0].detail == "y" * DETAIL
    assert len(step_began(record(), StepName.BUILD, "x" * 5000, NOW).steps[0].detail) == DETAIL


def test_the_migrate_task_is_known_when_it_was_started() -> None:
    made = migration_started(registered(record(), "migrate", "arn:migrate:2"), "arn:task/1")
    assert made.migration == MigrationRecord("arn:task/1", "arn:migrate:2", ran=True)
    assert not registered(record(), "migrate", "arn:migrate:2").migration.ran


def test_the_revision_meant_stays_when_a_service_is_put_back() -> None:
    there = service_updated(service_updating(record(), {"app": "arn:app:8"}), "app", "ecs-svc/1", "arn:app:8")
    assert there.services["app"] == ServiceRecord("shop-app", "arn:app:7", "arn:app:8", "ecs-svc/1")
    back = service_updated(there, "app", "ecs-svc/2", "arn:app:7")
    assert back.services["app"] == ServiceRecord("shop-app", "arn:app:7", "arn:app:8", "ecs-svc/2")
    assert registered(record(), "worker", "arn:worker:4").services["worker"].after == "arn:worker:4"


def test_every_service_has_a_revision_that_serves_when_the_release_is_closed() -> None:
    begun = built(record(), "job", "sha256:job")
    made = close_record(begun, outcome_of(begun), NOW + timedelta(seconds=90))
    assert made.running == {"app": "arn:app:8", "worker": "arn:worker:3"}
    assert made.images == {"app": "sha256:new", "job": "sha256:job"}
    assert (made.result, made.seconds, made.summary) == (Result.RELEASED, 90.0, "it is live")
    there = on_github(made, GithubRecord(7, 12, 3, "https://github.test/c/3", (4, 5)))
    assert (there.github.deployment_id, there.github.comments, there.pull_request) == (7, (3, 4, 5), 12)
    assert on_github(there, GithubRecord(7, 13)).pull_request == 12, "the one that the release was asked for with"
    assert GithubRecord().comments == ()


@pytest.mark.parametrize("result", Result)
def test_a_release_counts_as_successful_only_when_it_made_its_version_live(result: Result) -> None:
    assert finished(record(), result).successful is (result is Result.RELEASED)


def test_what_is_live_is_what_the_last_successful_record_brought_when_others_failed_after_it() -> None:
    rollback = finished(record("r-3", kind=Kind.ROLLBACK, restores="r-1"))
    failed = finished(record("r-4"), Result.ROLLED_BACK)
    found = last_successful([record("r-5"), failed, rollback, finished(record("r-2"))])
    assert found is rollback
    assert found.live_release_id == "r-1"
    assert last_successful([failed]) is None


def test_drift_is_told_when_somebody_deployed_by_other_means() -> None:
    last = finished(record("r-2"))
    serving = {"app": live("app", "arn:app:8"), "worker": live("worker", "arn:worker:9")}
    assert drift(serving, [last, finished(record("r-1"))]) == (Drift("worker", "arn:worker:9", "arn:worker:8", "r-2"),)


@pytest.mark.parametrize(
    ("image", "same"), [("shop@sha256:1", True), ("shop@sha256:2", False), ("shop:latest", False)],
    ids=["infra apply changed the memory", "somebody deployed", "an image without digest"],
)  # fmt: skip
@pytest.mark.parametrize("rolled_back", [False, True])
def test_a_revision_of_the_same_images_is_told_from_another_version(image: str, same: bool, rolled_back: bool) -> None:
    first = replace(finished(record("r-1")), images={"app": "sha256:1"})
    back = replace(finished(record("r-2", kind=Kind.ROLLBACK, restores="r-1")), images={})
    serves = replace(live("app", "arn:app:9"), task_definition={"containerDefinitions": [{"image": image}]})
    (found,) = drift({"app": serves}, [back, first] if rolled_back else [first])
    assert found.same_images is same


def test_each_service_is_judged_by_the_last_record_that_knows_it() -> None:
    older = finished(record("r-1"))
    newer = replace(finished(record("r-2")), running={"app": "arn:app:9"})
    serving = {"app": live("app", "arn:app:9"), "worker": live("worker", "arn:worker:7"), "new": live("new", "arn:1")}
    assert [(each.key, each.release_id) for each in drift(serving, [newer, older])] == [("worker", "r-1")]


def test_there_is_no_drift_when_nothing_is_recorded_or_a_release_is_under_way() -> None:
    serving = {"app": live("app", "arn:app:99")}
    assert drift(serving, []) == ()
    assert drift(serving, [record("r-2"), finished(record("r-1"))]) == ()


def test_the_command_makes_the_table_that_the_sandbox_makes() -> None:
    command = create_command("releases", "eu-west-1")
    for attribute in TABLE["AttributeDefinitions"]:
        assert f"AttributeName={attribute['AttributeName']},AttributeType=S" in command
    assert "--table-name releases" in command
    assert "--region eu-west-1" in command
    assert f"--billing-mode {TABLE['BillingMode']}" in command


def test_what_is_live_is_the_release_that_a_rollback_brought_back() -> None:
    first, second = finished(record("r-1")), finished(record("r-2"))
    back = finished(record("r-3", kind=Kind.ROLLBACK, restores="r-1"))
    assert version_of([back, second, first]) is first
    assert version_of([finished(record("r-4"), Result.CANCELLED), second]) is second
    assert version_of([back]) is back, "the older records were not read"
    assert version_of([finished(record(), Result.MIGRATED)]) is None


ROLLED_ONE = replace(
    finished(record("r-3", kind=Kind.ROLLBACK, commit=Commit("3" * 40))),
    services={
        "app": ServiceRecord("shop-app", "arn:app:9", "arn:app:8"),
        "worker": ServiceRecord("shop-worker", "arn:worker:8"),
    },
)
FIRST, LATER = finished(record("r-1", commit=Commit("1" * 40))), finished(record("r-2", commit=Commit("2" * 40)))


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ((), {}),
        ((FIRST,), {"app": ("1", "r-1"), "worker": ("1", "r-1")}),
        ((LATER, FIRST), {"app": ("2", "r-2"), "worker": ("2", "r-2")}),
        ((finished(record("r-2"), Result.ROLLED_BACK), FIRST), {"app": ("1", "r-1"), "worker": ("1", "r-1")}),
        ((replace(LATER, running={"app": "arn:app:10"}), FIRST), {"app": ("1", "r-1"), "worker": ("1", "r-1")}),
        ((replace(LATER, kind=Kind.ROLLBACK, restores="r-1"),), {"app": ("2", "r-1"), "worker": ("2", "r-1")}),
        ((ROLLED_ONE, FIRST), {"app": ("3", "r-3"), "worker": ("1", "r-1")}),
        ((ROLLED_ONE,), {"app": ("3", "r-3")}),
    ],
    ids=[
        "nothing is recorded", "one release", "two commits that share the revisions", "the last one failed",
        "the last one left another revision", "a rollback of all", "a rollback of one", "older records were not read",
    ],
)  # fmt: skip
def test_a_running_revision_is_of_the_release_that_last_made_it_live(
    records: tuple[Record, ...], expected: dict[str, tuple[str, str]]
) -> None:
    serving = {"app": live("app", "arn:app:8"), "worker": live("worker", "arn:worker:8")}
    found = {key: (each.commit[0], each.release_id) for key, each in recorded(serving, records).items()}
    assert found == expected


@pytest.mark.parametrize(("older", "word"), OLDER_WORDS.items())
def test_a_record_in_the_older_spelling_is_read_as_the_same_result(older: str, word: str) -> None:
    document = to_document(replace(record("r-1"), steps=(StepRecord(StepName.BUILD, StepState.ENDED, NOW),)))
    if word in set(Result):
        assert from_document({**document, "result": older}).result is Result(word)
        assert spellings(Result(word)) == (word, older)
    elif word in set(StepName):
        step = {**document["steps"][0], "name": older}
        assert from_document({**document, "steps": [step]}).steps[0].name is StepName(word)
    else:
        step = {**document["steps"][0], "state": older}
        assert from_document({**document, "steps": [step]}).steps[0].state is StepState(word)
