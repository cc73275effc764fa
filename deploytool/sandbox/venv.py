"""Programs in Python environments of their own: they pin what would conflict with our packages, and each other's."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sys
from pathlib import Path

from deploytool.sandbox.process import WriteLine, cache, run


def venv(name: str, requirements: Path, write_line: WriteLine) -> Path:
    """The `bin` directory of an environment that holds these packages and no others; created when it is missing.

    Created once per machine, also by two callers at once. ``requirements`` names every package with its hashes.

    Raises:
        CommandFailed: the packages cannot be installed.
    """
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    home = cache() / "environments" / f"{name}-{digest}-py{sys.version_info.major}{sys.version_info.minor}"
    home.mkdir(parents=True, exist_ok=True)
    with (home.with_suffix(".lock")).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        # Written last: an environment that has it is complete. (One that is made elsewhere and renamed would hold the
        # old path.)
        complete = home / "whole"
        if not complete.exists():
            write_line(f"installing {name} (once)")
            _install(home, requirements)
            complete.touch()
    return home / "bin"


def _install(home: Path, requirements: Path) -> None:
    python = home / "bin" / "python"
    pinned: tuple[str | Path, ...] = ("--require-hashes", "-r", requirements)
    # scripts/setup puts uv into the cache where the machine has none.
    uv = shutil.which("uv") or shutil.which("uv", path=cache() / "uv" / "bin")
    if uv:
        run([uv, "venv", "-q", "--clear", "--python", sys.executable, home])
        # Compiled beforehand, as pip does, so that the first start is as fast as the others.
        run([uv, "pip", "install", "-q", "--compile-bytecode", "--python", python, *pinned])
    else:
        run([sys.executable, "-m", "venv", "--clear", home])
        run([python, "-m", "pip", "install", "-q", *pinned])
