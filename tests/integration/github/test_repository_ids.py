"""The ids of repository and owner, which `deploytool init` writes into the subjects that a role trusts."""

from __future__ import annotations

import pytest

from deploytool.sandbox.github.represent import REPOSITORY_ID
from deploytool.scaffold.new_infrastructure import Subjects
from deploytool.scaffold.project import subjects_of
from tests.integration.github.conftest import Github
from tests.integration.github_server.conftest import REPOSITORY

OWNER_ID = 4580


@pytest.fixture
def signed_in(github: Github, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", github.context.api_url)
    monkeypatch.setenv("GITHUB_TOKEN", github.context.token)


@pytest.mark.usefixtures("signed_in")
def test_github_says_the_ids_to_who_may_read_the_repository() -> None:
    assert subjects_of(REPOSITORY) == Subjects(REPOSITORY, OWNER_ID, REPOSITORY_ID)


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("repository", ["acme/other", ""])
def test_the_name_must_do_when_github_knows_no_such_repository(repository: str) -> None:
    assert subjects_of(repository) == Subjects(repository)


@pytest.mark.usefixtures("signed_in")
def test_the_name_must_do_when_nobody_is_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    monkeypatch.delenv("GH_TOKEN", raising=False)
    assert subjects_of(REPOSITORY) == Subjects(REPOSITORY)


def test_the_name_must_do_when_github_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("GITHUB_TOKEN", "t")
    assert subjects_of(REPOSITORY) == Subjects(REPOSITORY)
