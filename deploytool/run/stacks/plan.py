"""Make the plan of all stacks, and leave nothing behind of making it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from deploytool.core.stacks.order import Stack
from deploytool.core.stacks.plan import InfraPlan
from deploytool.core.stacks.status import Standing, standing
from deploytool.core.template_checks import told
from deploytool.run.stacks.draft import Draft, draft
from deploytool.run.stacks.look import look
from deploytool.run.stacks.own_change_sets import OwnChangeSets
from deploytool.run.stacks.ports import Target, World
from deploytool.run.stacks.turns import Turns, together


@dataclass(frozen=True)
class Drafts:
    """Of every stack, in order; and the world in which their change sets are remembered."""

    drafts: Mapping[str, Draft]
    plan: InfraPlan
    world: World


@contextmanager
def drafted(target: Target, world: World) -> Iterator[Drafts]:
    """A draft of every stack; change sets that still exist at the end are deleted, whatever happens.

    Raises CloudError, Cancelled, StacksOutOfTime.
    """
    found = look(target, world)
    own = OwnChangeSets(world.change_sets)
    world = replace(world, change_sets=own)
    drafts: dict[str, Draft] = {}

    def noted(stack: Stack) -> Turns[None]:
        drafts[stack.key] = yield from draft(stack, found, target, world)

    try:
        together({stack.key: noted(stack) for stack in target.stacks}, world.clock, target.timeout)
        in_order = {stack.key: drafts[stack.key] for stack in target.stacks}
        yield Drafts(in_order, _plan(target, in_order), world)
    finally:
        absent = [stack.name for stack in target.stacks if standing(found.states[stack.key]) is Standing.ABSENT]
        own.tidy(absent, world)


def _plan(target: Target, drafts: Mapping[str, Draft]) -> InfraPlan:
    return InfraPlan(
        target.app,
        target.environment,
        target.region,
        tuple(each.plan for each in drafts.values()),
        tuple(dict.fromkeys(problem for each in drafts.values() for problem in each.problems)),
        _warnings(target),
    )


def _warnings(target: Target) -> tuple[str, ...]:
    """What CloudFormation takes and nobody wants; templates of which something was left out are not what was meant."""
    if any(each.left_out for each in target.templates.values()):
        return ()
    documents = {key: each.document for key, each in target.templates.items()}
    return told(documents, {**target.pseudo, **target.known, **target.images})
