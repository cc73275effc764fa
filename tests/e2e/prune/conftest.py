"""A sandbox of its own: what is pruned here is missing afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.release.conftest import account, front, github, session_front, session_shop
from tests.e2e.transaction.conftest import book, home, sandbox
from tests.support.account import Account
from tests.support.project import Shop

__all__ = ["account", "book", "front", "github", "home", "sandbox", "session_front", "session_shop"]


@pytest.fixture(scope="session")
def first(home: Shop) -> None:
    """The images that everything else is made of."""
    ran = home.run("release")
    assert ran.code == 0, ran.told


@pytest.fixture
def shop(home: Shop, first: None, account: Account, front: object) -> Iterator[Shop]:
    """The checkout as it was committed, before and after."""
    yield home
    home.git("checkout", "-q", ".")
    home.run("lock", "release")
    account.settle()
