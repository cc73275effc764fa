"""Minutes may lie between plan and rollout: whoever deployed meanwhile is not overwritten."""

from __future__ import annotations

from collections.abc import Sequence

from deploytool.core.plan_model import ServiceChange
from deploytool.errors import Refused
from deploytool.run.ports import World


class Overtaken(Refused):
    """Somebody else deployed a service after the plan was made."""

    def __init__(self, service: str) -> None:
        super().__init__(
            f"service {service} was deployed by somebody else since this release was planned",
            "see `deploytool status`, then release again: the new plan begins from what is live now",
        )


def as_planned(services: Sequence[ServiceChange], world: World) -> None:
    """Every one of them is on the deployment it was on when the plan was made. Raises Overtaken."""
    states = world.ecs.services([change.name for change in services])
    for change in services:
        now, then = states.get(change.name), change.before
        if now is None or now.primary is None or then.primary is None or now.primary.id != then.primary.id:
            raise Overtaken(change.name)
