"""With `-n 2 --dist loadgroup`, tests of one directory share a worker: its sandbox is started once."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.xdist_group(str(item.path.parent.relative_to(HERE)).replace("/", "-")))
