"""What git is asked about a release: its commits, its new files, whether the rollback workflow is there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deploytool.deploy.git import added, between, has_workflow


def git(where: Path, *words: str) -> str:
    identity = ["-c", "user.name=mona", "-c", "user.email=mona@example.org"]
    done = subprocess.run(["git", "-C", where, *identity, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    for number in (1, 2, 3):
        (tmp_path / "sql").mkdir(exist_ok=True)
        (tmp_path / "sql" / f"{number} ü.sql").write_text("")
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-q", "-m", f"Change {number} (#{number})")
    return tmp_path


def test_the_commits_of_a_release_come_newest_first(checkout: Path) -> None:
    assert [commit.subject for commit in between(checkout, "main~2", "main")] == ["Change 3 (#3)", "Change 2 (#2)"]


def test_new_files_are_told_from_the_directory_of_the_configuration(checkout: Path) -> None:
    assert added(checkout, "main~1", "main") == ("sql/3 ü.sql",)
    assert added(checkout / "sql", "main~2", "main") == ("2 ü.sql", "3 ü.sql")


@pytest.mark.parametrize("base", ["", "f" * 40, "--output=/tmp/x"])
def test_nothing_is_told_when_the_clone_does_not_hold_the_commit(checkout: Path, base: str) -> None:
    assert between(checkout, base, "main") == ()
    assert added(checkout, base, "main") == ()


def test_the_workflow_is_found_from_anywhere_in_the_checkout(checkout: Path) -> None:
    (checkout / ".github" / "workflows").mkdir(parents=True)
    (checkout / ".github" / "workflows" / "rollback.yml").write_text("on: workflow_dispatch")
    assert has_workflow(checkout / "sql", "rollback.yml")
    assert not has_workflow(checkout, "other.yml")


def test_there_is_no_workflow_where_there_is_no_checkout(tmp_path: Path) -> None:
    assert not has_workflow(tmp_path, "rollback.yml")
