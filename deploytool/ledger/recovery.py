"""What an interrupted release left, and how it is recovered: every service on one version, the record closed."""

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


@dataclass(frozen=True)
class InterruptedRelease:
    """What ECS shows of a release without an end. Services by key."""

    complete: bool
    """Every step of its plan succeeded and every service it changed is on its new revision."""
    to_await: tuple[str, ...] = ()
    """ECS is still moving them to the right revision."""
    to_revert: tuple[str, ...] = ()
    """On the new revision of a release that did not finish."""
    foreign: tuple[str, ...] = ()
    """Deployed by another tool since: left alone."""


@dataclass(frozen=True)
class RecoveryResult:
    """How an interrupted release is closed."""

    result: Result
    summary: str
    running: Mapping[str, str]
    release_id: str = ""

    @property
    def succeeded(self) -> bool:
        """False where services are not on one version: manual action is required."""
        return self.result is not Result.ROLLBACK_INCOMPLETE


def classify_interrupted(record: Record, states: Mapping[str, ServiceState]) -> InterruptedRelease:
    """Decide by what is live, not by what the record planned. ``states`` is by service key.

    A release is complete only if its checks were made too: an unverified version is reverted.
    """
    changed = {key: service for key, service in record.services.items() if service.after not in (None, service.before)}
    running = {key: states[key].task_definition if key in states else "" for key in changed}
    complete = took_every_step(record) and (
        all(running[key] == service.after for key, service in changed.items())
        if changed
        else bool(record.plan.get("already_running")) and _unmoved(record, states)
    )
    return InterruptedRelease(
        complete=complete,
        to_await=tuple(
            key
            for key, service in changed.items()
            if key in states and _rolling(states[key])
            and running[key] == (service.after if complete else service.before)
        ),
        to_revert=() if complete else tuple(key for key, service in changed.items() if running[key] == service.after),
        foreign=tuple(
            key for key, service in changed.items() if running[key] not in (service.before, service.after)
        ),
    )  # fmt: skip


def migration_end(record: Record, tasks: Sequence[Task]) -> tuple[Result, str]:
    """How the migration of a record of kind MIGRATE ended, and a clause for it.

    ``tasks`` are those of its family that ECS still knows, oldest first; all of this record have stopped.
    """
    ours = [task for task in tasks if task.started_by == record.release_id]
    if not ours and not record.migration.ran:
        return Result.CANCELLED, "its task was not started; nothing was changed"
    if not ours:
        return Result.MIGRATION_FAILED, "ECS no longer knows how its task ended; see `deploytool logs migrate`"
    name = record.plan["migrate"]["container"]
    code = next((container.exit_code for container in ours[-1].containers if container.name == name), None)
    if code == 0:
        return Result.MIGRATED, "its task succeeded"
    end = "never started" if code is None else f"exited with code {code}"
    return Result.MIGRATION_FAILED, f"container {name} of its task {end}"


def took_every_step(record: Record) -> bool:
    """All steps of its plan succeeded, and nothing was reverted."""
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

    Later ones that ended before they updated a service do not matter.
    """
    last = next((record for record in newest_first if _moved(record)), None)
    return last if last and last.result in (Result.CANCELLED, Result.ROLLBACK_INCOMPLETE) else None


def expected_revisions(record: Record, states: Mapping[str, ServiceState]) -> dict[str, str]:
    """By key: what recovering ``record`` brings the services to that it moves or waits for. ``states`` is by key."""
    if record.finished and not rolling(states):
        return {}
    release = classify_interrupted(record, states)
    awaited = {key: states[key].task_definition for key in release.to_await}
    return awaited | {key: record.services[key].before for key in release.to_revert}


def rolling(states: Mapping[str, ServiceState]) -> tuple[str, ...]:
    """Keys of services that ECS is moving; ``states`` is by service key."""
    return tuple(key for key, state in states.items() if _rolling(state))


def stranded(record: Record, states: Mapping[str, ServiceState]) -> tuple[str, ...]:
    """Keys of services that a release updated, that ECS no longer moves, and that are not reverted.

    Either the new revision is still running, or again since ECS rolled the revert back; or the deployment of the
    previous revision failed. What another tool deployed since is left out.
    """
    return tuple(
        key
        for key, service in record.services.items()
        if key in states and not _rolling(states[key]) and _is_stranded(service, states[key])
    )


def _moved(record: Record) -> bool:
    """It decided what services run. A killed run may not have recorded what it updated, but its result shows it."""
    decided = record.result in (Result.RELEASED, Result.ROLLBACK_INCOMPLETE)
    return decided or any(service.deployment_id for service in record.services.values())


def _is_stranded(service: ServiceRecord, state: ServiceState) -> bool:
    if state.task_definition == service.before:
        failed = state.primary is not None and state.primary.rollout_state == "FAILED"
        return failed and bool(service.deployment_id)
    return state.task_definition == service.after


def _unmoved(record: Record, states: Mapping[str, ServiceState]) -> bool:
    return all(
        key in states and states[key].task_definition == service.before for key, service in record.services.items()
    )


def _rolling(state: ServiceState) -> bool:
    return state.primary is not None and state.primary.rollout_state == "IN_PROGRESS"


def recover(record: Record, deps: Dependencies, timeout: float) -> RecoveryResult:
    """Wait for its migrate task, then complete or revert its rollouts; at the end every service is on one version.

    ``timeout`` is in seconds, for each of the two. Raises MigrationStillRuns, CloudError, LeaseLost.
    """
    began = deps.clock.monotonic()
    deps.emit(StepBegan(StepName.RECOVER, f"release {record.release_id} {_end(record)}"))
    # A migrate task that is still running is waited for, never started twice and never stopped half-way.
    _record_migration(record, deps)
    await_end(lambda: deps.ecs.tasks_started_by(record.release_id), timeout, deps)
    if record.kind is Kind.MIGRATE:
        result, clause = migration_end(record, deps.ecs.tasks_of(family=str(record.plan["migrate"]["task"])))
        summary = f"migration {record.release_id} ({record.commit.short}) did not finish: {clause}"
        return _report(RecoveryResult(result, summary, {}), began, deps)
    states = _states(record, deps)
    release = classify_interrupted(record, states)
    rollouts = [_rollout_of(key, states[key]) for key in release.to_await if key not in release.to_revert]
    rollouts += update_services(
        [(key, states[key], record.services[key].before) for key in release.to_revert if key in states],
        deps,
        reverting=True,
    )
    ended = watch_rollouts(tuple(rollouts), timeout, deps, stop_early=False) if rollouts else ()
    failed = {rollout.key for rollout in ended if rollout.status.state is not DeploymentState.SUCCEEDED}
    if record.finished:
        failed |= set(stranded(record, states)) - set(release.to_revert)
    return _report(_result(record, release, failed, deps), began, deps)


def recover_finished(record: Record, deps: Dependencies, timeout: float) -> RecoveryResult | None:
    """The same for a release whose end was recorded before its services were reverted, as a cancelled one.

    Waits ``timeout`` seconds for what ECS still moves, and only names what it no longer moves. ``None`` where every
    service is on the right revision. Raises as :func:`recover`.
    """
    try:
        states = _states(record, deps)
    except NotFound:
        return None  # another cluster is configured now, which does not exist: the inspection reports it
    if rolling(states):
        return recover(record, deps, timeout)
    if not (keys := stranded(record, states)):
        return None
    deps.emit(StepBegan(StepName.RECOVER, f"release {record.release_id} {_end(record)}"))
    result = _result(record, classify_interrupted(record, states), set(keys), deps)
    return _report(result, deps.clock.monotonic(), deps)


def _record_migration(record: Record, deps: Dependencies) -> None:
    """The release may have been killed before it could record that its migration had begun."""
    running = () if record.migration.ran else deps.ecs.tasks_started_by(record.release_id)
    if running:
        deps.journal.migration_started(running[0].arn)


def _report(result: RecoveryResult, began: float, deps: Dependencies) -> RecoveryResult:
    seconds = deps.clock.monotonic() - began
    deps.emit(StepEnded(StepName.RECOVER, result.succeeded, seconds, result.summary))
    return result


def _states(record: Record, deps: Dependencies) -> dict[str, ServiceState]:
    states = deps.ecs.services([service.name for service in record.services.values()])
    return {key: states[service.name] for key, service in record.services.items() if service.name in states}


def _rollout_of(key: str, state: ServiceState) -> ServiceRollout:
    primary = state.primary
    assert primary is not None, "only a service with a PRIMARY deployment can be rolling"
    rollout = Rollout(state.name, primary.id, primary.task_definition, created_at=primary.created_at)
    return ServiceRollout(key, rollout, state=state, reverting=True, sighting=Sighting(primary))


def _result(record: Record, release: InterruptedRelease, failed: set[str], deps: Dependencies) -> RecoveryResult:
    running = {key: state.task_definition for key, state in _states(record, deps).items()}
    end = f"release {record.release_id} ({record.commit.short}) {_end(record)}"
    if failed:
        clause = f"ROLLBACK INCOMPLETE: {', '.join(sorted(failed))} did not reach a steady state"
        return RecoveryResult(Result.ROLLBACK_INCOMPLETE, f"{end}; {clause}; manual action required", running)
    if release.complete:
        return RecoveryResult(Result.RELEASED, f"{end}, but every step had succeeded; it is live", running)
    if record.plan.get("already_running"):
        return RecoveryResult(Result.ROLLED_BACK, f"{end}; it updated no service", running)
    foreign = [f"{key} is running {revision(running[key])}, deployed by another tool" for key in release.foreign]
    clause = f"all {'other ' if foreign else ''}services were rolled back"
    return RecoveryResult(Result.ROLLED_BACK, "; ".join([end, clause, *foreign]), running)


def _end(record: Record) -> str:
    if not record.finished:
        return "did not finish"
    return "was cancelled" if record.result is Result.CANCELLED else "failed"
