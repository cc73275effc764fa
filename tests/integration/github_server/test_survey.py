"""What the doctor learns of a repository, from the GitHub server, by ghapi."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deploytool.doctor.collect.github import collect_github
from deploytool.doctor.facts_account import EnvironmentFact, Github, Job, SubjectForm, Workflow
from deploytool.doctor.result import Unknown, known
from deploytool.github.client import GithubClient
from tests.integration.github_server.conftest import REPOSITORY, GithubServer, git

DEPLOY = """\
on: push
permissions: {}
jobs:
  deploy:
    permissions: {contents: read, deployments: write, pull-requests: write, id-token: write}
    steps: [{uses: archdeck/archdeck-deploy@v1}]
  lint:
    steps: [{run: make lint}]
"""
ROLLBACK = """\
on: {issue_comment: {types: [edited]}}
permissions: {contents: read}
jobs: {rollback: {steps: [{uses: archdeck/archdeck-deploy@v1, with: {command: handle-comment}}]}}
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GithubServer]:
    """Two workflows on main, another on a branch, and one that is no YAML."""
    directory = tmp_path_factory.mktemp("repository")
    git(directory, "init", "--quiet", "--initial-branch=main")
    workflows = directory / ".github/workflows"
    workflows.mkdir(parents=True)
    (workflows / "deploy.yml").write_text(DEPLOY)
    (workflows / "rollback.yaml").write_text(ROLLBACK)
    (workflows / "broken.yml").write_text("on: [push\n")
    (workflows / "README.md").write_text("not a workflow\n")
    git(directory, "add", ".")
    git(directory, "commit", "--quiet", "--message=Start")
    git(directory, "checkout", "--quiet", "-b", "topic")
    (workflows / "other.yml").write_text(DEPLOY)
    git(directory, "add", ".")
    git(directory, "commit", "--quiet", "--message=Other")
    started = GithubServer(directory, tmp_path_factory.mktemp("state") / "github.json")
    yield started
    started.stop()


@pytest.fixture
def fresh(hub: GithubServer) -> GithubServer:
    hub.control.reset()
    hub.control.clear_faults()
    return hub


def surveyed(hub: GithubServer, token: str = "sandbox-token", environment: str = "production") -> Github:
    return collect_github(GithubClient(hub.url, token, REPOSITORY, sleep=lambda _: None), environment)


def test_the_repository_is_known_by_its_ids_and_age(fresh: GithubServer) -> None:
    fresh.control.settings(created_at="2026-07-15T08:00:00Z")

    result = known(surveyed(fresh).repository)

    assert (result.name, result.id, result.owner_id, result.default_branch) == (REPOSITORY, 4580, 4580, "main")
    assert result.created_at == datetime(2026, 7, 15, 8, tzinfo=UTC)


def test_what_a_token_may_see_is_known_as_far_as_github_says_it(fresh: GithubServer) -> None:
    fresh.control.add_token("admin-token", "boss", permission="admin")
    fresh.control.settings(secret_scanning=True)

    workflow, reader, admin = (
        known(surveyed(fresh, token).repository) for token in ("sandbox-token", "stranger-token", "admin-token")
    )

    assert (workflow.push, workflow.secret_scanning, workflow.push_protection) == (None, None, None)
    assert reader.push is False
    assert (admin.push, admin.secret_scanning, admin.push_protection) == (True, True, False)


MANY = [f"preview-{number}" for number in range(100)]


@pytest.mark.parametrize(
    ("made", "there"),
    [(["production"], True), (["staging"], False), ([], False), ([*MANY, "production"], True), (MANY, False)],
    ids=["it", "another", "none", "it after many", "many"],
)
def test_an_environment_is_found_when_there_is_one_of_that_name(
    fresh: GithubServer, made: list[str], there: bool
) -> None:
    fresh.control.settings(environments=made)

    assert surveyed(fresh).environment == (EnvironmentFact(branch_rule=True) if there else None)


@pytest.mark.parametrize("name", ["eu/production", "eu production", "eu%production"])
def test_an_environment_is_found_when_its_name_is_no_plain_word(fresh: GithubServer, name: str) -> None:
    fresh.control.settings(environments=[name])

    assert surveyed(fresh, environment=name).environment == EnvironmentFact(branch_rule=True)


def test_the_form_of_the_subject_is_known(fresh: GithubServer) -> None:
    assert surveyed(fresh).subject == SubjectForm()
    fresh.control.settings(subject_claims=["repo", "context"], immutable_subject=True)
    assert surveyed(fresh).subject == SubjectForm(default=False, claims=("repo", "context"), immutable=True)


def test_a_server_that_has_no_templates_of_subjects_makes_them_as_ever(fresh: GithubServer) -> None:
    fresh.control.faults({"path": ".*/oidc/.*", "status": 404, "body": {"message": "Not Found"}})

    assert surveyed(fresh).subject == SubjectForm()


def test_the_workflows_of_the_default_branch_are_read(fresh: GithubServer) -> None:
    permissions = {"contents": "read", "deployments": "write", "pull-requests": "write", "id-token": "write"}

    assert surveyed(fresh).workflows == (
        Workflow("broken.yml"),
        Workflow("deploy.yml", ("push",), (Job("deploy.yml", "deploy", permissions),)),
        Workflow(
            "rollback.yaml",
            ("issue_comment",),
            (Job("rollback.yaml", "rollback", {"contents": "read"}, ("handle-comment",)),),
            responds=True,
        ),
    )


def test_there_are_no_workflows_when_the_directory_is_missing(fresh: GithubServer) -> None:
    fresh.control.faults({"path": ".*/contents/.*", "status": 404, "body": {"message": "Not Found"}})

    assert surveyed(fresh).workflows == ()


def test_one_thing_that_may_not_be_read_hides_no_other(fresh: GithubServer) -> None:
    denied = {"message": "Resource not accessible by integration"}
    fresh.control.settings(environments=["production"])
    fresh.control.faults({"path": ".*/contents/.*", "status": 403, "body": denied})
    fresh.control.faults({"path": ".*/deployments", "status": 403, "body": denied})

    result = surveyed(fresh)

    assert isinstance(result.workflows, Unknown)
    assert result.workflows.fix == "add `contents: read` to the job's `permissions:`"
    assert isinstance(result.reads["deployments: read"], Unknown)
    assert result.reads["pull-requests: read"] is None
    assert result.environment == EnvironmentFact(branch_rule=True)


def test_nothing_is_known_when_the_token_is_not_accepted(fresh: GithubServer) -> None:
    result = surveyed(fresh, "wrong")

    assert isinstance(result.repository, Unknown)
    assert result == replace(
        result,
        environment=result.repository,
        subject=result.repository,
        workflows=result.repository,
    )
    assert "does not accept the token" in result.repository.why


def test_nothing_but_reading_is_asked_of_github(fresh: GithubServer) -> None:
    fresh.control.clear_log()

    surveyed(fresh)

    assert {exchange["method"] for exchange in fresh.control.log()} == {"GET"}
    assert {exchange["status"] for exchange in fresh.control.log()} <= {200, 404}
