"""The ledger and the lock as the engine sees them: every note kept in order, and a lease that can be taken away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deploytool.errors import DeployError
from deploytool.release.model import Outcome, StepName


@dataclass
class ModelLease:
    """Ours until ``ends_with`` is set, or from the ``ends_at``-th check on."""

    ends_with: DeployError | None = None
    checks: int = 0
    ends_at: int = 0

    def check(self) -> None:
        """Asked before each change."""
        self.checks += 1
        self.raise_if_lost()

    def raise_if_lost(self) -> None:
        """Asked while waiting."""
        if self.ends_with and self.checks >= self.ends_at:
            raise self.ends_with


@dataclass
class ModelJournal:
    """Notes as tuples: what was noted, and of what."""

    notes: list[tuple[str, ...]] = field(default_factory=list)
    outcome: Outcome | None = None
    fails: dict[tuple[str, ...], DeployError] = field(default_factory=dict)
    """What a note that begins with these words raises, instead of being kept."""

    def step_began(self, name: StepName, detail: str = "") -> None:
        """Kept."""
        self._note(("step began", name))

    def step_ended(self, name: StepName, succeeded: bool, seconds: float, detail: str = "") -> None:
        """Kept."""
        self._note(("step ended", name, "well" if succeeded else "badly"))

    def image_built(self, name: str, digest: str) -> None:
        """Kept."""
        self._note(("built", name, digest))

    def revision_registered(self, key: str, arn: str) -> None:
        """Kept."""
        self._note(("registered", key, arn))

    def migration_started(self, task: str) -> None:
        """Kept."""
        self._note(("migration started", task))

    def services_updating(self, after: Mapping[str, str]) -> None:
        """Kept."""
        for key, arn in after.items():
            self._note(("moving", key, arn))

    def service_updated(self, key: str, deployment_id: str, arn: str) -> None:
        """Kept."""
        self._note(("moved", key, arn))

    def close(self, outcome: Outcome) -> None:
        """Kept."""
        self._note(("closed", outcome.result.value))
        self.outcome = outcome

    def _note(self, note: tuple[str, ...]) -> None:
        for words, error in self.fails.items():
            if note[: len(words)] == words:
                raise error
        self.notes.append(note)
