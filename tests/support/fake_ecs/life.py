"""What becomes of the tasks of a revision."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Life:
    """One task from launch to end; times are seconds.

    Task states and stop codes: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
    """

    starts_after: float = 5.0
    never_starts: str = ""
    """``stoppedReason`` of a task that stops before RUNNING, with stop code TaskFailedToStart."""
    runs_for: float | None = None
    """``None``: until it is stopped."""
    exit_code: int = 1
    """Of its essential container, where it ends by itself."""
    stop_code: str = ""
    """Where it does not end by itself either: AWS takes its machine, as by SpotInterruption."""
    unhealthy: str = ""
    """``stoppedReason`` where it does not end by itself then: the scheduler stops it for its failed health checks."""
    says: tuple[str, ...] = ()
    """Its output."""


HEALTHY = Life()
CRASHES = Life(starts_after=2.0, runs_for=1.0, exit_code=1, says=("Error: Cannot find module 'worker.js'",))
CRASHES_LATER = Life(starts_after=2.0, runs_for=12.0, exit_code=1, says=("Error: no queue",))
"""After ECS called its deployment completed."""
NO_IMAGE = Life(
    starts_after=2.0,
    never_starts="CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
    "registry.test/shop@sha256:9c: not found",
)
NEVER_READY = Life(starts_after=10**9)
"""Pending for ever."""
