"""Programs in Python environments of their own: they pin what would clash with ours, and with each other."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sys
from typing import TYPE_CHECKING

from deploytool.sandbox import process
from deploytool.sandbox.process import cache

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def venv(name: str, requirements: Path, write_line: Callable[[str], None]) -> Path:
    """The directory of the programs of an environment that holds these packages and no others.

    It is made when it is missing: once per machine, however many ask for it at once. ``requirements`` names every
    package with its hashes.

    Raises:
        CommandFailed: the packages cannot be had.
    """
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    home = cache() / "environments" / f"{name}-{digest}-py{sys.version_info.major}{sys.version_info.minor}"
    home.mkdir(parents=True, exist_ok=True)
    with (home.with_suffix(".lock")).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        # Written last: an environment that has it is whole. (One made elsewhere and renamed would name the old place.)
        whole = home / "whole"
        if not whole.exists():
            write_line(f"installing {name} (once)")
            _install(home, requirements)
            whole.touch()
    return home / "bin"


def _install(home: Path, requirements: Path) -> None:
    python = home / "bin" / "python"
    pinned: tuple[str | Path, ...] = ("--require-hashes", "-r", requirements)
    # scripts/setup puts uv into the cache where the machine has none.
    uv = shutil.which("uv") or shutil.which("uv", path=cache() / "uv" / "bin")
    if uv:
        process.run([uv, "venv", "-q", "--clear", "--python", sys.executable, home])
        # Compiled beforehand, as pip does, so that the first start is as quick as the others.
        process.run([uv, "pip", "install", "-q", "--compile-bytecode", "--python", python, *pinned])
    else:
        process.run([sys.executable, "-m", "venv", "--clear", home])
        process.run([python, "-m", "pip", "install", "-q", *pinned])
