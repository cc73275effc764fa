"""What a release, rollback or promotion would find if it began now: the same refusals, and nothing is changed.

A deed takes the lock and recovers interrupted releases before it plans. Here the lock is only read, and the services
are shown as the recovery would leave them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from deploytool.aws.session import Session
from deploytool.deploy.context import Context, Run, ledger_of, lock_of
from deploytool.deploy.session import NO_LEDGER, RECENT, DeploymentSession, PlannedDeployment, lease_ttl, open_logs
from deploytool.ecs.client import Ecs
from deploytool.ecs.model import ServiceState, revision
from deploytool.errors import PermissionMissing
from deploytool.ledger.lock import Locked, LockStep, margin_of, next_step
from deploytool.ledger.lock_store import utc_now
from deploytool.ledger.record import Record
from deploytool.ledger.recovery import expected_revisions, last_that_moved
from deploytool.release.events import Event


class RecoveredEcs(Ecs):
    """The cluster, with services on the revisions that a recovery will have brought them to."""

    def __init__(self, session: Session, cluster: str) -> None:
        super().__init__(session, cluster)
        self.expected: dict[str, str] = {}
        """Name of a service to its revision's ARN."""

    def services(self, names: Sequence[str]) -> Mapping[str, ServiceState]:
        """DescribeServices, and what is expected instead."""
        states = dict(super().services(names))
        for name in self.expected.keys() & states.keys():
            states[name] = _settled(states[name], self.expected[name])
        return states


def _settled(state: ServiceState, arn: str) -> ServiceState:
    primary = state.primary
    deployments = (replace(primary, task_definition=arn, rollout_state="COMPLETED"),) if primary else ()
    return replace(state, task_definition=arn, deployments=deployments)


def foresee(
    context: Context,
    run: Run,
    plan: Callable[[DeploymentSession], PlannedDeployment],
    *,
    needs_ledger: bool = False,
) -> tuple[PlannedDeployment, tuple[str, ...]]:
    """The plan, and what comes before or around it. Raises whatever the deed would raise before it changes anything.

    Who may only plan may lack the permission to read the ledger: a release is planned without, and that is said.
    """
    notes: list[str] = []
    ecs, ledger = RecoveredEcs(context.session, context.settings.cluster), None
    if context.settings.ledger is None:
        notes.append(NO_LEDGER)
    else:
        try:
            require_unlocked(context, run)
            ledger = ledger_of(context)
            for record in _to_recover(ledger.unfinished(), ledger.recent(RECENT)):
                notes += _recover(record, ecs)
        except PermissionMissing as denied:
            if needs_ledger:
                raise
            ledger = None
            notes.append(f"lock and ledger were not checked: {denied.cause}; {denied.fix}")
    with open_logs(context.session) as logs:
        planned = plan(DeploymentSession(context, run, _ignore, ecs, logs, None, ledger))
    return planned, tuple(notes)


def require_unlocked(context: Context, run: Run) -> None:
    """Raise Locked where a release that begins now, and does not wait, would."""
    lock, now = lock_of(context), utc_now()
    state = lock.read()
    if state is not None and next_step(state, run.id, now, "refuse", margin_of(lease_ttl())) is LockStep.REFUSE:
        raise Locked(lock.environment, state, now)


def _to_recover(unfinished: Sequence[Record], recent: Sequence[Record]) -> tuple[Record, ...]:
    """As ``session.recover_interrupted`` chooses."""
    last = last_that_moved(recent)
    return tuple(unfinished) or ((last,) if last else ())


def _recover(record: Record, ecs: RecoveredEcs) -> list[str]:
    names = {key: service.name for key, service in record.services.items()}
    states = ecs.services(list(names.values()))
    by_key = {key: states[name] for key, name in names.items() if name in states}
    expected = expected_revisions(record, by_key)
    ecs.expected |= {names[key]: arn for key, arn in expected.items()}
    if record.finished and not expected:
        return []
    moved = ", ".join(f"{key} → {revision(arn)}" for key, arn in expected.items())
    end = "was cancelled or failed, and is still rolling back" if record.finished else "did not finish"
    what = f" ({moved})" if moved else ""
    return [f"release {record.release_id} ({record.commit.short}) {end}: it is recovered first{what}"]


def _ignore(_event: Event) -> None:
    """Nobody listens to a plan."""


def require_scanned(planned: PlannedDeployment) -> None:
    """Raise ScanBlocked where an image that the registry holds has findings that its gate does not allow."""
    images = planned.images
    if images is None:
        return
    for choice in planned.plan.images.values():
        if choice.digest and (refusal := images.scan_refusal(choice, choice.digest)):
            raise refusal
