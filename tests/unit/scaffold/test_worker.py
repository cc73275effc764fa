from __future__ import annotations

from typing import Any

import pytest

from deploytool.scaffold.scripts import find_worker
from tests.unit.scaffold.projects import scan

BUILT = "node dist/worker/index.js"


@pytest.mark.parametrize(
    ("scripts", "parts", "modules"),
    [
        ({"worker": BUILT}, {}, "production"),
        ({"worker": BUILT, "build:worker": "tsc -p tsconfig.worker.json"}, {}, "production"),
        ({"worker": BUILT, "build:worker": "esbuild w.ts --bundle --packages=external"}, {}, "production"),
        ({"worker": BUILT, "build:worker": "esbuild w.ts --bundle --platform=node"}, {}, "none"),
        ({"worker": BUILT, "worker:build": "ncc build w.ts -o dist/worker"}, {}, "none"),
        ({"worker": BUILT, "build:worker": "ncc build w.ts"}, {"dependencies": {"@prisma/client": "6"}}, "production"),
        ({"worker": "tsx worker.ts"}, {"dependencies": {"tsx": "4"}}, "production"),
        ({"worker": "tsx worker.ts"}, {"devDependencies": {"tsx": "4"}}, "all"),
        ({"worker": "sh worker.sh"}, {}, "all"),
    ],
)
def test_a_worker_has_the_modules_that_it_needs(scripts: dict[str, str], parts: dict[str, Any], modules: str) -> None:
    found = find_worker(scan("worker.ts"), {"scripts": scripts, **parts})
    assert found is not None
    assert found.modules == modules


def test_a_built_worker_is_told_from_one_that_runs_from_its_source() -> None:
    package = {"scripts": {"worker": "node ./src/worker.js"}}
    built = find_worker(scan(), package)
    source = find_worker(scan("src/worker.js"), package)
    assert built is not None
    assert source is not None
    assert (built.is_source, built.directory) == (False, "src")
    assert source.is_source


def test_the_script_for_production_is_preferred() -> None:
    found = find_worker(scan(), {"scripts": {"worker": "node a.js", "start:worker": "node b.js"}})
    assert found is not None
    assert found.command == ("node", "b.js")


def test_a_command_without_a_file_runs_from_the_source() -> None:
    found = find_worker(scan(), {"scripts": {"worker": "node --run work"}})
    assert found is not None
    assert (found.entry, found.is_source) == ("", True)


def test_there_is_no_worker_when_no_script_is_called_so() -> None:
    assert find_worker(scan(), {"scripts": {"build": "next build"}}) is None
