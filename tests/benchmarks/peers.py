"""The tools people use today, each in an environment of its own, at versions pinned with their hashes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from deploytool.sandbox.errors import CommandFailed
from deploytool.sandbox.venv import venv
from tests.benchmarks.failure import MeasurementFailed

REQUIREMENTS = Path(__file__).parent / "requirements"


def install(name: str, write_line: Callable[[str], None]) -> Path:
    """The directory of the tool's programs; made when it is missing.

    Raises MeasurementFailed when the packages cannot be had.
    """
    try:
        return venv(name, REQUIREMENTS / f"{name}.txt", write_line)
    except CommandFailed as failed:
        raise MeasurementFailed(failed.cause) from failed
