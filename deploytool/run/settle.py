"""Find out what a dead release left, and bring every service to one version before anything new begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deploytool.core.events import StepBegan, StepEnded
from deploytool.core.ledger import Kind, Record
from deploytool.core.observed import ServiceState, revision
from deploytool.core.outcome import Result
from deploytool.core.recovery import Leftover, leftover, migration_end, rolling, stranded
from deploytool.core.verdict_model import Fate, Rollout, Sighting
from deploytool.errors import NotFound
from deploytool.run.alone import await_end
from deploytool.run.ports import World
from deploytool.run.rollout import update, watch
from deploytool.run.watched import Watched

STEP = "settle"


@dataclass(frozen=True)
class Settled:
    """How a release that left services on their way is closed."""

    result: Result
    sentence: str
    serving: Mapping[str, str]

    @property
    def good(self) -> bool:
        """False where services are not on one version: someone must look."""
        return self.result is not Result.NOT_ROLLED_BACK


def settle(record: Record, world: World, timeout: float) -> Settled:
    """Wait for its migrate task, then for or against its rollouts; at the end every service is on one version.

    ``timeout`` is in seconds, for each of the two. Raises MigrationStillRuns, CloudError, LeaseLost.
    """
    began = world.clock.monotonic()
    how = _how(record) if record.finished else "ended without a word"
    world.tell(StepBegan(STEP, f"release {record.release_id} {how}"))
    # A migrate task still running is waited for, never started twice and never stopped half-way.
    _note_migration(record, world)
    await_end(lambda: world.ecs.tasks_started_by(record.release_id), timeout, world)
    if record.kind is Kind.MIGRATE:
        return _told(_migration(record, world), began, world)
    states = _states(record, world)
    left = leftover(record, states)
    names = {key: record.services[key] for key in record.services}
    watched = [_watched(key, states[key]) for key in left.to_await if key not in left.to_put_back]
    watched += update(
        [(key, states[key], names[key].before) for key in left.to_put_back if key in states], world, going_back=True
    )
    ended = watch(tuple(watched), timeout, world, stop_early=False) if watched else ()
    unsettled = {each.key for each in ended if each.verdict.fate is not Fate.LIVE}
    if record.finished:
        unsettled |= set(stranded(record, states)) - set(left.to_put_back)
    return _told(_judged(record, left, unsettled, world), began, world)


def settle_finished(record: Record, world: World, timeout: float) -> Settled | None:
    """The same for a release whose end was written before its services were back, as one that was cancelled.

    What ECS still moves is awaited, for ``timeout`` seconds; what it moves no more is only named. ``None`` where every
    service is where it belongs. Raises what :func:`settle` raises.
    """
    try:
        states = _states(record, world)
    except NotFound:
        return None  # another cluster is configured by now, which is not there: whoever looks next says so
    if rolling(states):
        return settle(record, world, timeout)
    if not (left := stranded(record, states)):
        return None
    world.tell(StepBegan(STEP, f"release {record.release_id} {_how(record)}"))
    return _told(_judged(record, leftover(record, states), set(left), world), world.clock.monotonic(), world)


def _note_migration(record: Record, world: World) -> None:
    """The release may have been killed before it could note that its migration had begun."""
    running = () if record.migration.ran else world.ecs.tasks_started_by(record.release_id)
    if running:
        world.journal.migration_started(running[0].arn)


def _told(settled: Settled, began: float, world: World) -> Settled:
    seconds = world.clock.monotonic() - began
    world.tell(StepEnded(STEP, settled.good, seconds, settled.sentence))
    return settled


def _migration(record: Record, world: World) -> Settled:
    """A migration alone moved no service: how its task ended is all there is to find out."""
    result, how = migration_end(record, world.ecs.tasks_of(family=str(record.plan["migrate"]["task"])))
    return Settled(result, f"migration {record.release_id} ({record.commit.short}) was killed {how}", {})


def _states(record: Record, world: World) -> dict[str, ServiceState]:
    found = world.ecs.services([service.name for service in record.services.values()])
    return {key: found[service.name] for key, service in record.services.items() if service.name in found}


def _watched(key: str, state: ServiceState) -> Watched:
    primary = state.primary
    assert primary is not None, "only a service with a PRIMARY deployment can be rolling"
    rollout = Rollout(state.name, primary.id, primary.task_definition, created_at=primary.created_at)
    return Watched(key, rollout, state=state, going_back=True, sighting=Sighting(primary))


def _judged(record: Record, left: Leftover, unsettled: set[str], world: World) -> Settled:
    serving = {key: state.task_definition for key, state in _states(record, world).items()}
    what = f"release {record.release_id} ({record.commit.short}) {_how(record)}"
    if unsettled:
        return Settled(Result.NOT_ROLLED_BACK, f"{what}, and {', '.join(sorted(unsettled))} did not settle", serving)
    if left.complete:
        return Settled(Result.RELEASED, f"{what} after its last step; it is live", serving)
    if record.plan.get("already_running"):
        return Settled(Result.ROLLED_BACK, f"{what} before its end; it moved no service", serving)
    foreign = [f"{key} was left on {revision(serving[key])}, which somebody else deployed" for key in left.foreign]
    back = f"every {'other ' if foreign else ''}service is on the version before"
    return Settled(Result.ROLLED_BACK, "; ".join([f"{what} before its end", back, *foreign]), serving)


def _how(record: Record) -> str:
    if not record.finished:
        return "was killed"
    return "was cancelled" if record.result is Result.CANCELLED else "failed"
