"""A state file in the checkout, as convincing as it can be, and a job with a role: nobody it names hears of the job."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploytool.endpoints import ROLE
from deploytool.sandbox import trust
from deploytool.sandbox.state import save_state
from tests.support.github_runner.job import ROOT
from tests.support.github_runner.oidc import TokenService, token_service
from tests.unit.sandbox.test_sandbox_state import state_in
from tests.unit.sandbox.test_sandbox_trust import git, server

DEPLOYTOOL = Path(sys.executable).with_name("deploytool")
ARN = "arn:aws:iam::123456789012:role/deploy"
CONFIGURATION = """\
app: shop
images:
  app: {dockerfile: Dockerfile}
services:
  app: {image: app}
environments:
  production: {region: us-east-1, cluster: shop, repository: shop}
"""
SECONDS = 60
"""Time until AWS is asked, on a machine with much else to do."""


class Recorder:
    """A server that keeps the first line of each request, and answers none."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        received = self.heard

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                received.append(self.rfile.readline().decode(errors="replace").strip())
                self.close_connection = True

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.port = self._server.server_port

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def recorder() -> Iterator[Recorder]:
    made = Recorder()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def evil() -> Iterator[Recorder]:
    """What the state file names."""
    with recorder() as made:
        yield made


@pytest.fixture
def proxy() -> Iterator[Recorder]:
    """The way to the rest of the world: it hears which hosts are asked for."""
    with recorder() as made:
        yield made


@pytest.fixture
def oidc() -> Iterator[TokenService]:
    with token_service() as service:
        yield service


@pytest.fixture
def checkout(tmp_path: Path, evil: Recorder) -> Iterator[Path]:
    """On loopback, of this user, not tracked, and with a process that lives: only the job itself can refuse it."""
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "deploytool.yml").write_text(CONFIGURATION)
    (root / "Dockerfile").write_text("FROM scratch\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Shop")
    url = f"http://127.0.0.1:{evil.port}"
    with server() as alive:
        state = replace(
            state_in(root), aws_endpoint_url=url, github_api_url=url, github_web_url=url, app_url=url,
            registry=f"localhost:{evil.port}", processes={"ministack": alive},
        )  # fmt: skip
        save_state(state)
        state.aws_config.write_text(trust.AWS_CONFIG)
        yield root


def told(checkout: Path, words: list[Path | str], environ: dict[str, str], proxy: Recorder) -> str:
    """What the command says until the proxy is asked for AWS, or it has ended."""
    inherited = {"PATH": os.environ["PATH"], "HOME": str(checkout.parent)}
    way = {
        "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}", "HTTP_PROXY": f"http://127.0.0.1:{proxy.port}",
        "NO_PROXY": "127.0.0.1,localhost", "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    log = checkout.parent / "log"
    with log.open("wb") as output:
        running = subprocess.Popen(
            words, cwd=checkout, env=inherited | way | environ, stdout=output, stderr=subprocess.STDOUT
        )
        deadline = time.monotonic() + SECONDS
        while running.poll() is None and time.monotonic() < deadline and not _aws(proxy):
            time.sleep(0.1)
        running.kill()
        running.wait()
    return log.read_text()


def _aws(proxy: Recorder) -> list[str]:
    return [line for line in proxy.heard if "amazonaws" in line or line.startswith("POST / ")]


def test_the_action_asks_aws_alone_when_the_checkout_has_a_state(
    checkout: Path, evil: Recorder, proxy: Recorder, oidc: TokenService
) -> None:
    inputs = {"INPUT_COMMAND": "plan", "INPUT_ENVIRONMENT": "production", "INPUT_ROLE": ARN}
    output = told(checkout, [sys.executable, "-I", ROOT / "action" / "start.py"], inputs | oidc.environ, proxy)
    assert evil.heard == [], output
    assert _aws(proxy)[0].startswith("CONNECT sts.us-east-1.amazonaws.com:443 "), output
    assert "sandbox" not in output


@pytest.mark.parametrize("verb", ["plan", "release", "rollback"])
def test_the_command_asks_aws_alone_when_it_has_a_role_and_the_checkout_a_state(
    verb: str, checkout: Path, evil: Recorder, proxy: Recorder, oidc: TokenService
) -> None:
    output = told(checkout, [DEPLOYTOOL, verb], {ROLE: ARN, **oidc.environ}, proxy)
    assert evil.heard == [], output
    assert _aws(proxy)[0].startswith("CONNECT sts.us-east-1.amazonaws.com:443 "), output
    assert f"is not used: {ROLE} is set" in output


def test_no_token_is_made_when_a_variable_leads_sts_elsewhere(
    checkout: Path, evil: Recorder, proxy: Recorder, oidc: TokenService
) -> None:
    environ = {ROLE: ARN, **oidc.environ, "GITHUB_ACTIONS": "true", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{evil.port}"}
    output = told(checkout, [DEPLOYTOOL, "plan"], environ, proxy)
    assert (evil.heard, oidc.asked) == ([], []), output
    assert "AWS_ENDPOINT_URL names another host" in output


def test_the_command_ends_with_the_reason_when_the_state_is_not_its_users(
    checkout: Path, evil: Recorder, proxy: Recorder
) -> None:
    git(checkout, "add", "-f", ".deploytool/sandbox.json")
    output = told(checkout, [DEPLOYTOOL, "plan"], {}, proxy)
    assert (evil.heard, proxy.heard) == ([], []), output
    assert "git tracks" in output
    assert "fix:" in output


def test_the_states_address_is_asked_when_nothing_is_at_stake(checkout: Path, evil: Recorder, proxy: Recorder) -> None:
    """The opposite: without it, the tests above could pass because nothing is ever asked."""
    output = told(checkout, [DEPLOYTOOL, "plan"], {}, evil)
    assert evil.heard, output
