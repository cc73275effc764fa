"""The ledger and the lock as the engine sees them: every note kept in order, and a lease that can be taken away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deploytool.core.outcome import Outcome
from deploytool.errors import DeployError


@dataclass
class ModelLease:
    """Ours until ``ends_with`` is set."""

    ends_with: DeployError | None = None
    checks: int = 0

    def check(self) -> None:
        """Asked before each change."""
        self.checks += 1
        self.noticed()

    def noticed(self) -> None:
        """Asked while waiting."""
        if self.ends_with:
            raise self.ends_with


@dataclass
class ModelJournal:
    """Notes as tuples: what was noted, and of what."""

    notes: list[tuple[str, ...]] = field(default_factory=list)
    outcome: Outcome | None = None

    def step_began(self, name: str, detail: str = "") -> None:
        """Kept."""
        self.notes.append(("step began", name))

    def step_ended(self, name: str, good: bool, seconds: float, detail: str = "") -> None:
        """Kept."""
        self.notes.append(("step ended", name, "well" if good else "badly"))

    def built(self, name: str, digest: str) -> None:
        """Kept."""
        self.notes.append(("built", name, digest))

    def registered(self, key: str, arn: str) -> None:
        """Kept."""
        self.notes.append(("registered", key, arn))

    def migration_started(self, task: str) -> None:
        """Kept."""
        self.notes.append(("migration started", task))

    def moving(self, after: Mapping[str, str]) -> None:
        """Kept."""
        self.notes.extend(("moving", key, arn) for key, arn in after.items())

    def moved(self, key: str, deployment_id: str, arn: str) -> None:
        """Kept."""
        self.notes.append(("moved", key, arn))

    def closed(self, outcome: Outcome) -> None:
        """Kept."""
        self.notes.append(("closed", outcome.result.value))
        self.outcome = outcome
