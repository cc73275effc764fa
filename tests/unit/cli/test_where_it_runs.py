"""Where a verb looks for deploytool.yml, and which verbs need neither git nor a repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from deploytool.cli.main import command
from deploytool.cli.options import nearest_config
from deploytool.deploy import git
from deploytool.deploy.context import context_of
from deploytool.git_command import GitMissing

CONFIGURATION = """\
app: shop
images: {app: {}}
services: {app: {image: app, verify: {url: "http://shop.test/", expect: {version: "${commit}"}}}}
environments: {production: {region: us-east-1, cluster: shop}}
"""
BELOW = Path("services/web/src")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "repository" / BELOW).mkdir(parents=True)
    (tmp_path / "deploytool.yml").write_text("somebody else's")
    return tmp_path / "repository"


@pytest.mark.parametrize(
    ("file", "start", "found"),
    [
        pytest.param(".", ".", "deploytool.yml", id="here"),
        pytest.param(".", BELOW, "../../../deploytool.yml", id="at the root of the repository"),
        pytest.param("services/web", BELOW, "../deploytool.yml", id="in a service's directory"),
        pytest.param(BELOW, "services", "deploytool.yml", id="only further below"),
        pytest.param(None, BELOW, "deploytool.yml", id="only outside the repository"),
    ],
)
@pytest.mark.parametrize("root", ["directory", "file"])
def test_the_configuration_is_that_of_the_nearest_directory_up_to_the_repositorys_root(
    place: Path, root: str, file: Path | str | None, start: Path | str, found: str
) -> None:
    if root == "directory":
        (place / ".git").mkdir()
    else:
        (place / ".git").write_text("gitdir: elsewhere")  # a work tree of another repository, or a submodule
    for directory in (file,) if file is not None else ():
        (place / directory / "deploytool.yml").write_text(CONFIGURATION)

    assert nearest_config(place / start) == found


def test_no_parent_is_looked_in_when_there_is_no_repository(place: Path) -> None:
    (place / "deploytool.yml").write_text(CONFIGURATION)

    assert nearest_config(place / BELOW) == "deploytool.yml"
    assert nearest_config(place) == "deploytool.yml"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(["-C", "repository/services", "config", "check"], 0, id="the nearest one above -C"),
        pytest.param(["-C", "repository", "config", "check", "--config", "deploytool.yml"], 0, id="a file below -C"),
        pytest.param(["-C", "repository/services", "config", "check", "--config", "deploytool.yml"], 2, id="named"),
        pytest.param(["-C", "nowhere", "config", "check"], 2, id="no such directory"),
    ],
)
def test_it_runs_as_if_started_in_the_directory_of_c(
    place: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int
) -> None:
    (place / ".git").mkdir()
    (place / "deploytool.yml").write_text(CONFIGURATION)
    monkeypatch.chdir(place.parent)

    ended = CliRunner().invoke(command, words, standalone_mode=True)

    assert (0 if ended.exit_code == 0 else 2) == code, ended.output
    monkeypatch.chdir(place.parent)


NEED_NO_GIT = ["status", "history", "logs app", "rollback", "lock show", "lock release", "recover", "stats",
               "lock hold --reason frozen"]  # fmt: skip


class Opened(Exception):
    """The verb has opened its environment."""


@pytest.mark.parametrize("words", NEED_NO_GIT)
def test_the_commit_of_the_checkout_is_not_asked_for_when_the_verb_releases_none(
    monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    revisions = []

    def opened(_config: str, _environment: str | None, revision: str | None = "HEAD") -> Any:
        revisions.append(revision)
        raise Opened

    monkeypatch.setattr("deploytool.deploy.context.open_context", opened)

    ended = CliRunner().invoke(command, words.split())

    assert isinstance(ended.exception, Opened), ended.output
    assert revisions == [None]


def test_an_environment_is_opened_when_git_is_not_installed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "deploytool.yml").write_text(CONFIGURATION)
    monkeypatch.setenv("PATH", str(place))

    context = context_of(str(place / "deploytool.yml"), None, None)

    assert (context.settings.environment, context.commit.sha) == ("production", "")
    assert context.settings.images["app"].tag == "${commit}", "no tag is made up"
    assert git.between(place, "a" * 40, "b" * 40) == ()
    assert not git.has_workflow(place, "rollback.yml")
    with pytest.raises(GitMissing):
        context_of(str(place / "deploytool.yml"), None)
