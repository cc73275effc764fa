"""A stack as `infra status` shows it."""

from __future__ import annotations

from dataclasses import dataclass

from deploytool.core.stacks.order import Stack
from deploytool.core.stacks.protection import POLICY, TERMINATION, same_policy, stack_policy
from deploytool.core.stacks.status import Output, StackState, Standing, standing, way_out


@dataclass(frozen=True)
class Shown:
    """One stack, and the stack policy it has (empty where it has none)."""

    stack: Stack
    state: StackState | None
    policy: str = ""

    @property
    def is_there(self) -> bool:
        """It exists, and holds something."""
        return standing(self.state) not in (Standing.ABSENT, Standing.EMPTY)

    @property
    def protections(self) -> tuple[str, ...]:
        """Those that it has."""
        if self.state is None:
            return ()
        found = [TERMINATION] if self.state.protected else []
        return (*found, *([POLICY] if same_policy(self.policy, stack_policy()) else []))

    @property
    def telling(self) -> tuple[Output, ...]:
        """Outputs for people: what other stacks import is for those."""
        return tuple(each for each in (self.state.outputs if self.state else ()) if not each.export)

    @property
    def advice(self) -> str:
        """What to do about it, where it is not sound."""
        if self.state is None or standing(self.state) not in (Standing.STUCK, Standing.NEVER_MADE):
            return ""
        return way_out(self.state.status, self.state.name)
