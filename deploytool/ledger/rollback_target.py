"""Which release a rollback restores, and the plan for it: no build, no migration, all services together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from deploytool.config.model import EnvironmentConfig
from deploytool.ecs.model import TaskDefinition, revision
from deploytool.ecs.task_definition import diff
from deploytool.errors import PreconditionFailed
from deploytool.ledger.live import drift, drift_text, live_record
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
    Verify,
)
from deploytool.release.planner import (
    ReleasePreconditionFailed,
    checks,
    live_but_failed,
    precondition_failures,
    tags,
    warnings,
)


class NoRollbackTarget(PreconditionFailed):
    """The ledger has no release to roll back to."""


class NotCurrentRelease(PreconditionFailed):
    """The live release is not the one that the person who asked for the rollback saw."""


@dataclass(frozen=True)
class RollbackRequest:
    """What the person asked for."""

    to: str = ""
    """Release id or commit; empty: the version ``steps`` versions before the live one."""
    steps: int = 1
    services: tuple[str, ...] = ()
    """Keys; empty: all."""
    expect_current: str = ""


def target(
    newest_first: Sequence[Record], to: str = "", steps: int = 1, *, live: Mapping[str, ObservedService] | None = None
) -> Record:
    """The release to restore: ``to`` (its id, or a commit's first digits), else the one live ``steps`` versions before.

    Each record names the release that was live before it. So a second rollback goes one version further back, and a
    release that was itself rolled back is never the target. It is counted from what ``live`` runs: where that was
    deployed outside deploytool, the version before it is the last that a release made live. Without ``live``: from what
    the ledger names. Raises NoRollbackTarget.
    """
    by_id = _successful(newest_first)
    last = last_successful(newest_first)
    if last is None:
        raise NoRollbackTarget("the ledger has no successful release yet", "release first")
    if to:
        record = by_id.get(to) or next(
            (record for record in by_id.values() if not record.restores
             and len(to) >= 7 and record.commit.sha.startswith(to)),
            None,
        )  # fmt: skip
        if record is None:
            raise NoRollbackTarget(f"the ledger has no successful release {to}", "choose one from `deploytool history`")
        return by_id.get(record.live_release_id, record)
    running = last if live is None else live_record(live, newest_first)
    start = running or last
    current = by_id.get(start.live_release_id)
    for _ in range(steps if running else steps - 1):
        current = by_id.get(current.previous) if current else None
    if current is None:
        name = start.live_release_id if running else "what runs now, deployed outside deploytool,"
        raise NoRollbackTarget(
            f"no release {steps} version{'s' if steps > 1 else ''} before {name} is recorded",
            "choose a release from `deploytool history` and name it with --to",
        )
    return current


def require_current(newest_first: Sequence[Record], live: Mapping[str, ObservedService], expected: str) -> None:
    """Raise NotCurrentRelease unless ECS runs release ``expected``: the request may be based on an old view."""
    running = live_record(live, newest_first)
    if running is not None and expected in (running.live_release_id, running.release_id):
        return
    if running is not None:
        what = f"the live release is {running.live_release_id}"
    else:
        drifted = "; ".join(map(drift_text, drift(live, newest_first)))
        what = drifted or "no release is live"
    raise NotCurrentRelease(
        f"release {expected} is no longer live: {what}",
        "check `deploytool status` and `deploytool history`, then request the rollback again",
    )


def _without_commands(steps: Iterable[Step]) -> Iterator[Step]:
    """A rollback often runs where the tools of the user's own check are not installed: it must not fail for that."""
    for step in steps:
        if not isinstance(step, Verify):
            yield step
        elif step.url or step.bake:
            yield replace(step, command=())


_SHORTEST_HASH = 7


def require_version(version: Record, expected: str) -> None:
    """Raise NotCurrentRelease unless ``version`` was approved: by its release id, or by (the start of) its commit."""
    names = ("", version.live_release_id, version.release_id)
    is_commit = len(expected) >= _SHORTEST_HASH and version.commit.sha.startswith(expected.lower())
    if expected not in names and not is_commit:
        raise NotCurrentRelease(
            f"{expected} is not live in {version.environment}: release {version.live_release_id} of commit "
            f"{version.commit.short} is",
            "approve that one, or wait until what was approved is live",
        )


def _successful(newest_first: Iterable[Record]) -> dict[str, Record]:
    return {record.release_id: record for record in newest_first if record.successful}


def rollback_plan(
    request: ReleaseRequest,
    settings: EnvironmentConfig,
    live: ObservedState,
    goal: Record,
    revisions: Mapping[str, TaskDefinition],
    newest_first: Sequence[Record],
    only: Collection[str] = (),
) -> Plan:
    """Every service (or ``only`` those) on the revision that ran under ``goal``.

    ``revisions`` are the task definitions of ``goal.running``, by service key. One that is missing or INACTIVE refuses
    the rollback before anything changed; problems of a service that stays do not. Raises ReleasePreconditionFailed with
    every reason at once.
    """
    keys = [key for key in live.services if not only or key in only]
    all_services = live.services
    settings = replace(settings, services={key: settings.services[key] for key in keys})
    live = replace(live, services={key: live.services[key] for key in keys})
    problems = [*precondition_failures(settings, live), *_missing_revisions(goal, revisions, keys)]
    if problems:
        raise ReleasePreconditionFailed(tuple(dict.fromkeys(problems)))
    changes = tuple(
        replace(_change(key, live, goal, revisions[key]), steady=float(settings.services[key].steady)) for key in keys
    )
    moving = tuple(change for change in changes if not change.unchanged)
    if not moving and (failed := tuple(problem for change in changes for problem in live_but_failed(change))):
        raise ReleasePreconditionFailed(failed)
    steps: list[Step] = []
    already_running = () if moving or _is_recorded(goal, newest_first, keys, all_services) else changes
    if moving:
        steps.append(DeployServices(moving, float(max(settings.services[change.key].timeout for change in moving))))
    steps.extend(_without_commands(checks(settings, live, moving or already_running)))
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
        staying={
            key: service.state.task_definition
            for key, service in all_services.items()
            if key not in keys and service.state.task_definition != goal.running.get(key)
        },
    )


def _is_recorded(
    goal: Record, newest_first: Sequence[Record], keys: Iterable[str], live: Mapping[str, ObservedService]
) -> bool:
    """Whether the ledger already names what the rollback would make live; ``live`` is every service.

    It does not where the services came to that version outside deploytool.
    """
    last = last_successful(newest_first)
    if last is None:
        return False
    if all(service.state.task_definition == goal.running.get(key) for key, service in live.items()):
        return last.live_release_id == goal.live_release_id
    return all(last.running.get(key) == goal.running.get(key) for key in keys)


def restores_whole_release(goal: Record, plan: Plan, live: Mapping[str, ObservedService]) -> bool:
    """Whether every service then runs what it ran under ``goal``.

    Where only some are rolled back, the result is a version that no release ever was: neither a promotion nor the next
    rollback may take it for ``goal``.
    """
    after = {key: service.state.task_definition for key, service in live.items()}
    after |= {change.key: change.revision or "" for change in plan.changes}
    return all(after[key] == goal.running.get(key) for key in live)


def _change(key: str, live: ObservedState, goal: Record, revision: TaskDefinition) -> ServiceUpdate:
    service = live.services[key]
    return ServiceUpdate(
        key=key,
        name=service.state.name,
        base=service.task_definition,
        images={},
        previous_revision=service.state.task_definition,
        before=service.state,
        commit_before=service.commit,
        diff=diff(service.task_definition, revision),
        unchanged=service.state.task_definition == goal.running[key],
        revision=goal.running[key],
    )


def _missing_revisions(goal: Record, revisions: Mapping[str, TaskDefinition], keys: Iterable[str]) -> list[Problem]:
    problems = []
    for key in keys:
        definition = revisions.get(key)
        name = revision(goal.running.get(key, ""))
        if not name:
            problems.append(Problem(
                f"release {goal.release_id} has no revision of {key}", f"exclude {key}: name the others with --service"
            ))  # fmt: skip
        elif definition is None or definition.get("status") == "INACTIVE":
            problems.append(Problem(
                f"{name}, which {key} ran under release {goal.release_id}, is INACTIVE: ECS cannot run it",
                "choose a release whose revisions are ACTIVE, or release its commit again",
            ))  # fmt: skip
    return problems


def _migrated_since(goal: Record, newest_first: Iterable[Record]) -> tuple[str, ...]:
    since = [record for record in newest_first if record.started_at > goal.started_at and record.migration.ran]
    if not since:
        return ()
    commits = ", ".join(record.commit.short for record in since)
    schema = "check that the old version supports the new schema"
    return (f"migrations since release {goal.release_id} ({commits}) are not reverted; {schema}",)


def rollback_target(newest_first: Sequence[Record], restores: str = "") -> RollbackTarget | None:
    """What a rollback restores once the current change is live: the release that is live now.

    If the change is itself a rollback to ``restores``: the one that was live before that.
    """
    by_id = _successful(newest_first)
    last = last_successful(newest_first)
    name = by_id[restores].previous if restores in by_id else last.live_release_id if last and not restores else ""
    goal = by_id.get(name)
    return RollbackTarget(goal.release_id, goal.commit) if goal else None


def rolled_back_release(newest_first: Sequence[Record]) -> RolledBackRelease | None:
    """The release that is live now, and will not be once a rollback is done."""
    last = last_successful(newest_first)
    live = next((record for record in newest_first if last and record.release_id == last.live_release_id), None)
    return RolledBackRelease(live.request) if live else None


def replaced_release(newest_first: Sequence[Record]) -> ReplacedRelease | None:
    """What made the live version live, and the comments that say so; ``None`` where there are none."""
    last = last_successful(newest_first)
    return ReplacedRelease(last.release_id, last.github.comments) if last and last.github.comments else None
