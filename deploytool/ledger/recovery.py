"""What a release that was killed, or cancelled, left behind, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from deploytool.ecs.deployment_model import DeploymentState, Rollout, ServiceRollout, Sighting
from deploytool.ecs.model import ServiceState, Task, revision
from deploytool.errors import NotFound
from deploytool.ledger.record import Kind, Record, ServiceRecord, StepState
from deploytool.release.events import StepBegan, StepEnded
from deploytool.release.model import Result, StepName
from deploytool.release.ports import Dependencies
from deploytool.release.rollout import update_services, watch_rollouts
from deploytool.release.tasks import await_end

# SEG core.recovery
# What a release that was killed, or cancelled, left behind, and what is to be done about it.


@dataclass(frozen=True)
class InterruptedRelease:
    """What one reading of ECS shows of a release whose end nobody wrote."""

    complete: bool
    """Every step of its plan ended well and every service it changed is on its new revision."""
    to_await: tuple[str, ...] = ()
    """Keys of services that ECS is still moving to where they belong."""
    to_put_back: tuple[str, ...] = ()
    """Keys of services on the new revision of a release that never came to its end."""
    foreign: tuple[str, ...] = ()
    """Keys of services that somebody else moved on since: left alone."""


def classify_interrupted(record: Record, states: Mapping[str, ServiceState]) -> InterruptedRelease:
    """Judge by what is live, never by what the record hoped for. ``states`` is by service key.

    A release counts as complete only if its checks were made too: a version that nobody verified goes back.
    """
    changed = {key: each for key, each in record.services.items() if each.after not in (None, each.before)}
    on = {key: states[key].task_definition if key in states else "" for key in changed}
    ran_already = bool(record.plan.get("already_running"))
    complete = took_every_step(record) and (
        all(on[key] == changed[key].after for key in changed) if changed else ran_already and _unmoved(record, states)
    )
    return InterruptedRelease(
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
    ended = [step.name for step in record.steps]
    if not ended or StepName.REVERT in ended or any(step.state is not StepState.ENDED for step in record.steps):
        return False
    if ended.count(StepName.VERIFY) != len(record.plan.get("verify", ())):
        return False
    if record.plan.get("already_running"):
        return StepName.MIGRATE in ended or not record.plan.get("migrate")
    return StepName.DEPLOY in ended


def last_that_moved(newest_first: Iterable[Record]) -> Record | None:
    """The last finished release that may have left services between two versions; ``None`` where none did.

    Those after it that ended before any service moved change nothing about that.
    """
    last = next((record for record in newest_first if _moved(record)), None)
    return last if last and last.result in (Result.CANCELLED, Result.ROLLBACK_INCOMPLETE) else None


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
    settled = record.result in (Result.RELEASED, Result.ROLLBACK_INCOMPLETE)
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


# SEG run.settle
# Find out what a dead release left, and bring every service to one version before anything new begins.


@dataclass(frozen=True)
class RecoveryResult:
    """How a release that left services on their way is closed."""

    result: Result
    summary: str
    running: Mapping[str, str]

    @property
    def succeeded(self) -> bool:
        """False where services are not on one version: someone must look."""
        return self.result is not Result.ROLLBACK_INCOMPLETE


def recover(record: Record, deps: Dependencies, timeout: float) -> RecoveryResult:
    """Wait for its migrate task, then for or against its rollouts; at the end every service is on one version.

    ``timeout`` is in seconds, for each of the two. Raises MigrationStillRuns, CloudError, LeaseLost.
    """
    began = deps.clock.monotonic()
    how = _how(record) if record.finished else "ended without a word"
    deps.emit(StepBegan(StepName.RECOVER, f"release {record.release_id} {how}"))
    # A migrate task still running is waited for, never started twice and never stopped half-way.
    _note_migration(record, deps)
    await_end(lambda: deps.ecs.tasks_started_by(record.release_id), timeout, deps)
    if record.kind is Kind.MIGRATE:
        return _report(_migration(record, deps), began, deps)
    states = _states(record, deps)
    left = classify_interrupted(record, states)
    names = {key: record.services[key] for key in record.services}
    watched = [_rollout_of(key, states[key]) for key in left.to_await if key not in left.to_put_back]
    watched += update_services(
        [(key, states[key], names[key].before) for key in left.to_put_back if key in states], deps, reverting=True
    )
    ended = watch_rollouts(tuple(watched), timeout, deps, stop_early=False) if watched else ()
    unsettled = {each.key for each in ended if each.status.state is not DeploymentState.SUCCEEDED}
    if record.finished:
        unsettled |= set(stranded(record, states)) - set(left.to_put_back)
    return _report(_judge(record, left, unsettled, deps), began, deps)


def settle_finished(record: Record, deps: Dependencies, timeout: float) -> RecoveryResult | None:
    """The same for a release whose end was written before its services were back, as one that was cancelled.

    What ECS still moves is awaited, for ``timeout`` seconds; what it moves no more is only named. ``None`` where every
    service is where it belongs. Raises what :func:`settle` raises.
    """
    try:
        states = _states(record, deps)
    except NotFound:
        return None  # another cluster is configured by now, which is not there: whoever looks next says so
    if rolling(states):
        return recover(record, deps, timeout)
    if not (left := stranded(record, states)):
        return None
    deps.emit(StepBegan(StepName.RECOVER, f"release {record.release_id} {_how(record)}"))
    return _report(_judge(record, classify_interrupted(record, states), set(left), deps), deps.clock.monotonic(), deps)


def _note_migration(record: Record, deps: Dependencies) -> None:
    """The release may have been killed before it could note that its migration had begun."""
    running = () if record.migration.ran else deps.ecs.tasks_started_by(record.release_id)
    if running:
        deps.journal.migration_started(running[0].arn)


def _report(settled: RecoveryResult, began: float, deps: Dependencies) -> RecoveryResult:
    seconds = deps.clock.monotonic() - began
    deps.emit(StepEnded(StepName.RECOVER, settled.succeeded, seconds, settled.summary))
    return settled


def _migration(record: Record, deps: Dependencies) -> RecoveryResult:
    """A migration alone moved no service: how its task ended is all there is to find out."""
    result, how = migration_end(record, deps.ecs.tasks_of(family=str(record.plan["migrate"]["task"])))
    return RecoveryResult(result, f"migration {record.release_id} ({record.commit.short}) was killed {how}", {})


def _states(record: Record, deps: Dependencies) -> dict[str, ServiceState]:
    found = deps.ecs.services([service.name for service in record.services.values()])
    return {key: found[service.name] for key, service in record.services.items() if service.name in found}


def _rollout_of(key: str, state: ServiceState) -> ServiceRollout:
    primary = state.primary
    assert primary is not None, "only a service with a PRIMARY deployment can be rolling"
    rollout = Rollout(state.name, primary.id, primary.task_definition, created_at=primary.created_at)
    return ServiceRollout(key, rollout, state=state, reverting=True, sighting=Sighting(primary))


def _judge(record: Record, left: InterruptedRelease, unsettled: set[str], deps: Dependencies) -> RecoveryResult:
    serving = {key: state.task_definition for key, state in _states(record, deps).items()}
    what = f"release {record.release_id} ({record.commit.short}) {_how(record)}"
    if unsettled:
        return RecoveryResult(
            Result.ROLLBACK_INCOMPLETE, f"{what}, and {', '.join(sorted(unsettled))} did not settle", serving
        )
    if left.complete:
        return RecoveryResult(Result.RELEASED, f"{what} after its last step; it is live", serving)
    if record.plan.get("already_running"):
        return RecoveryResult(Result.ROLLED_BACK, f"{what} before its end; it moved no service", serving)
    foreign = [f"{key} was left on {revision(serving[key])}, which somebody else deployed" for key in left.foreign]
    back = f"every {'other ' if foreign else ''}service is on the version before"
    return RecoveryResult(Result.ROLLED_BACK, "; ".join([f"{what} before its end", back, *foreign]), serving)


def _how(record: Record) -> str:
    if not record.finished:
        return "was killed"
    return "was cancelled" if record.result is Result.CANCELLED else "failed"
