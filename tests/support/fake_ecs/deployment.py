"""One deployment of a service, as it changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from deploytool.ecs.model import Deployment
from tests.support.fake_ecs.life import Life
from tests.support.fake_ecs.stages import Stages

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@lru_cache(maxsize=4096)
def moment(seconds: float) -> datetime:
    """Wall clock time ``seconds`` after the model's world began."""
    return START + timedelta(seconds=seconds)


@dataclass
class Rolling:
    """``deployments[]`` of DescribeServices.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
    """

    id: str
    revision: str
    life: Life
    created: float
    desired: int
    status: str = "PRIMARY"
    state: str = "IN_PROGRESS"
    reason: str = ""
    alive: dict[str, float] = field(default_factory=dict)
    """Its running tasks: number to the second in which each started."""
    pending: int = 0
    failed: int = 0
    epoch: int = 0
    """Counts what happened to its tasks: a steady state is one in which nothing happens."""
    monitored: bool = True
    """The circuit breaker still counts its failures."""
    stages: Stages | None = None

    @property
    def running(self) -> int:
        """How many of its tasks run."""
        return len(self.alive)

    def view(self) -> Deployment:
        """As DescribeServices shows it."""
        return Deployment(
            id=self.id,
            status=self.status,
            task_definition=self.revision,
            rollout_state=self.state,
            rollout_state_reason=self.reason,
            desired=self.desired,
            running=self.running,
            pending=self.pending,
            failed_tasks=self.failed,
            created_at=moment(self.created),
        )
