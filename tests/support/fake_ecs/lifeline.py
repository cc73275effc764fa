"""The life of one process: it can be killed, or halted for a while, at any call it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class Killed(BaseException):
    """SIGKILL. Not an Exception: nothing that the engine catches may see it, and what runs after it does nothing."""


@dataclass
class Lifeline:
    """Counts calls. At ``kill_at`` the process is dead; at ``halt_at`` it stands still while ``meanwhile`` happens.

    A halt falls on no call that changes ECS: between the lease's answer and the change there is always an instant that
    no lock can cover, since ECS takes no condition with an update. How long that is, is not what is proven here.
    """

    kill_at: int | None = None
    halt_at: int | None = None
    meanwhile: Callable[[], None] = lambda: None
    calls: int = 0
    dead: bool = False
    halted: bool = False
    """It stands still now: its threads do nothing either."""

    def call(self, *, changing: bool = False) -> None:
        """One call, before it has any effect."""
        if self.dead:
            raise Killed
        self.calls += 1
        if self.kill_at is not None and self.calls >= self.kill_at:
            self.dead = True
            raise Killed
        if self.halt_at is not None and self.calls >= self.halt_at and not changing:
            self.halt_at, self.halted = None, True
            self.meanwhile()
            self.halted = False
