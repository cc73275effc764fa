"""Every document that a verb may print, good and refused, against the published schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from deploytool.cli import sandbox
from deploytool.cli.main import command, run_verb
from deploytool.cli.schemas import DOCUMENTS
from deploytool.config.errors import ConfigErrors, ConfigIssue
from deploytool.deploy.prune import PruneItem, RegistryImage, Revision, prune_document
from deploytool.deploy.session import NotRecovered
from deploytool.doctor.checks import run_checks
from deploytool.doctor.output import doctor_document
from deploytool.ecs.deployment_model import DeploymentState, DeploymentStatus
from deploytool.ecs.explain import Explanation, explain
from deploytool.ecs.model import ServiceState
from deploytool.errors import DeployError, Exit, PermissionMissing
from deploytool.infra.cost import SIZES, estimate, price_list
from deploytool.infra.documents import (
    cost_document,
    drift_document,
    infra_outcome_document,
    infra_plan_document,
)
from deploytool.infra.documents import (
    status_document as infra_status_document,
)
from deploytool.infra.drift_model import Difference, Drifted, StackDrift
from deploytool.infra.plan import InfraRefused, StackAction, StackPlan, StackSummary
from deploytool.infra.stacks import Output, StackState
from deploytool.ledger.dora import dora
from deploytool.ledger.live import Drift, Recorded
from deploytool.ledger.lock import HolderKind, Locked, LockState
from deploytool.ledger.record import Kind, MigrationRecord, StepRecord, StepState
from deploytool.ledger.recovery import RecoveryResult
from deploytool.output import console
from deploytool.output import json as documents
from deploytool.output.history import (
    history_document,
    lock_document,
    recovery_document,
    release_document,
    status_document,
    status_services,
)
from deploytool.output.json import OutcomeContext, outcome_document, plan_document
from deploytool.output.stats import stats_document
from deploytool.release.model import GithubRecord, ObservedService, Problem, Result, StepName
from deploytool.release.planner import ReleasePreconditionFailed
from deploytool.sandbox.faults import Change
from deploytool.sandbox.lifecycle import Part
from deploytool.sandbox.state import SandboxState
from deploytool.scaffold.files import compare_files
from deploytool.scaffold.model import NewFile
from deploytool.scaffold.output import InitReport, init_document
from tests.support.json_documents import valid_document, valid_lines
from tests.support.sample_events import at, back, change, migration_only, plan, released, rolled_back
from tests.unit.doctor.case import DENIED
from tests.unit.doctor.healthy import HEALTHY, facts
from tests.unit.infra.test_infra_reports import DATA, FAILED, SERVICE, UPDATE
from tests.unit.infra.test_infra_reports import plan as infra_plan
from tests.unit.ledger.records import NOW, finished, record

PRICES = price_list(json.loads((Path(__file__).parents[3] / "deploytool/prices.json").read_text()))
RECORD = replace(
    finished(record("r-1")),
    steps=(
        StepRecord(StepName.BUILD, StepState.ENDED, NOW, 1.23456),
        StepRecord(StepName.VERIFY, StepState.FAILED, NOW),
    ),
    migration=MigrationRecord("arn:task/1", "arn:td/shop-migrate:2", True),
    github=GithubRecord(7, 12, 3, "https://github.com/o/r/pull/12#issuecomment-3"),
    images={"app": "sha256:a"},
    run_url="https://github.com/o/r/actions/runs/1",
    pull_request=12,
)
CONTEXT = OutcomeContext(Kind.ROLLBACK, NOW, RECORD, "r-0", "https://github.com/o/r/pull/12#issuecomment-3")
UNRECOVERED = NotRecovered("release r-1 was cancelled, and app did not settle")
HELD = LockState(4, "hold-1", HolderKind.HOLD, "mona", "", "black friday", NOW, None)
LEASED = LockState(5, "r-9", HolderKind.RELEASE, "mona", "https://run", "", NOW, NOW + timedelta(seconds=30), "r-10")
SERVICES = {
    "app": ObservedService("app", ServiceState("shop-app", "", "shop", "ACTIVE", "arn/app:8", 2, 1, 0), {}),
    "worker": ObservedService(
        "worker", replace(change("worker", 17).before, task_definition="arn/w:3"), {}, {"deploytool:commit": "b" * 40}
    ),
}
STATE = SandboxState(
    "1", Path("/s"), "http://aws", "localhost:1", "http://api", "http://web", "o/r", Path("/s/w"), "http://app"
)
PARTS = [Part("AWS", True, ""), Part("worker", False, "0 of 1")]
STACKS = [
    StackSummary(DATA, None),
    StackSummary(
        SERVICE,
        StackState(
            SERVICE.name,
            "arn:stack",
            "UPDATE_ROLLBACK_FAILED",
            reason="no",
            changed_at=NOW,
            outputs=(Output("Url", "u"),),
        ),
    ),
]
DRIFTED = Drifted("Role", "AWS::IAM::Role", "MODIFIED", "r", (Difference("/Path", "a", "b"),))
FILES = (NewFile("a.yml", "1\n"), NewFile("b.yml", "2\n"))


def built() -> Iterator[Mapping[str, Any]]:
    """Every builder, with what goes well and what does not."""
    running = replace(plan(nothing=True), already_running=(change("app", 41),))
    for each in (plan(), plan(built=True), plan(nothing=True), migration_only(), running):
        yield plan_document(each)
    incomplete = replace(
        rolled_back(),
        result=Result.ROLLBACK_INCOMPLETE,
        services=(
            back("app", 41, DeploymentState.IN_PROGRESS),
            back("worker", 17, DeploymentState.FAILED),
            replace(back("app", 41, DeploymentState.SUCCEEDED), revert=None, after=None),
        ),
        diagnoses=(),
    )
    for outcome in (released(), rolled_back(), incomplete):
        for context in (CONTEXT, OutcomeContext()):
            for unrecovered in (None, UNRECOVERED):
                yield outcome_document(outcome, context, unrecovered)
    for records in ((RECORD, record("r-2")), ()):
        yield history_document("production", records, "r-1")
        yield stats_document("production", dora(records, NOW - timedelta(days=30), NOW + timedelta(days=1)))
    yield release_document(RECORD, "r-1")
    yield release_document(record("r-2"), "r-1")
    for lock in (None, LockState(), HELD, LEASED, replace(LEASED, expires=NOW - timedelta(seconds=9))):
        yield lock_document("production", lock, NOW)
    yield status_document(
        "production",
        status_services(SERVICES, {"app": Recorded("a" * 40, "r-1")}, {"app": 2}),
        (Drift("app", "arn/app:9", "arn/app:8", "r-1", True),),
        (record("r-2"), RECORD),
    )
    result = RecoveryResult(Result.ROLLBACK_INCOMPLETE, "did not settle", {"app": "arn/app:8"}, "r-1")
    yield recovery_document("production", (result,), UNRECOVERED)
    yield recovery_document("production", (), None)
    items = (PruneItem(Revision("arn/app:1")), PruneItem(RegistryImage("shop", "sha256:a"), ("runs",)))
    yield prune_document(items, applied=False)
    issues = ConfigErrors(
        [ConfigIssue("deploytool.yml", "app", 1, 2, "no", "yes"), ConfigIssue("d", "", None, None, "x")]
    )
    yield documents.config_check_document(issues, None)
    yield documents.config_check_document(None, {"app": "shop"})
    yield documents.log_line("app", "app", "1f", "hello")
    yield documents.log_line("app", "app", None, "")
    yield documents.run_document("production", "app", 0)
    yield documents.run_document("production", "app", 7)
    yield documents.comment_ignored_document("no checkbox was changed")
    yield documents.explanation_document(explain("Task failed container health checks"))
    status = DeploymentStatus(DeploymentState.ROLLED_BACK, "app:1 is running again")
    yield documents.explanation_document(Explanation(explain("RESOURCE:CPU").diagnoses, status))
    for error in (
        PermissionMissing("ecs:UpdateService", "*", "me"), UNRECOVERED, issues, Locked("production", HELD, NOW),
        ReleasePreconditionFailed((Problem("a", "b"), Problem("c", "d"))), InfraRefused([Problem("a", "b")]),
    ):  # fmt: skip
        yield documents.error_document(error)
    yield documents.internal_error_document("KeyError: 'x'")
    yield doctor_document(run_checks(HEALTHY))
    yield doctor_document(run_checks(facts(flow_logs=DENIED)))
    yield doctor_document(run_checks(facts(flow_logs=())))
    written = compare_files(FILES, {FILES[1]: "3\n"}, preview=False)
    yield init_document(InitReport(written, ("Next.js",), ("mind this",), ("choose",), ("git push",)))
    yield init_document(InitReport(compare_files(FILES, {}, preview=True), diff=True))
    yield infra_plan_document(
        infra_plan(UPDATE, StackPlan(SERVICE, StackAction.RECREATE), problems=(Problem("a", "b"),))
    )
    yield infra_plan_document(infra_plan(StackPlan(DATA, StackAction.NOTHING, "CREATE_COMPLETE")))
    yield infra_outcome_document(FAILED, "apply")
    yield infra_outcome_document(replace(FAILED, diagnoses=()), "destroy")
    yield drift_document(
        "production", [StackDrift("data", "shop-data", (DRIFTED,)), StackDrift("service", "s", (), "no")]
    )
    yield drift_document("production", [])
    yield infra_status_document("production", STACKS)
    yield cost_document([estimate(size, PRICES) for size in SIZES.values()], PRICES, ("a note",))
    yield sandbox.up_document(STATE, 1.23456)
    yield sandbox.status_document(STATE, PARTS, 3)
    yield sandbox.env_document({"AWS_SESSION_TOKEN": ""})
    yield sandbox.down_document(stopped=False)
    yield sandbox.fault_document(STATE, Change("", "", "released"))
    yield sandbox.fault_document(STATE, Change("a" * 40, "http://web/pull/2", "rolled back"))


def test_every_document_is_as_its_schema_says() -> None:
    kinds = {valid_document(document)["kind"] for document in built()}
    assert kinds == set(DOCUMENTS), "a kind that nothing makes, or that has no schema"


def test_a_document_says_why_whenever_its_exit_code_is_not_zero() -> None:
    for document in built():
        if document["kind"] != "log_line":
            assert bool(document["problems"]) == bool(document["exit_code"]), document
            assert all(problem["code"] and problem["cause"] for problem in document["problems"])


def test_names_and_words_are_spelled_one_way_in_every_document() -> None:
    def names(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                # Keys of these are names out of the user's configuration or account.
                yield from [] if key in ("images", "outputs", "variables", "settings", "statement") else names(inner)
                yield key
        elif isinstance(value, list):
            for inner in value:
                yield from names(inner)

    for document in built():
        for name in names(document):
            assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name), name
        assert re.fullmatch(r"[a-z_]+", document["kind"])
        for key in ("result", "status", "operation"):
            assert re.fullmatch(r"[a-z_]*", document.get(key) or ""), document[key]


def test_a_rollback_says_what_was_done_from_where_to_where() -> None:
    document = outcome_document(released(), CONTEXT)
    assert (document["operation"], document["result"], document["exit_code"]) == (Kind.ROLLBACK, Result.RELEASED, 0)
    before = document["from"]
    assert before
    assert before["release_id"] == "r-1"
    assert document["to"]["release_id"] == "r-0"
    assert document["started_at"] == "2026-11-23T12:00:00Z"
    assert document["urls"]["comment"] == CONTEXT.comment_url


def test_an_outcome_has_the_exit_code_of_the_command_when_an_earlier_release_is_unrecovered() -> None:
    document = outcome_document(released(), CONTEXT, UNRECOVERED)
    assert (document["exit_code"], document["problems"][0]["code"]) == (7, "not-recovered")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (DeploymentState.SUCCEEDED, DeploymentState.ROLLED_BACK),
        (DeploymentState.ROLLED_BACK, DeploymentState.ROLLED_BACK),
        (DeploymentState.IN_PROGRESS, DeploymentState.ROLLING_BACK),
        (DeploymentState.TIMED_OUT, DeploymentState.TIMED_OUT),
    ],
)
def test_a_service_that_was_reverted_has_the_status_of_its_revert(
    state: DeploymentState, status: DeploymentState
) -> None:
    service = replace(
        back("app", 41, state), status=DeploymentStatus(DeploymentState.FAILED), revert=DeploymentStatus(state)
    )
    assert outcome_document(replace(rolled_back(), services=(service,)))["services"][0]["status"] is status


def verbs(group: click.Group, *before: str) -> Iterator[tuple[str, ...]]:
    """Every command, with the words that lead to it."""
    for name in group.list_commands(click.Context(group)):
        inner = group.get_command(click.Context(group), name)
        assert inner is not None
        yield from verbs(inner, *before, name) if isinstance(inner, click.Group) else [(*before, name)]


VERBS = [words for words in verbs(command) if words != ("config", "schema")]
REQUIRED = {
    ("promote",): ["--from", "staging", "--to", "production"],
    ("logs",): ["app"],
    ("run",): ["--", "true"],
    ("handle-comment",): ["--event-path", "event.json"],
    ("lock", "hold"): ["--reason", "r"],
    ("sandbox", "break"): ["worker"],
}


def said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str
) -> tuple[int, dict[str, Any]]:
    """Exit code and the one document of a command."""
    monkeypatch.setattr("sys.argv", ["deploytool", *words])
    code = run_verb()
    (document,) = [valid_document(capsys.readouterr().out)]
    return code, document


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory without a configuration, a repository or a sandbox; off GitHub."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_OUTPUT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_every_verb_prints_one_document_when_its_command_line_is_wrong(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, document = said(capsys, monkeypatch, *words, "--output", "json", "--nonsense")
    assert (code, document["kind"], document["exit_code"], document["result"]) == (2, "error", 2, "usage")


REFUSABLE = [
    words for words in VERBS if words not in {("sandbox", "up"), ("sandbox", "down"), ("infra", "cost"), ("init",)}
]


@pytest.mark.parametrize("words", REFUSABLE, ids=" ".join)
def test_every_verb_prints_one_document_when_it_is_refused(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is here that it could work on: no deploytool.yml, no sandbox."""
    code, document = said(capsys, monkeypatch, *words, "--output=json", *REQUIRED.get(words, []))
    assert code == document["exit_code"] != 0
    assert document["problems"]
    assert document["kind"] == ("config_check" if words == ("config", "check") else "error")


@pytest.mark.parametrize(
    ("raised", "code", "word"),
    [
        (Locked("production", HELD, NOW), Exit.LOCKED, "locked"),
        (PermissionMissing("ecs:UpdateService", "*", "me"), Exit.PRECONDITION_FAILED, "refused"),
        (UNRECOVERED, Exit.ROLLBACK_INCOMPLETE, "rollback_incomplete"),
        (click.Abort(), Exit.CANCELLED, "cancelled"),
        (KeyError("x"), Exit.INTERNAL_ERROR, "failed"),
        (OSError(28, "No space left on device"), Exit.INTERNAL_ERROR, "failed"),
    ],
    ids=["locked", "refused", "unrecovered", "aborted", "crashed", "disk full"],
)
def test_one_document_is_printed_whatever_stops_the_command(
    raised: Exception, code: Exit, word: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr("deploytool.deploy.context.open_context", fail)
    ended, document = said(capsys, monkeypatch, "status", "--output", "json")
    assert (ended, document["exit_code"], document["result"]) == (code, code, word)


def test_the_annotation_is_not_on_standard_output_when_json_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert said(capsys, monkeypatch, "config", "check", "--nope", "--output", "json")[0] == 2
    monkeypatch.setattr("sys.argv", ["deploytool", "status", "--output", "json"])
    run_verb()
    printed = capsys.readouterr()
    assert valid_document(printed.out)["kind"] == "error"
    assert "::error" in printed.err


def test_nothing_is_printed_as_json_when_it_was_not_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in (["status"], ["run", "--nonsense", "--", "x", "--output", "json"], ["status", "--nonsense"]):
        monkeypatch.setattr("sys.argv", ["deploytool", *words])
        assert run_verb() == Exit.USAGE
        assert capsys.readouterr().out == ""


def test_a_failure_after_the_document_adds_no_second_one(capsys: pytest.CaptureFixture[str]) -> None:
    console.json_output.requested, console.json_output.printed = True, False
    console.print_document(documents.run_document("production", "app", 0))
    console.print_error(DeployError("later", "x"))
    valid_document(capsys.readouterr().out)


def test_what_streams_is_a_document_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_json_line(documents.log_line("app", "app", "1f", "a\nb"))
    console.print_json_line(documents.run_document("production", "app", 0))
    assert [line["kind"] for line in valid_lines(capsys.readouterr().out)] == ["log_line", "run"]


@pytest.mark.parametrize("kind", ["outcome", None])
def test_a_schema_is_printed_when_it_is_asked_for(
    kind: str | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["deploytool", "config", "schema", *([kind] if kind else [])])
    assert run_verb() == Exit.OK
    assert json.loads(capsys.readouterr().out)["$schema"].endswith("2020-12/schema")


def test_a_kind_that_does_not_exist_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["deploytool", "config", "schema", "outcom"])
    assert run_verb() == Exit.USAGE
    assert 'did you mean "outcome"?' in capsys.readouterr().err


def test_times_are_utc_to_the_second_and_durations_to_the_millisecond() -> None:
    assert documents.moment(at(0.9).astimezone()) == "2026-11-23T12:03:07Z"
    assert documents.seconds(2.256062077000024) == 2.256
