"""This machine's CPU, as ECS calls it: the tasks' containers run here."""

from __future__ import annotations

import platform
from typing import Any

ARM = ("aarch64", "arm64")


def architecture() -> str:
    """``ARM64`` or ``X86_64``."""
    return "ARM64" if platform.machine().lower() in ARM else "X86_64"


def runtime_platform(cpu: str) -> dict[str, Any]:
    """The part of a task definition that asks for a CPU; empty for X86_64, which ECS takes when nothing is said.

    Where it is said, MiniStack tries twice to start a container, and the second error hides the first.
    """
    return {} if cpu == "X86_64" else {"runtimePlatform": {"cpuArchitecture": cpu, "operatingSystemFamily": "LINUX"}}
