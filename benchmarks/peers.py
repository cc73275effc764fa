"""The tools people use today, each in an environment of its own, at versions pinned with their hashes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.failure import MeasurementFailed
from deploytool.sandbox.images import cache

REQUIREMENTS = Path(__file__).parent / "requirements"


def install(name: str, say: Callable[[str], None]) -> Path:
    """The directory of the tool's programs; made from ``requirements/NAME.txt`` when it is missing.

    Raises MeasurementFailed when the packages cannot be had.
    """
    requirements = REQUIREMENTS / f"{name}.txt"
    pinned = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    home = cache() / f"bench-venv-{name}-{pinned}-py{sys.version_info.major}{sys.version_info.minor}"
    # Written last: an environment that has it is whole. (One made elsewhere and renamed would name the old place.)
    whole = home / "whole"
    if not whole.exists():
        say(f"installing {name} (once)")
        _run("uv", "venv", "-q", "--clear", "--python", sys.executable, home)
        python = home / "bin" / "python"
        # Compiled beforehand, as its users have it after the first run.
        _run(
            "uv",
            "pip",
            "install",
            "-q",
            "--compile-bytecode",
            "--require-hashes",
            "--python",
            python,
            "-r",
            requirements,
        )
        whole.touch()
    return home / "bin"


def _run(*command: str | Path) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise MeasurementFailed(f"{' '.join(str(word) for word in command[:3])} failed: {done.stderr.strip()}")
