"""A MiniStack of the tests' own behind a front, and accounts in it as they should be."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from deploytool.aws.session import Session
from deploytool.cli.main import command
from tests.integration.doctor.account import HOST, Edge, Network, make_edge, make_network, make_stores
from tests.integration.doctor.tasks import make_services, make_watch
from tests.support.aws_fault_proxy.client import Front, start_front
from tests.support.aws_fault_proxy.rules import Rule
from tests.support.free_port import free_port
from tests.support.json_documents import valid_document
from tests.support.ministack import point_to, running_ministack

ELSEWHERE = (
    "DEPLOYTOOL_ENVIRONMENT", "DEPLOYTOOL_ROLE", "GITHUB_ACTIONS", "GITHUB_TOKEN", "GH_TOKEN",
    "GITHUB_REPOSITORY", "GITHUB_STEP_SUMMARY",
)  # fmt: skip
"""Variables that would lead the command out of the test."""


@dataclass
class Account:
    """One app's part of the account."""

    session: Session
    app: str
    network: Network
    edge: Edge
    topic: str


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_ministack(tmp_path_factory.mktemp("ministack"), "doctor") as address:
        yield address


@pytest.fixture(scope="session")
def front(upstream: str) -> Iterator[Front]:
    with start_front(upstream, free_port()) as started:
        yield started


@pytest.fixture(scope="module")
def session(front: Front) -> Iterator[Session]:
    """Through the front, so that a test can have a call denied."""
    with pytest.MonkeyPatch.context() as patch:
        point_to(front.base_url, patch)
        for name in ELSEWHERE:
            patch.delenv(name, raising=False)
        yield Session("us-east-1")


def make_account(session: Session) -> Account:
    """As the architecture wants it, under a name that no other has."""
    app = f"shop{uuid.uuid4().hex[:6]}"
    network = make_network(session, app)
    make_stores(session, app, network)
    edge = make_edge(session, app, network)
    make_services(session, app, network, edge)
    return Account(session, app, network, edge, make_watch(session, app))


@pytest.fixture(scope="module")
def account(session: Session) -> Account:
    """For tests that change nothing of it."""
    return make_account(session)


CONFIG = """\
app: {app}
images: {{app: {{}}}}
migrate: {{task: {app}-migrate, image: app, like: app}}
services: {{app: {{service: {app}-app, image: app}}, worker: {{service: {app}-worker, image: app}}}}
environments:
  production:
    {{region: us-east-1, cluster: {app}, repository: {app}, url: "https://{host}", ledger: {ledger},
     rollback_checkbox: true}}
"""


@dataclass
class Report:
    """What `deploytool doctor --output json` said, and how it ended."""

    document: dict[str, Any]
    exit_code: int

    @property
    def standings(self) -> dict[str, str]:
        return {check["id"]: check["status"] for check in self.document["checks"]}

    def reasons(self, check: str, standing: str) -> list[dict[str, Any]]:
        (found,) = [each for each in self.document["checks"] if each["id"] == check]
        return [reason for reason in found["reasons"] if reason["status"] == standing]


Examine = Callable[..., Report]


def typed(*words: str) -> Result:
    """Run `deploytool doctor` in the current directory."""
    return CliRunner().invoke(command, ["doctor", *words], standalone_mode=False)


def report(result: Result) -> Report:
    """Raises what the command raised."""
    if result.exception is not None:
        raise result.exception
    return Report(valid_document(result.stdout), result.return_value)


def checkout(directory: Path, app: str, ledger: str = "false") -> None:
    """A git checkout whose configuration names one app's resources."""
    for words in (
        ("init", "-q"),
        ("-c", "user.name=m", "-c", "user.email=m@m", "commit", "-q", "--allow-empty", "-m", "First"),
    ):
        subprocess.run(["git", *words], cwd=directory, check=True)
    (directory / "deploytool.yml").write_text(CONFIG.format(app=app, ledger=ledger, host=HOST))


@pytest.fixture(scope="module")
def examine(front: Front, session: Session, tmp_path_factory: pytest.TempPathFactory) -> Examine:
    """Examine an account's app, with some of the calls to AWS spoilt."""

    def run(account: Account, *rules: Rule, ledger: str = "false") -> Report:
        directory = tmp_path_factory.mktemp("checkout")
        checkout(directory, account.app, ledger)
        front.script(rules)
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(directory)
                return report(typed("--output", "json"))
        finally:
            front.script()

    return run
