"""Ask the load balancer why it finds a task unhealthy, where ECS says that it does."""

from __future__ import annotations

from collections.abc import Sequence

from deploytool.core.diagnosis.target_health import CODES, of_target_health
from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.events import Warned
from deploytool.core.load_balancing import Target
from deploytool.core.observed import LoadBalancer, ServiceState
from deploytool.errors import DeployError
from deploytool.run.ports import World


def with_target_health(diagnosis: Diagnosis, state: ServiceState, world: World) -> Diagnosis:
    """The diagnosis, with more to say where a target group failed the task; as it was where that cannot be read."""
    if diagnosis.code not in CODES:
        return diagnosis
    balancer = _meant(diagnosis, state.load_balancers)
    if balancer is None:
        return diagnosis
    try:
        group = world.target_groups.group(balancer.target_group_arn)
    except DeployError as error:
        _warn(error, state, world)
        return diagnosis
    targets: Sequence[Target] = ()
    try:
        targets = world.target_groups.targets(balancer.target_group_arn)
    except DeployError as error:  # how it is checked is worth telling without what came of it
        _warn(error, state, world)
    return of_target_health(diagnosis, group, targets, state.health_check_grace, balancer.container_port)


def _meant(diagnosis: Diagnosis, balancers: Sequence[LoadBalancer]) -> LoadBalancer | None:
    """The one that AWS's words name, else the only one."""
    named = (each for each in balancers if each.target_group_arn in diagnosis.quote)
    return next(named, balancers[0] if len(balancers) == 1 else None)


def _warn(error: DeployError, state: ServiceState, world: World) -> None:
    world.tell(Warned(f"the target group of {state.name} cannot be read: {error.cause}. {error.fix}"))
