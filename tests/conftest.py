"""With `--dist loadscope`, the tests of one directory run in one worker: its sandbox is started once.

The longest directories begin first, so that the workers end together (`--no-loadscope-reorder` keeps that order).

xdist's own groups (`--dist loadgroup`) rename tests by a field that pytest 9.2 no longer has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer


LONGEST_FIRST = (
    "tests/e2e/release",
    "tests/e2e/transaction",
    "tests/e2e/action",
    "tests/e2e/sandbox",
    "tests/e2e/init",
    "tests/e2e/infra",
    "tests/integration/infra",
    "tests/e2e/checkbox",
    "tests/integration/cloudformation",
    "tests/integration/github",
    "tests/e2e/docker",
    "tests/integration/scaffold",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ranks = {directory: rank for rank, directory in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: ranks.get(_directory(item.nodeid), len(ranks)))


def _directory(nodeid: str) -> str:
    return nodeid.partition("::")[0].rpartition("/")[0]


class ByDirectory(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A test's scope is the directory of its file."""

    def _split_scope(self, nodeid: str) -> str:
        return _directory(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    return ByDirectory(config, log) if config.getvalue("dist") == "loadscope" else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """What lives for a session ends with its directory: an idle sandbox costs the next one a tenth of a core."""
    if nextitem is not None and nextitem.path.parent != item.path.parent:
        item.session._setupstate.teardown_exact(None)
