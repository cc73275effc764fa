"""What other people's actions do in a job, done here without GitHub: checkout and cache."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.github_runner.step import StepResult


@dataclass
class Checkout:
    """``actions/checkout``: a clone of ``origin`` in the workspace."""

    triggered_by: Path
    workspace: Path

    def __call__(self, given: Mapping[str, str], environ: Mapping[str, str]) -> StepResult:
        """Clone, at ``ref`` or at the commit that the run is for."""
        revision = given.get("ref") or environ["GITHUB_SHA"]
        for words in (
            ("clone", "-q", self.triggered_by, self.workspace),
            ("-C", self.workspace, "checkout", "-q", revision),
        ):
            subprocess.run(["git", *map(str, words)], check=True, capture_output=True)
        return StepResult("checkout", "success", 0, conclusion="success")


@dataclass
class Cache:
    """``actions/cache``: restores at its step, saves when the job is over."""

    store: Path
    _used: list[tuple[str, Path]] = field(default_factory=list)

    def __call__(self, given: Mapping[str, str], environ: Mapping[str, str]) -> StepResult:
        """Restore."""
        path, key = Path(given["path"]), given["key"]
        assert key, "Input required and not supplied: key"
        held = (self.store / key).is_dir()
        if held:
            # Links instead of copies, which took a quarter of the time of these tests: no file is written in place.
            shutil.copytree(self.store / key, path, symlinks=True, dirs_exist_ok=True, copy_function=os.link)
        self._used.append((key, path))
        return StepResult("cache", "success", 0, outputs={"cache-hit": str(held).lower()}, conclusion="success")

    def save(self) -> None:
        """The job is over: what has a new key is kept, and the runner's directory is emptied."""
        for key, path in self._used:
            if path.is_dir() and not (self.store / key).exists():
                shutil.copytree(path, self.store / key, symlinks=True)
            shutil.rmtree(path, ignore_errors=True)
        self._used.clear()
