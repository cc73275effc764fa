"""What a release that was killed, or cancelled, left behind, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploytool.core.ledger import Record, ServiceRecord, StepState
from deploytool.core.observed import ServiceState, Task
from deploytool.core.outcome import Result


@dataclass(frozen=True)
class Leftover:
    """What one reading of ECS shows of a release whose end nobody wrote."""

    complete: bool
    """Every step of its plan ended well and every service it changed is on its new revision."""
    to_await: tuple[str, ...] = ()
    """Keys of services that ECS is still moving to where they belong."""
    to_put_back: tuple[str, ...] = ()
    """Keys of services on the new revision of a release that never came to its end."""
    foreign: tuple[str, ...] = ()
    """Keys of services that somebody else moved on since: left alone."""


def leftover(record: Record, states: Mapping[str, ServiceState]) -> Leftover:
    """Judge by what is live, never by what the record hoped for. ``states`` is by service key.

    A release counts as complete only if its checks were made too: a version that nobody verified goes back.
    """
    changed = {key: each for key, each in record.services.items() if each.after not in (None, each.before)}
    on = {key: states[key].task_definition if key in states else "" for key in changed}
    complete = bool(changed) and took_every_step(record) and all(on[key] == changed[key].after for key in changed)
    return Leftover(
        complete=complete,
        to_await=tuple(
            key
            for key, each in changed.items()
            if key in states and _rolling(states[key]) and on[key] in _belongs(each, complete=complete)
        ),
        to_put_back=() if complete else tuple(key for key, each in changed.items() if on[key] == each.after),
        foreign=tuple(key for key, each in changed.items() if on[key] not in (each.before, each.after)),
    )


def migration_end(record: Record, tasks: Sequence[Task]) -> tuple[Result, str]:
    """How the migration of a record of kind MIGRATE ended, and the words for it.

    ``tasks`` are those of its family that ECS still knows, oldest first, all of this record's stopped.
    """
    ours = [task for task in tasks if task.started_by == record.release_id]
    if not ours and not record.migration.ran:
        return Result.CANCELLED, "before its task was started; nothing was changed"
    if not ours:
        return Result.MIGRATION_FAILED, "and ECS has forgotten how its task ended; deploytool logs migrate may show it"
    container = record.plan["migrate"]["container"]
    code = next((each.exit_code for each in ours[-1].containers if each.name == container), None)
    if code == 0:
        return Result.MIGRATED, "while its task ran, which ended well"
    how = "never started" if code is None else f"exited with code {code}"
    return Result.MIGRATION_FAILED, f"while its task ran, whose container {container} {how}"


def took_every_step(record: Record) -> bool:
    """All that its plan names ended well, and nothing was put back."""
    if not record.steps or any(step.state is not StepState.ENDED or step.name == "put back" for step in record.steps):
        return False
    ended = [step.name for step in record.steps]
    return "roll out" in ended and ended.count("verify") == len(record.plan.get("verify", ()))


def _belongs(service: ServiceRecord, *, complete: bool) -> tuple[str | None, ...]:
    return (service.after,) if complete else (service.before,)


def _rolling(state: ServiceState) -> bool:
    return state.primary is not None and state.primary.rollout_state == "IN_PROGRESS"
