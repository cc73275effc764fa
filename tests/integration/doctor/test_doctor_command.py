"""`deploytool doctor`, as typed: with a ledger, a GitHub and a runner, or without."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploytool.aws.session import Session
from deploytool.errors import ConfigurationError, CredentialsMissing
from deploytool.ledger.record import MigrationRecord, step_began, step_ended
from deploytool.ledger.store import TABLE, Ledger
from deploytool.release.model import StepName
from tests.integration.doctor.conftest import Account, checkout, report, typed
from tests.integration.doctor.tasks import by_github, make_role
from tests.integration.github_server.conftest import REPOSITORY, GithubServer, git
from tests.unit.ledger.records import finished, record

DEPLOY = """\
on: push
permissions: {}
jobs:
  deploy:
    permissions: {contents: read, deployments: write, pull-requests: write, id-token: write}
    steps: [{uses: archdeck/archdeck-deploy@v1}]
"""
SUBJECT = f"repo:{REPOSITORY}:environment:production"
WITH_IDS = "repo:acme@4580/shop@4580:environment:production"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GithubServer]:
    directory = tmp_path_factory.mktemp("repository")
    git(directory, "init", "--quiet", "--initial-branch=main")
    (directory / ".github/workflows").mkdir(parents=True)
    (directory / ".github/workflows/deploy.yml").write_text(DEPLOY)
    git(directory, "add", ".")
    git(directory, "commit", "--quiet", "--message=Start")
    started = GithubServer(directory, tmp_path_factory.mktemp("state") / "github.json")
    yield started
    started.stop()


@pytest.fixture
def here(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of the account's app, and in it."""
    checkout(tmp_path, account.app)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def with_github(hub: GithubServer, here: Path, monkeypatch: pytest.MonkeyPatch) -> GithubServer:
    hub.control.reset()
    monkeypatch.setenv("GITHUB_API_URL", hub.url)
    monkeypatch.setenv("GITHUB_TOKEN", "sandbox-token")
    monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
    return hub


def test_it_is_refused_when_a_check_fails_and_each_is_told_with_its_fix(here: Path) -> None:
    result = typed()

    assert result.return_value == 3
    assert "Deployment checklist" in result.output
    assert "  ok    Route 53 DNS (dns)" in result.output
    assert "  FAIL  MFA for every user (mfa)\n        the root user has no MFA" in result.output
    assert "          fix: sign in as root" in result.output


def test_it_is_done_when_nothing_fails(here: Path) -> None:
    failing = [check for check, standing in report(typed("--output", "json")).standings.items() if standing == "fail"]

    result = typed("--output", "json", *(f"--skip={check}" for check in failing))

    assert result.return_value == 0
    assert report(result).document["skipped"] == failing


def test_a_check_that_does_not_exist_cannot_be_left_out(here: Path) -> None:
    error = typed("--skip", "moon").exception

    assert isinstance(error, ConfigurationError)
    assert error.cause == "unknown check: moon"
    assert "flow-logs" in error.fix


def test_nothing_is_examined_when_there_are_no_credentials(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    assert isinstance(typed().exception, CredentialsMissing)


def test_pipeline_and_migrations_pass_when_the_ledger_has_a_release_of_a_workflow(
    account: Account, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, at = f"deploytool-{uuid.uuid4().hex[:8]}", datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    session.client("dynamodb").create_table(TableName=table, **TABLE)
    checkout(tmp_path, account.app, table)
    monkeypatch.chdir(tmp_path)
    assert {report(typed("--output", "json")).standings[name] for name in ("pipeline", "migrations")} == {"fail"}

    url = "https://github.com/acme/shop/actions/runs/7"
    released = record(app=account.app, started_at=at, run_url=url, migration=MigrationRecord(ran=True))
    migrated = step_ended(step_began(released, StepName.MIGRATE, "", at), StepName.MIGRATE, True, 1.0, "")
    Ledger(session, table, account.app, "production").begin(finished(migrated))

    assert {report(typed("--output", "json")).standings[name] for name in ("pipeline", "migrations")} == {"pass"}


def test_the_role_is_found_by_whom_it_trusts_and_told_what_it_lacks(
    account: Account, with_github: GithubServer
) -> None:
    make_role(account.session, f"{account.app}-deploy", by_github(SUBJECT), "ecs:UpdateService")
    with_github.control.settings(environments=["production"])

    found = report(typed("--output", "json"))
    assert {found.standings[name] for name in ("sign-in", "environment", "job-permissions", "token")} == {"pass"}
    assert f"{account.app}-deploy trusts {SUBJECT}" in [each["message"] for each in found.reasons("sign-in", "pass")]

    with_github.control.settings(immutable_subject=True)
    (reason,) = report(typed("--output", "json")).reasons("sign-in", "fail")
    assert f"none of {account.app}-deploy trusts {WITH_IDS}" in reason["message"]


def test_the_box_is_told_to_do_nothing_when_its_workflow_is_not_on_the_default_branch(
    with_github: GithubServer,
) -> None:
    (reason,) = report(typed("--output", "json")).reasons("rollback-workflow", "fail")

    assert "rollback.yml is not on main" in reason["message"]


def test_the_runner_gets_summary_and_outputs(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary, outputs = here / "summary", here / "outputs"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))

    typed()

    assert "| ❌ MFA for every user |" in summary.read_text()
    result, told = (part.split("\n")[1] for part in outputs.read_text().split("<<")[1:])
    assert result == "unhealthy"
    assert json.loads(told)["kind"] == "doctor"
