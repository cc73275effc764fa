"""Back to which release, and the plan that goes there: no build, no migration, every service as one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from deploytool.config.model import EnvironmentConfig
from deploytool.config.types import verify_at
from deploytool.ecs.model import TaskDefinition, revision
from deploytool.ecs.task_definition import diff
from deploytool.errors import PreconditionFailed
from deploytool.ledger.lock import IfBusy
from deploytool.ledger.record import Record, last_successful
from deploytool.release.events import ReplacedRelease, RollbackTarget, RolledBackRelease
from deploytool.release.model import (
    DeployServices,
    ObservedService,
    ObservedState,
    Plan,
    Problem,
    ReleaseRequest,
    ServiceUpdate,
    Step,
    TriggeredBy,
)
from deploytool.release.planner import (
    ReleasePreconditionFailed,
    live_but_failed,
    precondition_failures,
    tags,
    verify_step,
    warnings,
)

# SEG core.rollback
# Back to which release, and the plan that goes there: no build, no migration, every service as one.


class NoRollbackTarget(PreconditionFailed):
    """The ledger knows of no release to go back to."""


class NotCurrentRelease(PreconditionFailed):
    """What is live is not what the person who asked for the rollback saw."""


def target(newest_first: Sequence[Record], wanted: str = "", back: int = 1) -> Record:
    """The release to bring back: the one called ``wanted`` (its id, or a commit's first digits), else the one that was
    live ``back`` steps before.

    Each release remembers which one was live before it, so that a second rollback goes one further back, and a release
    that was itself rolled back is never the target. Raises NoRollbackTarget.
    """
    by_id = {record.release_id: record for record in newest_first if record.successful}
    last = last_successful(newest_first)
    if last is None:
        raise NoRollbackTarget("the ledger has no successful release yet", "release first")
    if wanted:
        found = by_id.get(wanted) or next(
            (record for record in newest_first if record.successful and not record.restores
             and len(wanted) >= 7 and record.commit.sha.startswith(wanted)),
            None,
        )  # fmt: skip
        if found is None:
            raise NoRollbackTarget(
                f"the ledger has no successful release {wanted}", "choose one from `deploytool history`"
            )
        return by_id.get(found.live_release_id, found)
    current = by_id.get(last.live_release_id)
    for _ in range(back):
        current = by_id.get(current.previous) if current else None
    if current is None:
        raise NoRollbackTarget(
            f"nothing was live {back} step{'s' if back > 1 else ''} before {last.live_release_id}, "
            "as far as the ledger knows",
            "choose a release from `deploytool history` and name it with --to",
        )
    return current


def require_current(newest_first: Sequence[Record], expected: str) -> None:
    """Raise NotCurrent unless release ``expected`` is what is live: what was clicked on may be long past."""
    last = last_successful(newest_first)
    if last is None or expected not in (last.live_release_id, last.release_id):
        now = last.live_release_id if last else "nothing"
        raise NotCurrentRelease(
            f"release {expected} is not what is live any more: {now} is",
            "look at `deploytool history`, then ask for the rollback again",
        )


def rollback_plan(
    request: ReleaseRequest,
    settings: EnvironmentConfig,
    live: ObservedState,
    goal: Record,
    revisions: Mapping[str, TaskDefinition],
    newest_first: Sequence[Record],
    only: Collection[str] = (),
) -> Plan:
    """Every service (or ``only`` those) back on the revision that served under ``goal``.

    ``revisions`` are the task definitions of ``goal.serving``, by service key; one that is missing or INACTIVE refuses
    the rollback before anything changed; what is wrong with a service that stays refuses nothing. Raises
    ReleasePreconditionFailed
    with every reason at once.
    """
    keys = [key for key in live.services if not only or key in only]
    everywhere = live.services
    settings = replace(settings, services={key: settings.services[key] for key in keys})
    live = replace(live, services={key: live.services[key] for key in keys})
    problems = [*precondition_failures(settings, live), *_unreachable(goal, revisions, keys)]
    if problems:
        raise ReleasePreconditionFailed(tuple(dict.fromkeys(problems)))
    changes = tuple(_change(key, live, goal, revisions[key]) for key in keys)
    moving = tuple(change for change in changes if not change.unchanged)
    if not moving and (failed := tuple(problem for change in changes for problem in live_but_failed(change))):
        raise ReleasePreconditionFailed(failed)
    steps: list[Step] = []
    already_running = () if moving or _is_recorded(goal, newest_first, keys, everywhere) else changes
    if moving:
        steps.append(DeployServices(moving, float(max(settings.services[change.key].timeout for change in moving))))
    for change in moving or already_running:
        if wanted := settings.services[change.key].verify:
            steps.append(verify_step(change.key, verify_at(wanted, live.services[change.key].host)))
    return Plan(
        request=request,
        cluster=settings.cluster,
        region=settings.region,
        images={},
        steps=tuple(steps),
        warnings=(*warnings(live), *_migrated_since(goal, newest_first)),
        tags=tags(request),
        url=settings.url or "",
        already_running=already_running,
    )


def _is_recorded(
    goal: Record, newest_first: Sequence[Record], keys: Iterable[str], live: Mapping[str, ObservedService]
) -> bool:
    """Whether the ledger says already what the rollback would make of it; ``live`` is every service.

    It does not where the services came to that version by other means, as by a hand.
    """
    last = last_successful(newest_first)
    if last is None:
        return False
    if all(service.state.task_definition == goal.running.get(key) for key, service in live.items()):
        return last.live_release_id == goal.live_release_id
    return all(last.running.get(key) == goal.running.get(key) for key in keys)


def restores_whole_release(goal: Record, plan: Plan, live: Mapping[str, ObservedService]) -> bool:
    """Every service serves then what it served under ``goal``.

    Where only some go back the result is a version that no release ever was: neither a promotion nor the next rollback
    may take it for ``goal``.
    """
    after = {key: service.state.task_definition for key, service in live.items()}
    after |= {change.key: change.revision or "" for change in plan.changes}
    return all(after[key] == goal.running.get(key) for key in live)


def _change(key: str, live: ObservedState, goal: Record, revision: TaskDefinition) -> ServiceUpdate:
    found = live.services[key]
    return ServiceUpdate(
        key=key,
        name=found.state.name,
        base=found.task_definition,
        images={},
        previous_revision=found.state.task_definition,
        before=found.state,
        commit_before=found.commit,
        diff=diff(found.task_definition, revision),
        unchanged=found.state.task_definition == goal.running[key],
        revision=goal.running[key],
    )


def _unreachable(goal: Record, revisions: Mapping[str, TaskDefinition], keys: Iterable[str]) -> list[Problem]:
    found = []
    for key in keys:
        definition = revisions.get(key)
        name = revision(goal.running.get(key, ""))
        if not name:
            found.append(Problem(
                f"release {goal.release_id} left no revision of {key}", f"leave {key} out with --service"
            ))  # fmt: skip
        elif definition is None or definition.get("status") == "INACTIVE":
            found.append(Problem(
                f"{name}, which {key} ran under release {goal.release_id}, is INACTIVE: ECS cannot go back to it",
                "choose a release whose revisions are still there, or release its commit again",
            ))  # fmt: skip
    return found


def _migrated_since(goal: Record, newest_first: Iterable[Record]) -> tuple[str, ...]:
    since = [record for record in newest_first if record.started_at > goal.started_at and record.migration.ran]
    if not since:
        return ()
    ran = ", ".join(record.commit.short for record in since)
    return (f"migrations ran since release {goal.release_id} ({ran}) and stay: the old version must cope",)


# SEG core.way_back
# What a rollback would bring back once the change under way is live, what it takes back, what a release replaces.


def rollback_target(newest_first: Sequence[Record], restores: str = "") -> RollbackTarget | None:
    """The release to go back to: what is live now, or, for a rollback to ``restores``, what was live before that."""
    by_id = {record.release_id: record for record in newest_first if record.successful}
    last = last_successful(newest_first)
    wanted = by_id[restores].previous if restores in by_id else last.live_release_id if last and not restores else ""
    goal = by_id.get(wanted)
    return RollbackTarget(goal.release_id, goal.commit) if goal else None


def rolled_back_release(newest_first: Sequence[Record]) -> RolledBackRelease | None:
    """The release that is live now, and will not be once a rollback is done."""
    last = last_successful(newest_first)
    found = next((record for record in newest_first if last and record.release_id == last.live_release_id), None)
    if found is None:
        return None
    origin = TriggeredBy(found.actor, found.run_url, found.run_id, found.pull_request)
    return RolledBackRelease(ReleaseRequest(found.release_id, found.app, found.environment, found.commit, origin))


def replaced_release(newest_first: Sequence[Record]) -> ReplacedRelease | None:
    """What made live the version that is live now, and the comments that say so; ``None`` where there are none."""
    last = last_successful(newest_first)
    return ReplacedRelease(last.release_id, last.github.comments) if last and last.github.comments else None


@dataclass(frozen=True)
class RollbackRequest:
    """What the person asked for."""

    goal: str = ""
    steps: int = 1
    services: tuple[str, ...] = ()
    expect_current: str = ""
    if_busy: IfBusy | None = None
    wait: float | None = None
