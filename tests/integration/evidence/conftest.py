"""The sandbox's ECS without Docker, and the front before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.aws_fault_proxy.client import start_front
from tests.support.free_port import free_port
from tests.support.ministack import WITHOUT_DOCKER, running_ministack


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The sandbox's ECS; its containers exist in memory only."""
    with running_ministack(tmp_path_factory.mktemp("ministack"), "evidence", WITHOUT_DOCKER) as url:
        yield url


@pytest.fixture(scope="session")
def front(sandbox: str) -> Iterator[str]:
    """The front before it, as every end-to-end test begins with it."""
    with start_front(sandbox, free_port()) as started:
        yield started.base_url
