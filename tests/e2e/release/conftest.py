"""One sandbox for all of these tests, a front before its AWS, and a checkout of the example for each test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploytool.sandbox import state, trust
from deploytool.sandbox.github.client import ControlClient
from deploytool.sandbox.state import SandboxState
from tests.support.account import Account
from tests.support.aws_fault_proxy.client import Front, start_front
from tests.support.free_port import free_port
from tests.support.github_account import Github
from tests.support.project import DEPLOYTOOL, Ran, Shop

INHERITED = ("PATH", "LANG", "DOCKER_HOST")


def _sandbox(directory: Path, *words: str) -> None:
    done = subprocess.run([DEPLOYTOOL, "sandbox", *words], cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxState]:
    """Started as a user starts it; gone afterwards."""
    directory = tmp_path_factory.mktemp("sandbox")
    try:
        _sandbox(directory, "up", "--steady", "0s")
        started = state.load_state(directory)
        assert started is not None
        yield started
    finally:
        _sandbox(directory, "down")


@pytest.fixture(scope="session")
def account(sandbox: SandboxState) -> Account:
    return Account(sandbox.aws_endpoint_url, sandbox.region)


@pytest.fixture(scope="session")
def github(sandbox: SandboxState) -> Github:
    return Github(sandbox.github_api_url, sandbox.repository, "sandbox-token")


@pytest.fixture(scope="session")
def github_control(sandbox: SandboxState) -> ControlClient:
    return ControlClient(sandbox.github_web_url)


@pytest.fixture(scope="session")
def session_front(sandbox: SandboxState) -> Iterator[Front]:
    port = free_port()
    with start_front(sandbox.aws_endpoint_url, port) as front:
        yield front
    _forget_images(f"localhost:{port}/*")


def _forget_images(pattern: str) -> None:
    """Docker keeps what was pushed to the front under the front's own address."""
    listed = ["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", f"reference={pattern}"]
    tags = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    named = [tag for tag in tags if not tag.endswith(":<none>")]
    if named:
        subprocess.run(["docker", "image", "rm", "--force", *named], capture_output=True, check=True)


@pytest.fixture(scope="session")
def session_shop(
    sandbox: SandboxState,
    session_front: Front,
    account: Account,
    github: Github,
    tmp_path_factory: pytest.TempPathFactory,
) -> Shop:
    """The checkout that the first release is made from."""
    home = tmp_path_factory.mktemp("home")
    port = session_front.base_url.rpartition(":")[2]
    environ = {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        **trust.sandbox_environment(sandbox),
        "HOME": str(home),
        "AWS_ENDPOINT_URL": session_front.base_url,
        "DEPLOYTOOL_REGISTRY": f"localhost:{port}",
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }
    root = tmp_path_factory.mktemp("first") / "checkout"
    subprocess.run(["git", "clone", "-q", sandbox.workdir, root], check=True)
    return Shop(root, environ, account, session_front, github, frozenset(account.secrets()))


@pytest.fixture(scope="session")
def first(session_shop: Shop) -> Ran:
    """The first release: of the commit that everything else begins with."""
    return session_shop.run("release")


@pytest.fixture(scope="session")
def succeeded(session_shop: Shop, first: Ran) -> dict[str, str]:
    """Service to the revision that the first release made live."""
    assert first.code == 0, first.told
    return session_shop.account.running()


@pytest.fixture
def front(session_front: Front) -> Iterator[Front]:
    """Without script and calls."""
    session_front.reset()
    yield session_front
    session_front.reset()


@pytest.fixture
def shop(
    sandbox: SandboxState,
    session_shop: Shop,
    succeeded: dict[str, str],
    front: Front,
    github_control: ControlClient,
    tmp_path: Path,
) -> Iterator[Shop]:
    """A checkout of the commit that is live; whatever the test does to the services is undone."""
    root = tmp_path / "checkout"
    subprocess.run(["git", "clone", "-q", sandbox.workdir, root], check=True)
    yield replace(session_shop, root=root)
    front.reset()
    github_control.clear_faults()
    session_shop.account.heal(succeeded)
