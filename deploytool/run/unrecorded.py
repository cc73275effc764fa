"""No ledger and no lock, where the configuration says ``ledger: false``: nothing is noted and nobody is asked."""

from __future__ import annotations

from collections.abc import Mapping

from deploytool.core.outcome import Outcome


class Unlocked:
    """Port ``run.ports.Lease``."""

    def check(self) -> None:
        """Nobody else can have it."""

    def noticed(self) -> None:
        """Nobody can ask us to give way."""


class Unrecorded:
    """Port ``run.ports.Journal``."""

    def step_began(self, name: str, detail: str = "") -> None:
        """Not noted."""

    def step_ended(self, name: str, good: bool, seconds: float, detail: str = "") -> None:
        """Not noted."""

    def built(self, name: str, digest: str) -> None:
        """Not noted."""

    def registered(self, key: str, arn: str) -> None:
        """Not noted."""

    def migration_started(self, task: str) -> None:
        """Not noted."""

    def moving(self, after: Mapping[str, str]) -> None:
        """Not noted."""

    def moved(self, key: str, deployment_id: str, arn: str) -> None:
        """Not noted."""

    def closed(self, outcome: Outcome) -> None:
        """Not noted."""
