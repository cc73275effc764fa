"""A MiniStack of the tests' own and a table in it; for DynamoDB it needs no Docker."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from deploytool.aws.session import Session
from deploytool.ledger.lock_store import Lock
from deploytool.ledger.store import TABLE, Ledger
from tests.support.ministack import point_to, running_ministack


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_ministack(tmp_path_factory.mktemp("ministack"), "ledger") as address:
        yield address


@pytest.fixture
def session(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Session:
    point_to(endpoint, monkeypatch)
    return Session("us-east-1")


@pytest.fixture
def table(session: Session) -> str:
    """The name of an empty table."""
    name = f"deploytool-{uuid.uuid4().hex[:8]}"
    session.client("dynamodb").create_table(TableName=name, **TABLE)
    return name


@pytest.fixture
def ledger(session: Session, table: str) -> Ledger:
    return Ledger(session, table, "shop", "production")


@pytest.fixture
def lock(session: Session, table: str) -> Lock:
    return Lock(session, table, "shop", "production")
