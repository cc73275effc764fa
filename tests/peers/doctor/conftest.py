"""A MiniStack of the tests' own with one account as it should be; each test breaks its own copy."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploytool.aws.session import Session
from deploytool.sandbox import ministack, process
from tests.peers.doctor.account import Edge, Network, make_edge, make_network, make_stores
from tests.peers.doctor.tasks import make_services, make_watch
from tests.peers.front.client import Front, start_front
from tests.peers.front.conftest import free_port


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
    port, log = free_port(), Path(tmp_path_factory.mktemp("ministack")) / "log"
    server = ministack.start(ministack.install(print), f"doctor-{port}", port, log)
    try:
        ministack.wait(server, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop(server)


@pytest.fixture(scope="session")
def front(upstream: str) -> Iterator[Front]:
    with start_front(upstream, free_port()) as started:
        yield started


@pytest.fixture
def session(front: Front, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """Through the front, so that a test can have a call denied."""
    front.reset()
    for name, value in {
        "AWS_ENDPOINT_URL": front.base_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(name, value)
    for name in (
        "AWS_PROFILE",
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "GITHUB_REPOSITORY",
        "GITHUB_STEP_SUMMARY",
        "DEPLOYTOOL_ROLE",
    ):
        monkeypatch.delenv(name, raising=False)
    yield Session("us-east-1")
    front.reset()


@pytest.fixture
def account(session: Session) -> Account:
    """As the architecture wants it, under a name of the test's own."""
    app = f"shop{uuid.uuid4().hex[:6]}"
    network = make_network(session, app)
    make_stores(session, app, network)
    edge = make_edge(session, app, network)
    make_services(session, app, network, edge)
    return Account(session, app, network, edge, make_watch(session, app))
