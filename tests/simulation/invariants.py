"""What must hold whatever happens: at each change, at the end of each process, and at the end of all."""

from __future__ import annotations

from deploytool.errors import Exit
from deploytool.ledger.record import StepState
from deploytool.release.model import Result, ServiceUpdate
from tests.simulation.process import End, Process
from tests.simulation.site import SERVICES, Broke, Site
from tests.support.fake_ecs.deployment import moment
from tests.support.fake_ecs.ecs import LAG

UNCHANGED = frozenset({Exit.PRECONDITION_FAILED, Exit.BUILD_FAILED, Exit.MIGRATION_FAILED, Exit.LOCKED})
GONE_BACK = frozenset({Exit.ROLLED_BACK, Exit.TIMEOUT})


def at_change(site: Site, process: Process, operation: str, about: str, revision: str) -> None:
    """Whoever changes something has the lock, and the ledger knows of it already."""
    site.note(f"{process.id} {operation} {about} {revision.rsplit('/', 1)[-1]}")
    process.changed.append((operation, about))
    if operation == "StopTask":  # of its own migration, whose end whoever has the lock waits for
        return
    _require(site.table.lock.owner == process.id, f"{process.id} changes ECS without the lock ({operation} {about})")
    if operation == "RunTask":
        others = [arn for arn in site.ecs.migrations.running() if site.ecs.migrations.started[arn].token != about]
        _require(not others, f"{process.id} starts a migration beside {', '.join(others)}")
    _recorded(site, process, operation, about, revision)


def _recorded(site: Site, process: Process, operation: str, about: str, revision: str) -> None:
    if process.settling is not None:
        left = site.table.records[process.settling.release_id]
        _require(not left.finished, f"{process.id} settles {left.release_id}, of which the ledger says that it ended")
        return
    record = site.table.records[process.id]
    open_steps = [step.name for step in record.steps if step.state is StepState.BEGAN]
    reverting = "roll back" in open_steps
    if operation == "UpdateService" and not reverting and not site.table.down:
        _require(record.services[about].after == revision, f"the ledger does not know that {about} moves to {revision}")
    if operation in ("RunTask", "RegisterTaskDefinition"):
        _require(bool(open_steps), f"the ledger knows of no step in which {operation} belongs")


def at_end(site: Site, process: Process, end: End, began: float) -> None:
    """What a process says of its end is true."""
    _require(end.exit is not Exit.INTERNAL_ERROR, f"{process.id} ended by a fault of its own: {_said(end)}")
    if end.exit is None:
        return
    _require(
        site.table.lock.owner != process.id or site.table.down,
        f"{process.id} ended and did not free the lock",
    )
    touched = {name for name, at in site.foreign.items() if at >= began}
    moved = {about for operation, about in process.changed if operation in ("UpdateService", "StopServiceDeployment")}
    if end.exit is Exit.MIGRATION_FAILED:
        mine = moved if not end.settled else set()
        _require(not mine, f"{process.id} says that the migration failed, and changed {mine}")
    if end.outcome is None:
        _require(
            process.settling is None or bool(_unfinished(site)) or site.table.down,
            f"{process.id} could not settle {process.settling}, and nobody will again",
        )
        return
    changes = [change for change in end.outcome.plan.changes if change.key not in touched]
    if end.outcome.result is Result.RELEASED:
        _all_released(site, process, end)
    elif end.exit in UNCHANGED:
        _require(
            site.live() == process.before or bool(touched), f"{process.id} says that no service changed, and one did"
        )
    elif end.exit in GONE_BACK or (end.exit is Exit.SUPERSEDED and not touched and not process.lost):
        for change in changes:
            _is_back(site, process, change, end)


def claims(site: Site, process: Process, end: End) -> None:
    """Of one that stood still while another worked: success is claimed only where it is true."""
    _require(end.exit is not Exit.INTERNAL_ERROR, f"{process.id} ended by a fault of its own: {_said(end)}")
    ended = site.table.records[process.id].ended_at if process.id in site.table.records else None
    if ended is not None and ended < moment(site.clock.now - LAG):
        return  # it stood still after its end was written: what it said was true then
    if end.outcome is not None and end.outcome.result is Result.RELEASED:
        _all_released(site, process, end)


def later(site: Site, process: Process, end: End, began: float) -> None:
    """Once ECS has had its time, what was on its way is there."""
    if end.outcome is None or end.exit is not Exit.CANCELLED:
        return
    touched = {name for name, at in site.foreign.items() if at >= began}
    for change in end.outcome.plan.changes:
        if change.key not in touched:
            _is_back(site, process, change, end)


def one_release(site: Site, process: Process, end: End) -> None:
    """Services are of one release, or somebody was told that they are not, or made them so."""
    there = tuple(site.live().items())
    if end.exit in (Exit.OK, Exit.ROLLBACK_INCOMPLETE):
        site.told_to_look = end.exit is Exit.ROLLBACK_INCOMPLETE
    if end.exit is None or not site.mixed() or there in site.said_mixed:
        return
    told = end.exit in (Exit.ROLLBACK_INCOMPLETE, Exit.CANCELLED) or any(
        settled.result is Result.ROLLBACK_INCOMPLETE for settled in end.settled
    )
    if told or site.told_to_look or "foreign" in site.live().values():
        site.said_mixed.add(there)
        return
    _require(bool(_unfinished(site)), f"{process.id} left two releases live and says: {_said(end)}")


def at_last(site: Site, process: Process, end: End) -> None:
    """After all faults are over, one release ends well and everything is its."""
    _require(end.exit is Exit.OK, f"nothing is wrong any more, and {process.id} says: {_said(end)}")
    _all_released(site, process, end)
    _require(set(site.live().values()) == {process.id}, f"services are on {site.live()}")
    _require(not _unfinished(site), f"records without an end: {_unfinished(site)}")
    _require(not site.ecs.migrations.running(), "a migration runs still")
    lock = site.table.lock
    _require(not lock.owner or bool(lock.expires and lock.expires < moment(site.clock.now)), f"locked by {lock.owner}")


def _all_released(site: Site, process: Process, end: End) -> None:
    assert end.outcome is not None
    for service in end.outcome.services:
        primary = site.ecs.members[service.name].primary
        if site.clock.now - site.foreign.get(service.name, -1e9) <= LAG + 5.0:
            continue  # deployed by somebody else when nobody could see it yet
        there = primary.revision == service.after and primary.state == "COMPLETED"
        _require(there, f"{process.id} says released; {service.key} is on {primary.revision} ({primary.state})")


def _is_back(site: Site, process: Process, change: ServiceUpdate, end: End) -> None:
    primary = site.ecs.members[change.name].primary
    before = change.before.primary
    # A version that had failed when this release found it runs no better for being put back.
    failing = before is not None and before.rollout_state == "FAILED"
    back = primary.revision == change.previous_revision and (primary.state == "COMPLETED" or failing)
    _require(
        back,
        f"{process.id} is to have put back {change.key}; it is on {primary.revision} ({primary.state}): {_said(end)}",
    )


def _unfinished(site: Site) -> list[str]:
    return [record.release_id for record in site.table.records.values() if not record.finished]


def _said(end: End) -> str:
    said = end.outcome.summary if end.outcome else end.raised.cause if end.raised else "nothing"
    return f"exit {end.exit}: {said}"


def _require(holds: bool, broken: str) -> None:
    if not holds:
        raise Broke(broken)


__all__ = ["SERVICES", "at_change", "at_end", "at_last", "later", "one_release"]
