"""One rollout of a service: what we asked ECS for, and where it is or ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.model import Deployment, ServiceState


class DeploymentState(StrEnum):
    IN_PROGRESS = "in_progress"
    """Nothing decided yet; ``DeploymentStatus.detail`` says what it waits for."""
    PAUSED = "paused"
    """A lifecycle hook awaits an action: still going, not hung."""
    ROLLING_BACK = "rolling_back"
    """Failed for certain; ECS is restoring the previous deployment."""
    SUCCEEDED = "succeeded"
    ROLLED_BACK = "rolled_back"
    """Failed, and the previous deployment is running again."""
    FAILED = "failed"
    """Failed, and nothing restored the previous deployment."""
    REPLACED = "replaced"
    """A newer deployment of another client took over."""
    STOPPED = "stopped"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True)
class DeploymentStatus:
    """Where one service's rollout is or ended, and the sentence that says so."""

    state: DeploymentState
    detail: str = ""

    @property
    def settled(self) -> bool:
        """True once nothing more will happen by itself."""
        return self.state not in (DeploymentState.IN_PROGRESS, DeploymentState.PAUSED, DeploymentState.ROLLING_BACK)

    @property
    def failed(self) -> bool:
        """True as soon as the new version is known not to stay."""
        return self.state in (
            DeploymentState.ROLLING_BACK,
            DeploymentState.ROLLED_BACK,
            DeploymentState.FAILED,
            DeploymentState.REPLACED,
            DeploymentState.STOPPED,
            DeploymentState.TIMED_OUT,
        )


@dataclass(frozen=True)
class Rollout:
    """One UpdateService of ours, as its answer showed it."""

    service: str
    deployment_id: str
    """``id`` of the PRIMARY deployment in UpdateService's answer."""
    task_definition: str
    """The revision we asked for."""
    previous_deployment_id: str = ""
    previous_task_definition: str = ""
    previous_reason: str = ""
    """``rolloutStateReason`` of the previous deployment when ours began."""
    created_at: datetime | None = None
    """``createdAt`` of our deployment, by the clock of ECS; ``None`` where it is not known."""


def rollout_of(before: ServiceState, begun: Deployment, task_definition: str) -> Rollout:
    """The rollout that UpdateService began: ``begun`` is the PRIMARY deployment of its answer."""
    previous = before.primary
    return Rollout(
        service=before.name,
        deployment_id=begun.id,
        task_definition=task_definition,
        previous_deployment_id=previous.id if previous else "",
        previous_task_definition=before.task_definition,
        previous_reason=previous.rollout_state_reason if previous else "",
        created_at=begun.created_at,
    )


@dataclass(frozen=True)
class Sighting:
    """What earlier readings of DescribeServices showed of a rollout's deployment."""

    listed: Deployment | None = None
    """As it was listed last; ``None`` where no reading listed it. UpdateService's answer is no such reading."""
    absent_for: float = 0.0
    """Seconds for which readings have shown the same other PRIMARY and not listed it."""


NOT_SEEN = Sighting()


@dataclass(frozen=True)
class ServiceRollout:
    """One service on its way to a revision, new or previous: what is known of it so far."""

    key: str
    rollout: Rollout
    status: DeploymentStatus = DeploymentStatus(DeploymentState.IN_PROGRESS)
    state: ServiceState | None = None
    reverting: bool = False
    """To its previous revision."""
    explained: tuple[Diagnosis, ...] = ()
    tasks_seen: frozenset[str] = frozenset()
    tasks_unreadable: bool = False
    """Its stopped tasks cannot be read; reported once."""
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
        primary, ours = state.primary, listed(self.rollout, state)
        if ours is not None or primary is None:
            return Sighting(ours or self.sighting.listed), None
        since = self.absent_since
        if since is None or since[0] != primary.id:
            since = (primary.id, now)
        return Sighting(self.sighting.listed, now - since[1]), since

    @property
    def will_fail(self) -> bool:
        """Failed for certain, or a task showed an error that no restart can help."""
        if self.status.state is DeploymentState.SUCCEEDED:
            return False
        return self.status.failed or any(diagnosis.fatal for diagnosis in self.explained)

    @property
    def failing(self) -> bool:
        """A task of the new version failed, or ECS rolls back."""
        if self.status.settled:
            return False
        ours = self.deployment
        return self.status.state is DeploymentState.ROLLING_BACK or (ours is not None and ours.failed_tasks > 0)

    @property
    def deployment(self) -> Deployment | None:
        """Its rollout's deployment as last seen; ``None`` where ECS lists it no more, or not yet."""
        return listed(self.rollout, self.state) if self.state else None


def listed(rollout: Rollout, service: ServiceState) -> Deployment | None:
    """The deployment this rollout made, where ECS lists it (yet, or still)."""
    return next((each for each in service.deployments if each.id == rollout.deployment_id), None)
