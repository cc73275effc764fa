"""One service on its way to a revision, or back: what is known of it so far."""

from __future__ import annotations

from dataclasses import dataclass

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.observed import Deployment, ServiceState
from deploytool.core.verdict_model import Fate, Rollout, Verdict

WAITING = Verdict(Fate.WAITING)


@dataclass(frozen=True)
class Watched:
    """One service on its way."""

    key: str
    rollout: Rollout
    verdict: Verdict = WAITING
    state: ServiceState | None = None
    going_back: bool = False
    explained: tuple[Diagnosis, ...] = ()
    tasks_seen: frozenset[str] = frozenset()
    blind: bool = False
    """Its stopped tasks cannot be read; told once."""

    @property
    def hopeless(self) -> bool:
        """Failed for certain, or a task showed a fault that no second try can mend, and none did."""
        if self.verdict.fate is Fate.LIVE:
            return False
        return self.verdict.failed or any(diagnosis.fatal for diagnosis in self.explained)

    @property
    def deployment(self) -> Deployment | None:
        """Its rollout's deployment as last seen; ``None`` where ECS lists it no more, or not yet."""
        listed = self.state.deployments if self.state else ()
        return next((each for each in listed if each.id == self.rollout.deployment_id), None)
