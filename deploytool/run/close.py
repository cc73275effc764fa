"""The last note of a release, and what may still be claimed when it cannot be written."""

from __future__ import annotations

from dataclasses import replace

from deploytool.core.events import Warned
from deploytool.core.lease import LeaseLost
from deploytool.core.outcome import Outcome, Result
from deploytool.core.sentence import sentence
from deploytool.errors import DeployError
from deploytool.run.ports import World


def close(outcome: Outcome, world: World) -> Outcome:
    """The outcome as it may be told, once the ledger has it.

    What happened has happened: a ledger that cannot be written changes no outcome. Where the lock was taken away since
    the last look, as from a machine that slept, whoever has it may have moved what we call live or back.
    """
    try:
        world.journal.closed(outcome)
    except LeaseLost as lost:
        if outcome.services or outcome.plan.already_running:
            words = sentence(outcome.plan, Result.SUPERSEDED, outcome.services, lost.cause)
            return replace(outcome, result=Result.SUPERSEDED, sentence=words)
        _warn(lost, world)
    except DeployError as error:
        _warn(error, world)
    return outcome


def _warn(error: DeployError, world: World) -> None:
    world.tell(Warned(f"the ledger does not show how this release ended: {error.cause}; {error.fix}"))
