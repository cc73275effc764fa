"""With `-n 2 --dist loadscope`, the tests of one directory run in one worker: its sandbox is started once.

xdist's own groups (`--dist loadgroup`) rename tests by a field that pytest 9.2 no longer has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer


class ByDirectory(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A test's scope is the directory of its file."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0].rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    return ByDirectory(config, log) if config.getvalue("dist") == "loadscope" else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """What lives for a session ends with its directory: an idle sandbox costs the next one a tenth of a core."""
    if nextitem is not None and nextitem.path.parent != item.path.parent:
        item.session._setupstate.teardown_exact(None)
