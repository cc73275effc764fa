"""With `-n 2 --dist loadscope`, the tests of one directory run in one worker: its sandbox is started once.

xdist's own groups (`--dist loadgroup`) rename tests by a field that pytest 9.2 no longer has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler.loadscope import LoadScopeScheduling

if TYPE_CHECKING:
    import pytest
    from xdist.remote import Producer


class ByDirectory(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A test's scope is the directory of its file."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0].rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    return ByDirectory(config, log) if config.getvalue("dist") == "loadscope" else None
