"""What a release that was killed, or cancelled, left behind, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    ran_already = bool(record.plan.get("already_running"))
    complete = took_every_step(record) and (
        all(on[key] == changed[key].after for key in changed) if changed else ran_already and _unmoved(record, states)
    )
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
    if ended.count("verify") != len(record.plan.get("verify", ())):
        return False
    if record.plan.get("already_running"):
        return "migrate" in ended or not record.plan.get("migrate")
    return "roll out" in ended


def last_that_moved(newest_first: Iterable[Record]) -> Record | None:
    """The last finished release that may have left services between two versions; ``None`` where none did.

    Those after it that ended before any service moved change nothing about that.
    """
    last = next((record for record in newest_first if _moved(record)), None)
    return last if last and last.result in (Result.CANCELLED, Result.NOT_ROLLED_BACK) else None


def rolling(states: Mapping[str, ServiceState]) -> tuple[str, ...]:
    """Keys of services that ECS is moving; ``states`` is by service key."""
    return tuple(key for key, state in states.items() if _rolling(state))


def stranded(record: Record, states: Mapping[str, ServiceState]) -> tuple[str, ...]:
    """Keys of services that a release moved, that ECS moves no more, and that are not back.

    Either the new revision runs still, or again since ECS reverted the return; or the deployment of the revision
    before failed. What someone else deployed since is theirs.
    """
    return tuple(
        key
        for key, each in record.services.items()
        if key in states and not _rolling(states[key]) and _is_stranded(each, states[key])
    )


def _moved(record: Record) -> bool:
    """It decided where services are. A run that was killed may not have noted what it moved, but its result says so."""
    settled = record.result in (Result.RELEASED, Result.NOT_ROLLED_BACK)
    return settled or any(each.deployment_id for each in record.services.values())


def _is_stranded(service: ServiceRecord, state: ServiceState) -> bool:
    if state.task_definition == service.before:
        failed = state.primary is not None and state.primary.rollout_state == "FAILED"
        return failed and bool(service.deployment_id)
    return state.task_definition == service.after


def _unmoved(record: Record, states: Mapping[str, ServiceState]) -> bool:
    return all(key in states and states[key].task_definition == each.before for key, each in record.services.items())


def _belongs(service: ServiceRecord, *, complete: bool) -> tuple[str | None, ...]:
    return (service.after,) if complete else (service.before,)


def _rolling(state: ServiceState) -> bool:
    return state.primary is not None and state.primary.rollout_state == "IN_PROGRESS"
