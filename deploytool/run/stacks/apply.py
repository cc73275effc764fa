"""Apply the stacks: the plan that `infra plan` shows, carried out."""

from __future__ import annotations

from dataclasses import replace

from deploytool.core.events import Warned
from deploytool.core.stacks.events import InfraEnded, InfraPlanned
from deploytool.core.stacks.outcome import Fate, InfraOutcome, Result, StackEnd
from deploytool.core.stacks.plan import InfraRefused
from deploytool.run.stacks.change import Change
from deploytool.run.stacks.draft import Draft
from deploytool.run.stacks.look import await_running, sweep
from deploytool.run.stacks.plan import drafted
from deploytool.run.stacks.ports import Target, World
from deploytool.run.stacks.work import Work, Working


def apply(target: Target, world: World) -> InfraOutcome:
    """Follow to its end what a killed run began; then plan, and change each stack when its turn has come.

    Raises InfraRefused before anything changed, Cancelled and CloudError before anything began.
    """
    began = world.clock.monotonic()
    await_running(target, world)
    sweep(target, world)
    with drafted(target, world) as found:
        world.tell(InfraPlanned(found.plan))
        for text in found.plan.warnings:
            world.tell(Warned(text))
        if found.plan.problems:
            raise InfraRefused(found.plan.problems)
        works = {key: _work(draft, target, found.world) for key, draft in found.drafts.items()}
        outcome = Working(works, target, found.world).outcome(Result.APPLIED)
    outcome = replace(outcome, seconds=world.clock.monotonic() - began)
    world.tell(InfraEnded(outcome))
    return outcome


def _work(draft: Draft, target: Target, world: World) -> Work | StackEnd:
    if draft.plan.unchanged and not draft.plan.from_template:
        return StackEnd(draft.plan.stack.key, draft.plan.stack.name, Fate.UNCHANGED, draft.plan.status)
    return Change(draft, target, world)
