"""A sandbox with two environments, the checkout of a shop in it, and three releases to go back to."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploytool.sandbox import state
from deploytool.sandbox.state import SandboxState
from tests.e2e.release.conftest import account, front, github, session_front, session_shop
from tests.support.account import Account
from tests.support.changes import change
from tests.support.ledger_view import Book
from tests.support.project import DEPLOYTOOL, Shop

__all__ = ["account", "front", "github", "session_front", "session_shop"]
RUNNING = "DEPLOYTOOL_TEST_SANDBOX"
"""Directory of a sandbox that runs already, with --staging: spares its start while one writes these tests."""
LEASE = {"DEPLOYTOOL_LEASE_TTL": "6"}


def _sandbox(directory: Path, *words: str) -> None:
    done = subprocess.run([DEPLOYTOOL, "sandbox", *words], cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxState]:
    """Production and staging; gone afterwards."""
    if running := os.environ.get(RUNNING):
        result = state.load_state(Path(running))
        assert result is not None
        yield result
        return
    directory = tmp_path_factory.mktemp("sandbox")
    try:
        _sandbox(directory, "up", "--steady", "0s", "--staging", "--aws-port", "4700", "--github-port", "4720")
        started = state.load_state(directory)
        assert started is not None
        yield started
    finally:
        _sandbox(directory, "down")


@pytest.fixture(scope="session")
def home(session_shop: Shop) -> Shop:
    """The checkout, with leases so short that a killed run's can be waited for."""
    return replace(session_shop, environ={**session_shop.environ, **LEASE})


@pytest.fixture(scope="session")
def book(home: Shop) -> Book:
    return Book(home)


@pytest.fixture(scope="session")
def three(home: Shop, book: Book) -> tuple[str, str, str]:
    """Ids of three releases, oldest first: two commits with their migrations, then another worker without one."""
    made = []
    for revision in ("origin/main", "origin/next"):
        home.git("checkout", "-q", revision)
        # Where the sandbox ran before, the commit may be live already: a release of its own is wanted all the same.
        home.git("-c", "user.name=O", "-c", "user.email=o@example.com", "commit", "-q", "--allow-empty", "-m", "Go")
        home.git("push", "-q", "origin", f"HEAD:refs/heads/{revision[7:]}-{home.git('rev-parse', 'HEAD')}")
        ran = home.run("release")
        assert ran.code == 0, ran.told
        made.append(book.newest["release_id"])
    change(home, "third", "worker")
    ran = home.run("release")
    home.git("checkout", "-q", ".")
    assert ran.code == 0, ran.told
    return made[0], made[1], book.newest["release_id"]


@pytest.fixture
def shop(home: Shop, three: tuple[str, str, str], account: Account, front: object) -> Iterator[Shop]:
    """The third release is live, nobody has the lock, and the checkout is as it was committed."""
    ran = home.run("rollback", "--to", three[2], "--wait", "60s")
    assert ran.code == 0, ran.told
    home.front.reset()
    yield home
    home.front.reset()
    home.git("checkout", "-q", ".")
    home.run("lock", "release")
    account.settle()
