"""What can fail in the sandbox, each with its cause and its fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploytool.errors import DeployError, Exit

if TYPE_CHECKING:
    from pathlib import Path


class SandboxError(DeployError):
    """The sandbox could not be started, changed or stopped; nothing outside this machine was touched."""

    exit_code = Exit.PRECONDITION_FAILED


class CommandFailed(SandboxError):
    """A program that the sandbox runs ended with an error. ``output`` holds its last lines."""

    def __init__(self, command: str, output: str, fix: str = "") -> None:
        self.output = output
        last = output.strip().splitlines()[-1:] or ["it printed nothing"]
        super().__init__(f"`{command}` failed: {last[0]}", fix or "run it by hand for its full output, then try again")


class DockerMissing(SandboxError):
    """No Docker daemon answers, and we cannot install one here."""


class NotStarted(SandboxError):
    """There is no sandbox in this directory or above it."""

    exit_code = Exit.USAGE

    def __init__(self) -> None:
        super().__init__("no sandbox in this directory or above it", "start one with `deploytool sandbox up`")


class StartTimedOut(SandboxError):
    """A part that was started did not answer in time."""


class PortTaken(SandboxError):
    """No port is free in the range that the sandbox tries."""


class SandboxRefused(SandboxError):
    """A state file may belong to another user or be out of date; nothing was sent to the addresses in it."""

    def __init__(self, root: Path, why: str, fix: str) -> None:
        super().__init__(f"the sandbox of {root} is not used: {why}", fix)
