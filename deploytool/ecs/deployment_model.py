"""What became of a rollout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deploytool.ecs.model import Deployment, ServiceState


class DeploymentState(StrEnum):
    """Where one service's rollout stands or ended."""

    IN_PROGRESS = "in_progress"
    """Nothing decided yet; ``DeploymentStatus.detail`` says what it waits for."""
    PAUSED = "paused"
    """A lifecycle hook awaits an action: still going, not hung."""
    ROLLING_BACK = "rolling_back"
    """Failed for certain; ECS is putting the predecessor back."""
    SUCCEEDED = "succeeded"
    ROLLED_BACK = "rolled_back"
    """Failed, and the predecessor serves again."""
    FAILED = "failed"
    """Failed, and nothing put the predecessor back."""
    REPLACED = "replaced"
    """Somebody else's newer deployment took over."""
    STOPPED = "stopped"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True)
class DeploymentStatus:
    """The fate of one service's rollout and the sentence that says so."""

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
