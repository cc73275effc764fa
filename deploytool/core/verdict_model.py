"""What became of a rollout."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """Where one service's rollout stands or ended."""

    WAITING = "waiting"
    """Nothing decided yet; ``Verdict.detail`` says what it waits for."""
    PAUSED = "paused"
    """A lifecycle hook awaits an action: still going, not hung."""
    ROLLING_BACK = "rolling back"
    """Failed for certain; ECS is putting the predecessor back."""
    LIVE = "live"
    ROLLED_BACK = "rolled back"
    """Failed, and the predecessor serves again."""
    FAILED = "failed"
    """Failed, and nothing put the predecessor back."""
    SUPERSEDED = "superseded"
    """Somebody else's newer deployment took over."""
    STOPPED = "stopped"
    TIMED_OUT = "timed out"


@dataclass(frozen=True)
class Verdict:
    """The fate of one service's rollout and the sentence that says so."""

    fate: Fate
    detail: str = ""

    @property
    def settled(self) -> bool:
        """True once nothing more will happen by itself."""
        return self.fate not in (Fate.WAITING, Fate.PAUSED, Fate.ROLLING_BACK)

    @property
    def failed(self) -> bool:
        """True as soon as the new version is known not to stay."""
        return self.fate in (
            Fate.ROLLING_BACK,
            Fate.ROLLED_BACK,
            Fate.FAILED,
            Fate.SUPERSEDED,
            Fate.STOPPED,
            Fate.TIMED_OUT,
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
