"""The release was asked to stop."""

from __future__ import annotations

from deploytool.errors import DeployError, Exit


class Cancelled(DeployError):
    """Raised where the engine waits, so that no call to AWS is cut in two."""

    exit_code = Exit.CANCELLED

    def __init__(self, by: str) -> None:
        super().__init__(f"cancelled by {by}", "")
