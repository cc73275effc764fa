"""The stages of a blue/green, linear or canary deployment, and the PAUSE hook that may stop it at one of them.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.fake_ecs.clock import VirtualClock

STAGES = (
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
)
SECONDS = 1.0
"""Of each stage but SCALE_UP, which takes as long as its tasks."""


@dataclass
class Stages:
    """Where one deployment is. Without a strategy it has one stage at most: that of its hook."""

    clock: VirtualClock
    names: tuple[str, ...]
    hook: str
    entered: Callable[[], None]
    """Called at each stage, and once all are over."""
    index: int = 0
    paused: bool = False
    gone: bool = False
    """Its deployment ended otherwise."""

    @property
    def now(self) -> str:
        """Empty once all are over."""
        return self.names[self.index] if self.index < len(self.names) else ""

    @property
    def scaled_up(self) -> bool:
        """Its tasks may run from SCALE_UP on."""
        return self.now != "PRE_SCALE_UP"

    @property
    def over(self) -> bool:
        """Whether the deployment may complete."""
        return not self.now

    def begin(self) -> None:
        """Enter the first stage."""
        self.paused = bool(self.hook) and self.now == self.hook
        self.entered()
        if not self.paused and not self.over and self.now != "SCALE_UP":
            self.clock.after(SECONDS, self.advance)

    def advance(self) -> None:
        """Enter the next stage."""
        if not self.gone and not self.over:
            self.paused = False
            self.index += 1
            self.begin()


def stages_of(strategy: str, hook: str) -> tuple[str, ...]:
    """A rolling update passes no stage that DescribeServiceDeployments shows, but a hook stops it all the same."""
    if strategy != "ROLLING":
        return STAGES
    return (hook,) if hook else ()
