"""Records in the wheel which commit it was built from: `deploytool init` pins the action to it in the workflows."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = "deploytool/_built_from.json"


class BuiltFrom(BuildHookInterface):  # type: ignore[type-arg]  # generic in what it never uses
    """Adds the file where a git checkout is built; a wheel made from an sdist takes the one that is in it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if version == "editable" or (root / NAME).exists() or self._git("rev-parse", "--show-prefix") != "":
            return
        released = f"v{self.metadata.version}" in (self._git("tag", "--points-at", "HEAD") or "").split()
        built_from = {"commit": self._git("rev-parse", "HEAD"), "released": released}
        self._written = Path(tempfile.mkdtemp(prefix="deploytool-build-")) / "built_from.json"
        self._written.write_text(json.dumps(built_from) + "\n", encoding="utf-8")
        build_data["force_include"][str(self._written)] = NAME

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        written = getattr(self, "_written", None)
        if written:
            written.unlink()
            written.parent.rmdir()

    def _git(self, *words: str) -> str | None:
        """git's output; None without git or outside a checkout."""
        try:
            done = subprocess.run(["git", "-C", self.root, *words], capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return None
        return None if done.returncode else done.stdout.strip()
