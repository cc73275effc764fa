"""From a plan and the digests it built to the revisions that will run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploytool.core.observed import TaskDefinition, revision
from deploytool.core.plan import payload
from deploytool.core.plan_model import Migrate, Plan
from deploytool.core.task_definition_shape import same
from deploytool.run.ports import World


def register(plan: Plan, digests: Mapping[str, str], world: World) -> dict[str, str]:
    """ARN per service key, and per ``migrate``: registered now, or found identical and used again."""
    world.lease.check()
    revisions = {}
    for step in plan.steps:
        if isinstance(step, Migrate):
            wanted = payload(step.base, {step.container: step.image}, plan.images, digests, step.family)
            revisions["migrate"] = _revision(step.base, wanted, plan, world)
    for change in plan.changes:
        family = revision(change.back_to).rpartition(":")[0]
        if change.revision:
            revisions[change.key] = change.revision
        else:
            wanted = payload(change.base, change.images, plan.images, digests, family)
            revisions[change.key] = _revision(change.base, wanted, plan, world)
    for key, arn in revisions.items():
        world.journal.registered(key, arn)
    return revisions


def _revision(base: TaskDefinition, wanted: dict[str, Any], plan: Plan, world: World) -> str:
    if "taskDefinitionArn" in base and same(base, wanted):
        return str(base["taskDefinitionArn"])
    return world.ecs.register(wanted, plan.tags)
