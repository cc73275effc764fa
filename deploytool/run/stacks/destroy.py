"""Delete the stacks of an environment, last first."""

from __future__ import annotations

from dataclasses import replace

from deploytool.core.events import Said
from deploytool.core.stacks.destroy import (
    DestroyPlan,
    Doomed,
    destroy_plan,
    of_other_environments,
)
from deploytool.core.stacks.events import InfraEnded, StackBegan, StackEvent
from deploytool.core.stacks.operation import ended, last_status
from deploytool.core.stacks.order import Stack, backwards
from deploytool.core.stacks.outcome import Fate, InfraOutcome, Result, StackEnd
from deploytool.core.stacks.plan import Held
from deploytool.core.stacks.status import Ending, way_out
from deploytool.errors import CloudError, CloudUnreachable
from deploytool.run.stacks.follow import follow, why
from deploytool.run.stacks.ports import Target, World
from deploytool.run.stacks.turns import Turns
from deploytool.run.stacks.work import Ended, Work, Working


def doom(target: Target, world: World, *, include_data: bool, include_account: bool) -> DestroyPlan:
    """What would be deleted. Raises CloudError."""
    stacks = backwards(target.stacks)
    states = {stack.key: world.stacks.describe(stack.name) for stack in stacks}
    others = of_other_environments(target.app, world.stacks.names(), [stack.name for stack in stacks])
    plan = destroy_plan(
        target.app,
        target.environment,
        stacks,
        states,
        include_data=include_data,
        include_account=include_account,
        others=others,
    )
    filled = tuple(replace(each, held=world.stacks.held(each.state.id)) for each in plan.doomed)
    return replace(plan, doomed=filled)


def destroy(plan: DestroyPlan, target: Target, world: World) -> InfraOutcome:
    """Delete what is doomed; what retains itself is listed in the outcome."""
    began = world.clock.monotonic()
    works: dict[str, Work | StackEnd] = {each.stack.key: Deletion(each, target, world) for each in plan.doomed}
    outcome = Working(works, target, world).outcome(Result.DESTROYED)
    outcome = replace(outcome, seconds=world.clock.monotonic() - began)
    world.tell(InfraEnded(outcome))
    return outcome


class Deletion:
    """One stack's."""

    def __init__(self, doomed: Doomed, target: Target, world: World) -> None:
        self.stack: Stack = doomed.stack
        self.executed = False
        self.status = doomed.state.status
        self._doomed = doomed
        self._target = target
        self._world = world

    def done(self) -> Turns[Ended]:
        """Its protections go first: those of this stack and of what is in it, and of nothing else."""
        world, state, key = self._world, self._doomed.state, self.stack.key
        began = world.clock.monotonic()
        world.tell(StackBegan(key, state.name, "delete", len(self._doomed.held)))
        if state.protected:
            world.stacks.set_termination_protection(state.id, on=False)
        for each in self._doomed.held:
            if self._goes(each) and world.stacks.unprotect(each):
                world.tell(Said(key, f"turned off the deletion protection of {each.logical_id}"))
        after = world.stacks.last_event(state.id)
        try:
            world.stacks.delete(state.id, f"{self._target.run_id}-{key}-delete")
        except CloudUnreachable:
            self.executed = True
            raise
        except CloudError:
            # Refused: it stays as it was, protection included.
            if state.protected:
                world.stacks.set_termination_protection(state.id, on=True)
            raise
        self.executed, self.status = True, "DELETE_IN_PROGRESS"
        events = yield from follow(key, state.id, after, world)
        self.executed, self.status = False, last_status(events)
        seconds = world.clock.monotonic() - began
        if ended(events) is Ending.GOOD:
            end = StackEnd(key, state.name, Fate.DELETED, seconds=seconds, retained=self._retained(events))
            return end, None
        detail = way_out(self.status, state.name)
        return StackEnd(key, state.name, Fate.STUCK, self.status, seconds, detail), why(key, state.id, events, world)

    def _goes(self, held: Held) -> bool:
        policy = self._target.templates[self.stack.key].deletion_policy(held.logical_id)
        return not policy.startswith("Retain") and not held.status.startswith("DELETE")

    def _retained(self, events: tuple[StackEvent, ...]) -> tuple[Held, ...]:
        """What CloudFormation skipped, and what left a snapshot."""
        template = self._target.templates[self.stack.key]
        return tuple(
            Held(event.logical_id, event.type, "kept" if skipped else "snapshot", event.physical_id)
            for event in events
            if (skipped := event.status == "DELETE_SKIPPED")
            or (event.status == "DELETE_COMPLETE" and template.deletion_policy(event.logical_id) == "Snapshot")
        )
