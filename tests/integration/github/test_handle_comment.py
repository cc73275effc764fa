"""What the comment says to who ticked its box. The rollback itself, on AWS, is replaced: tests/e2e/checkbox has it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from deploytool.cli.handle_comment import command
from deploytool.deploy import context, rollback
from deploytool.deploy.context import SystemClock
from deploytool.errors import DeployError
from deploytool.github.client import Forbidden
from deploytool.github.rollback_model import box_of
from deploytool.ledger.lock import LockConflictPolicy
from deploytool.ledger.record import Record
from deploytool.ledger.rollback_target import NotCurrentRelease, RollbackRequest
from deploytool.release.events import RollbackTarget
from deploytool.release.model import Commit, GithubRecord, Outcome, Result
from tests.integration.github.conftest import API, Github
from tests.integration.github.test_reporting_way_back import first_pull_request, named, report
from tests.integration.github_server.conftest import REPOSITORY
from tests.support.sample_events import rolled_back
from tests.unit.ledger.records import record

CONFIG = """\
app: shop
images: {app: {}}
services: {app: {image: app, verify: {steady: 0s}}}
environments:
  production: {region: us-east-1, cluster: shop, rollback_checkbox: true}
"""


class Runner:
    """A job of the rollback workflow, whose rollback ends as told."""

    def __init__(self, github: Github, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.github = github
        self.requests: list[tuple[RollbackRequest, LockConflictPolicy]] = []
        self.seen: list[str] = []
        self.written: int | None = None
        """Id of the comment that the ledger knows; None: the one that is there."""
        self._directory = directory
        (directory / "deploytool.yml").write_text(CONFIG)
        sha = _commit(directory)
        monkeypatch.chdir(directory)
        monkeypatch.setattr(SystemClock, "listen", lambda _: None)
        self._monkeypatch = monkeypatch
        job = github.context
        for name, value in {
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": job.token,
            "GITHUB_API_URL": job.api_url,
            "GITHUB_SERVER_URL": job.web_url,
            "GITHUB_EVENT_NAME": "issue_comment",
            "GITHUB_RUN_ID": "9",
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_SHA": sha,
        }.items():
            monkeypatch.setenv(name, value)

    def tick(self, ends: Callable[[], Outcome]) -> int | DeployError:
        """Tick the box on the page, and run the job for that event."""

        def run_rollback(
            _: object, __: object, request: RollbackRequest, conflict: LockConflictPolicy, *, as_json: bool
        ) -> Outcome:
            self.requests.append((request, conflict))
            self.seen.append(self.github.comments()[0])
            return ends()

        self._monkeypatch.setattr(rollback, "run_rollback", run_rollback)
        self._monkeypatch.setattr(context, "ledger_of", lambda _: self)
        event = self._directory / "event.json"
        event.write_text(json.dumps(self._ticked()))
        try:
            words = ["--event-path", str(event)]
            done = CliRunner().invoke(command, words, catch_exceptions=False, standalone_mode=False)
        except DeployError as refused:
            return refused
        return int(done.return_value)

    def get(self, release_id: str) -> Record:
        """As the ledger: the release wrote the comment, unless another one did."""
        return record(release_id, github=GithubRecord(comment_id=self.written or int(self._comment()["id"])))

    def _comment(self) -> dict[str, Any]:
        url = f"{self.github.context.api_url}{API}/issues/{self.github.pull_request}/comments"
        (comment,) = requests.get(url, headers={"Authorization": "Bearer developer-token"}, timeout=10).json()
        return dict(comment)

    def _ticked(self) -> dict[str, Any]:
        headers, comment = {"Authorization": "Bearer developer-token"}, self._comment()
        ticked = comment["body"].replace("- [ ]", "- [x]")
        requests.patch(comment["url"], json={"body": ticked}, headers=headers, timeout=10).raise_for_status()
        return dict(self.github.control.events()[-1]["payload"])


def _commit(directory: Path) -> str:
    identity = ["-c", "user.name=mona", "-c", "user.email=mona@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*identity, "commit", "-q", "-m", "Config"]):
        subprocess.run(["git", "-C", directory, *words], check=True, capture_output=True)
    done = subprocess.run(["git", "-C", directory, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def runner(github: Github, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    _, sha = first_pull_request(github)
    assert report(github, named(github, "r1", sha)) == ()
    assert report(github, ((0.0, RollbackTarget("r1", Commit(sha))), *named(github, "r2"))) == ()
    return Runner(github, tmp_path, monkeypatch)


def succeeded() -> Outcome:
    return Outcome(rolled_back().plan, Result.RELEASED, "shop 1111111 is live again in production")


def stale() -> Outcome:
    raise NotCurrentRelease("release r2 is no longer live: the live release is r3", "look again")


def test_a_tick_asks_for_that_release_if_the_one_shown_is_still_live(runner: Runner) -> None:
    assert runner.tick(succeeded) == 0
    ((request, conflict),) = runner.requests
    assert (request.to, request.expect_current, conflict.if_busy) == ("r1", "r2", "wait")


def test_the_box_is_gone_before_anything_is_done(runner: Runner) -> None:
    runner.tick(succeeded)
    assert box_of(runner.seen[0]) is None
    assert "⏳ **Rollback requested** by `octo-dev` – [run](" in runner.seen[0]


def test_the_comment_answers_how_it_ended(runner: Runner) -> None:
    runner.tick(succeeded)
    (comment,) = runner.github.comments()
    assert "↩️ **Rolled back**, requested by `octo-dev` – [run](" in comment
    assert "requested** by" not in comment
    assert box_of(comment) is None


def test_a_rollback_that_failed_is_told_and_offered_again(runner: Runner) -> None:
    before = box_of(runner.github.comments()[0])
    assert runner.tick(rolled_back) == 6
    (comment,) = runner.github.comments()
    assert "❌ **The rollback failed**, requested by `octo-dev`" in comment
    assert box_of(comment) == before
    assert runner.tick(succeeded) == 0


def test_a_rollback_that_was_refused_under_the_lock_is_told(runner: Runner) -> None:
    assert isinstance(runner.tick(stale), NotCurrentRelease)
    assert "⛔ **Rollback refused**, requested by `octo-dev`" in runner.github.comments()[0]
    assert "the live release is r3" in runner.github.comments()[0]


def test_nothing_is_done_when_the_comment_cannot_be_answered(runner: Runner) -> None:
    runner.github.control.faults({"method": "PATCH", "path": ".*/issues/comments/.*", "status": 403, "skip": 1})
    assert isinstance(runner.tick(succeeded), Forbidden)
    assert runner.requests == []


def test_a_tick_is_ignored_when_the_release_did_not_write_the_comment(runner: Runner) -> None:
    runner.written = 9_999_999

    assert runner.tick(succeeded) == 0

    assert runner.requests == []
    assert "Rollback requested" not in runner.github.comments()[0]
