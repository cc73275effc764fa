"""The workflows that users copy, run as GitHub runs them, on a sandbox."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploytool.aws.session import LOOPBACK_SWITCH
from deploytool.sandbox import state, trust
from deploytool.sandbox.account import Account
from deploytool.sandbox.github.client import ControlClient
from deploytool.sandbox.state import SandboxState
from tests.support.at_rest import await_rest
from tests.support.github_runner.job import ROOT, JobResult, Runner
from tests.support.github_runner.node import Expressions
from tests.support.github_runner.oidc import ISSUER, TokenService, token_service
from tests.support.github_runner.stand_ins import Cache, Checkout
from tests.support.github_runner.step import Interruption

DEPLOYTOOL = Path(sys.executable).with_name("deploytool")
RUNNING = "DEPLOYTOOL_TEST_ACTION_SANDBOX"
"""Directory of a sandbox that runs already: spares its start while one writes these tests."""
WORKFLOWS = ROOT / ".github" / "workflows"
ROLE = "deploy"
NOT_GIVEN = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "DEPLOYTOOL_ENVIRONMENT")
"""What the sandbox would set and a job does not have: it signs in by its role, and hands over a token."""


def sandbox_command(directory: Path, *words: str) -> None:
    """``deploytool sandbox …``, as its user runs it."""
    done = subprocess.run([DEPLOYTOOL, "sandbox", *words], cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxState]:
    """Started as a user starts it; gone afterwards."""
    running = os.environ.get(RUNNING)
    directory = Path(running) if running else tmp_path_factory.mktemp("sandbox")
    try:
        if not running:
            sandbox_command(directory, "up", "--steady", "0s", "--aws-port", "4760", "--github-port", "4790")
        started = state.load_state(directory)
        assert started is not None
        yield started
    finally:
        if not running:
            sandbox_command(directory, "down")


@pytest.fixture(scope="session")
def expressions() -> Iterator[Expressions]:
    with Expressions() as started:
        yield started


@pytest.fixture
def oidc() -> Iterator[TokenService]:
    with token_service() as service:
        yield service


@dataclass
class Repository:
    """The sandbox's repository, whose workflows run on a runner of ours."""

    sandbox: SandboxState
    expressions: Expressions
    oidc: TokenService
    role: str
    temp: Path
    runs: Path
    cache: Cache

    def git(self, *words: str) -> str:
        """Run git in the repository."""
        return subprocess.run(
            ["git", "-C", self.sandbox.workdir, *words], capture_output=True, text=True, check=True
        ).stdout.strip()

    def commit(self, title: str) -> str:
        """A commit that changes what the app is built from."""
        author = ("-c", "user.name=Octo Dev", "-c", "user.email=octo-dev@example.com", "-c", "core.hooksPath=/dev/null")
        self.git(*author, "commit", "-q", "--allow-empty", "-m", title)
        return self.git("rev-parse", "HEAD")

    def run(
        self,
        workflow: str,
        event: str,
        payload: Mapping[str, Any] | None = None,
        inputs: Mapping[str, str] | None = None,
        interruption: Interruption | None = None,
        **github: str,
    ) -> JobResult:
        """The only job of a workflow, started by an event."""
        number = len(list(self.runs.iterdir())) + 1
        place = self.runs / str(number)
        place.mkdir()
        (place / "event.json").write_text(json.dumps(dict(payload or {})))
        workspace = place / "workspace"
        context = {
            "event_name": event, "event": dict(payload or {}), "event_path": str(place / "event.json"),
            "sha": self.git("rev-parse", "HEAD"), "ref": "refs/heads/main", "ref_name": "main", "actor": "octo-dev",
            "repository": self.sandbox.repository, "token": "sandbox-token", "run_id": str(1000 + number),
            "run_attempt": "1", "api_url": self.sandbox.github_api_url, "server_url": self.sandbox.github_web_url,
            **github,
        }  # fmt: skip
        output = trust.sandbox_environment(self.sandbox)
        runner = Runner(
            self.expressions, workspace, self.temp,
            {"actions/checkout": Checkout(self.sandbox.workdir, workspace), "actions/cache": self.cache},
            context, {"DEPLOY_ROLE": self.role, "PLAN_ROLE": self.role},
            {**{name: value for name, value in output.items() if name not in NOT_GIVEN}, **self.oidc.environ,
             LOOPBACK_SWITCH: "true", "DEPLOYTOOL_LEASE_TTL": "5"},
            interruption,
        )  # fmt: skip
        job = workflow.removesuffix(".yml")
        try:
            return runner.run(WORKFLOWS / workflow, job, inputs)
        finally:
            self.cache.save()

    def come_to_rest(self) -> None:
        """Wait until nothing rolls any more: a cancelled release does not wait for the way back that it began."""
        await_rest(self.sandbox, seconds=60)

    def control(self) -> ControlClient:
        """The GitHub server, behind its API."""
        return ControlClient(self.sandbox.github_web_url)


@pytest.fixture(scope="session")
def role(sandbox: SandboxState) -> str:
    """A role that only the environment production of this repository may assume."""
    iam = Account(sandbox.aws_endpoint_url, sandbox.region).client("iam")
    provider = f"arn:aws:iam::000000000000:oidc-provider/{ISSUER}"
    condition = {
        "StringEquals": {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": f"repo:{sandbox.repository}:environment:production",
        }
    }
    statement = {
        "Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    if ROLE not in [item["RoleName"] for item in iam.list_roles()["Roles"]]:
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=policy)
    return str(iam.get_role(RoleName=ROLE)["Role"]["Arn"])


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """The runner's directory and the cache behind it."""
    made = tmp_path_factory.mktemp("machine")
    (made / "temp").mkdir()
    yield made / "temp", made / "cache"
    shutil.rmtree(made)


@pytest.fixture
def repository(
    sandbox: SandboxState,
    expressions: Expressions,
    oidc: TokenService,
    role: str,
    machine: tuple[Path, Path],
    tmp_path: Path,
) -> Repository:
    temp, store = machine
    return Repository(sandbox, expressions, oidc, role, temp, tmp_path, Cache(store))
