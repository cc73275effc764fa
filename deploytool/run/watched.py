"""One service on its way to a revision, or back: what is known of it so far."""

from __future__ import annotations

from dataclasses import dataclass

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.observed import Deployment, ServiceState
from deploytool.core.verdict_model import NOT_SEEN, Fate, Rollout, Sighting, Verdict

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
    sighting: Sighting = NOT_SEEN
    """What DescribeServices showed of its deployment up to and with ``state``."""
    absent_since: tuple[str, float] | None = None
    """The other PRIMARY's id, and the clock's second from which readings showed it and did not list our deployment."""

    def seen_in(self, state: ServiceState | None, now: float) -> tuple[Sighting, tuple[str, float] | None]:
        """``sighting`` and ``absent_since`` after a reading at ``now``, in seconds of the clock.

        ``state`` is ``None`` where there was no answer.
        """
        if state is None:
            return self.sighting, self.absent_since
        primary = state.primary
        ours = next((each for each in state.deployments if each.id == self.rollout.deployment_id), None)
        if ours is not None or primary is None:
            return Sighting(ours or self.sighting.listed), None
        since = self.absent_since
        if since is None or since[0] != primary.id:
            since = (primary.id, now)
        return Sighting(self.sighting.listed, now - since[1]), since

    @property
    def hopeless(self) -> bool:
        """Failed for certain, or a task showed a fault that no second try can mend, and none did."""
        if self.verdict.fate is Fate.LIVE:
            return False
        return self.verdict.failed or any(diagnosis.fatal for diagnosis in self.explained)

    @property
    def failing(self) -> bool:
        """A task of the new version failed, or ECS rolls back."""
        if self.verdict.settled:
            return False
        ours = self.deployment
        return self.verdict.fate is Fate.ROLLING_BACK or (ours is not None and ours.failed_tasks > 0)

    @property
    def deployment(self) -> Deployment | None:
        """Its rollout's deployment as last seen; ``None`` where ECS lists it no more, or not yet."""
        listed = self.state.deployments if self.state else ()
        return next((each for each in listed if each.id == self.rollout.deployment_id), None)
