"""Take a plan's steps in order; if one fails, every service that was updated goes back, and the outcome says why."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import assert_never

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import DeploymentState, ServiceRollout
from deploytool.errors import BuildError, DeployError, LeaseLost, SupersededBy
from deploytool.release.events import Ended, Explained, Planned, StepBegan, StepEnded, WarningIssued
from deploytool.release.images import build, gate, name_images, register_revisions
from deploytool.release.model import (
    REVERTED,
    Build,
    DeployServices,
    Migrate,
    Outcome,
    Plan,
    Result,
    ServiceOutcome,
    ServiceUpdate,
    Steady,
    Step,
    StepName,
    Timing,
    Verify,
)
from deploytool.release.ports import Cancelled, Dependencies
from deploytool.release.rollout import (
    NOT_OURS_TO_REVERT,
    check_unchanged,
    record_best_effort,
    refresh,
    request_revert,
    require_ownership,
    revert_services,
    update_services,
    watch_rollouts,
)
from deploytool.release.steady import NotSteady, TaskStopped, TaskWatch, running_already
from deploytool.release.summary import summary
from deploytool.release.tasks import MigrationFailed, migrate
from deploytool.release.verify import explained_by_log, last_log_lines, verify


class StepFailed(Exception):
    """A step failed after services were updated."""

    def __init__(self, result: Result) -> None:
        self.result = result


def run(plan: Plan, deps: Dependencies) -> Outcome:
    """Release as planned. Every failure a user can meet becomes an Outcome; ``deps.emit`` gets each event."""
    began = deps.clock.monotonic()
    release = Release(plan, deps, {name: choice.digest for name, choice in plan.images.items() if choice.digest})
    deps.emit(Planned(plan))
    result, cause = _result(release)
    for service in (*release.rollouts.values(), *release.reverts.values()):
        release.diagnoses.extend(service.explained)
    services = release.services()
    outcome = Outcome(
        plan=plan,
        result=result,
        summary=summary(plan, result, services, cause),
        services=services,
        diagnoses=tuple(dict.fromkeys(release.diagnoses)),
        digests=tuple(release.digests.items()),
        timings=tuple(release.timings),
        seconds=deps.clock.monotonic() - began,
    )
    if not (release.lost and release.rollouts):  # else the record stays open: the new owner of the lock recovers it
        outcome = finalize(outcome, deps)
    deps.emit(Ended(outcome))
    return outcome


def finalize(outcome: Outcome, deps: Dependencies) -> Outcome:
    """Close the release record; the outcome as it may be reported then.

    A ledger that cannot be written changes no outcome. Where the lock was lost since the last check, as by a machine
    that slept, its new owner may have moved what we call live or rolled back.
    """
    try:
        deps.journal.close(outcome)
    except LeaseLost as lost:
        if outcome.services or outcome.plan.already_running:
            text = summary(outcome.plan, Result.SUPERSEDED, outcome.services, lost.cause)
            return replace(outcome, result=Result.SUPERSEDED, summary=text)
        _warn_record_open(lost, deps)
    except DeployError as error:
        _warn_record_open(error, deps)
    return outcome


def _warn_record_open(error: DeployError, deps: Dependencies) -> None:
    deps.emit(WarningIssued(f"the ledger does not show how this release ended: {error.cause}; {error.fix}"))


def _result(release: Release) -> tuple[Result, str]:
    if release.plan.nothing_to_do:
        return Result.NOTHING_TO_DO, ""
    try:
        return _completed_or_reverted(release)
    except Cancelled:
        return (Result.CANCELLED if release.reverts_requested() else Result.ROLLBACK_INCOMPLETE), ""
    except LeaseLost as lost:
        release.lost = True
        # The new owner of the lock recovers what we left: changing anything now could undo its work.
        return Result.SUPERSEDED, lost.cause


def _completed_or_reverted(release: Release) -> tuple[Result, str]:
    try:
        for choice in release.plan.images.values():
            if choice.digest:
                gate(choice, choice.digest, release.deps)
        release.watch_running()
        for step in release.plan.steps:
            release.run_step(step)
        release.confirm()
    except StepFailed as failed:
        return release.revert(failed.result), ""
    except LeaseLost:
        raise
    except SupersededBy as superseded:
        return release.revert(Result.SUPERSEDED), superseded.cause
    except Cancelled:
        return (Result.CANCELLED if release.cancel() else Result.ROLLBACK_INCOMPLETE), ""
    except MigrationFailed as failed:
        release.explain(failed.diagnosis)
        return Result.MIGRATION_FAILED, failed.cause
    except BuildError as error:
        release.explain(Diagnosis("build-failed", error.cause, error.fix))
        return Result.BUILD_FAILED, error.cause
    except DeployError as error:
        release.explain(Diagnosis("stopped", error.cause, error.fix))
        if not release.rollouts and not release.migrated:
            return Result.REFUSED, error.cause
        return release.revert(Result.ROLLED_BACK), error.cause
    except Exception as error:  # noqa: BLE001  (an error of our own must not leave services on two versions)
        trace = "".join(traceback.format_exception(error)[-3:])
        cause = f"internal error: {error!r}"
        release.explain(Diagnosis("internal-error", cause, "report it with this traceback", quote=trace))
        return release.revert(Result.FAILED), f"{type(error).__name__}: {error}"
    if release.plan.only_migrates:
        return Result.MIGRATED, ""
    name_images(release.plan, release.digests, release.deps)
    return Result.RELEASED, ""


@dataclass
class Release:
    """What one run has done so far, and how it is reverted."""

    plan: Plan
    deps: Dependencies
    digests: dict[str, str] = field(default_factory=dict)
    """By image name: those that the registry held, and those built."""
    revisions: dict[str, str] = field(default_factory=dict)
    """Service key, or ``migrate``, to the ARN registered or reused."""
    rollouts: dict[str, ServiceRollout] = field(default_factory=dict)
    """By service key: to the new revision."""
    reverts: dict[str, ServiceRollout] = field(default_factory=dict)
    """By service key: to the previous revision."""
    migrated: bool = False
    lost: bool = False
    """Another run has the lock: it recovers what this one left."""
    diagnoses: list[Diagnosis] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)
    tasks: TaskWatch = field(init=False)
    """Of services whose rollout completed."""

    def __post_init__(self) -> None:
        self.tasks = TaskWatch(self.deps)

    def run_step(self, step: Step) -> None:
        """Raises what the step raises; StepFailed where it failed after services were updated."""
        self.deps.clock.sleep(0)  # a cancellation that came during other work stops this step before it begins
        name, detail = _described(step)
        began = self.deps.clock.monotonic()
        self.deps.lease.check()
        self.deps.journal.step_began(name, detail)
        self.deps.emit(StepBegan(name, detail))
        succeeded = False
        try:
            match step:
                case Build():
                    self.digests |= build(step, self.plan, self.deps)
                case Migrate():
                    self._register()
                    migrate(step, self.revisions["migrate"], self.deps, self.plan.request.release_id, self.plan.tags)
                    self.migrated = True
                case DeployServices():
                    self._register()
                    self._deploy(step)
                case Verify():
                    self._watching(lambda: self._verify(step))
                case Steady():
                    self._watching(lambda: self.tasks.wait_until_steady(step))
                case _ as never:
                    assert_never(never)
            succeeded = True
        finally:
            seconds = self._step_ended(name, succeeded, began)
            self.deps.journal.step_ended(name, succeeded, seconds)

    def _step_ended(self, name: StepName, succeeded: bool, began: float) -> float:
        seconds = self.deps.clock.monotonic() - began
        self.timings.append(Timing(name, seconds))
        self.deps.emit(StepEnded(name, succeeded, seconds))
        return seconds

    def _register(self) -> None:
        if not self.revisions:
            self.revisions = register_revisions(self.plan, self.digests, self.deps)

    def _deploy(self, step: DeployServices) -> None:
        check_unchanged(step.services, self.deps)
        updates = [(change.key, change.before, self.revisions[change.key]) for change in step.services]
        began = update_services(updates, self.deps, on_update=self._keep_rollout)
        ended = watch_rollouts(began, step.timeout, self.deps, stop_early=True, on_update=self._keep_rollout)
        states = {service.status.state for service in ended}
        if states == {DeploymentState.SUCCEEDED}:
            self.tasks.add(ended)
            return
        failed = {DeploymentState.ROLLED_BACK, DeploymentState.ROLLING_BACK, DeploymentState.FAILED}
        if DeploymentState.REPLACED in states and not states & failed:
            raise StepFailed(Result.SUPERSEDED)
        if any(service.will_fail and service.status.state is not DeploymentState.TIMED_OUT for service in ended):
            raise StepFailed(Result.ROLLED_BACK)
        raise StepFailed(Result.TIMED_OUT)

    def _keep_rollout(self, service: ServiceRollout) -> None:
        self.rollouts[service.key] = service

    def _keep_revert(self, service: ServiceRollout) -> None:
        self.reverts[service.key] = service

    def watch_running(self) -> None:
        """Services that run the version already are watched from the begin."""
        self.tasks.add(filter(None, map(running_already, self.plan.already_running)))

    def _watching(self, check: Callable[[], None]) -> None:
        try:
            check()
        except TaskStopped as stopped:
            self.rollouts |= {service.key: service for service in stopped.services if service.key in self.rollouts}
            for diagnosis in stopped.diagnoses:
                self.explain(diagnosis)
            raise StepFailed(Result.ROLLED_BACK) from stopped
        except NotSteady as replaced:
            self.explain(replaced.diagnosis)
            raise StepFailed(Result.TIMED_OUT) from replaced

    def _verify(self, step: Verify) -> None:
        if diagnosis := verify(step, self.plan, self.deps, self.tasks):
            if service := self.rollouts.get(step.service):
                diagnosis = explained_by_log(diagnosis, last_log_lines(service.rollout, self.deps))
            self.explain(diagnosis)
            raise StepFailed(Result.ROLLED_BACK)

    def confirm(self) -> None:
        """Before success is claimed: the lock is still ours, and every service where it was brought.

        Verification and later stages take minutes, in which a service that was live may have been updated by another
        client. Raises StepFailed, LeaseLost.
        """
        if self.plan.already_running:
            require_ownership(self.deps)
            check_unchanged(self.plan.already_running, self.deps)
        if not self.rollouts:
            return
        require_ownership(self.deps)
        if len([step for step in self.plan.steps if isinstance(step, (DeployServices, Verify, Steady))]) == 1:
            return
        self._refresh()
        states = {service.status.state for service in self.rollouts.values()}
        if states != {DeploymentState.SUCCEEDED}:
            superseded = states <= {DeploymentState.SUCCEEDED, DeploymentState.REPLACED}
            raise StepFailed(Result.SUPERSEDED if superseded else Result.ROLLED_BACK)

    def _refresh(self) -> None:
        self.rollouts |= {service.key: service for service in refresh(tuple(self.rollouts.values()), self.deps)}

    def explain(self, diagnosis: Diagnosis) -> None:
        """Report a reason now, and keep it for the outcome."""
        self.diagnoses.append(diagnosis)
        self.deps.emit(Explained(diagnosis))

    def revert(self, result: Result) -> Result:
        """Bring every updated service to its previous revision, and wait until it is there.

        ``result`` where all of them are known to be; else ROLLBACK_INCOMPLETE. Raises LeaseLost, Cancelled.
        """
        timeout = max((step.timeout for step in self.plan.steps if isinstance(step, DeployServices)), default=0.0)

        def wait() -> bool:
            services = tuple(self.rollouts.values())
            try:
                revert_services(services, self.plan.changes, timeout, self.deps, self._keep_revert)
            except (LeaseLost, Cancelled):  # where it was cancelled, all are on their way: only the waiting ends
                raise
            except DeployError as error:
                self.explain(Diagnosis("revert-failed", error.cause, error.fix))
            return all(self._is_reverted(service) for service in services)

        return result if self._reverting(wait) else Result.ROLLBACK_INCOMPLETE

    def cancel(self) -> bool:
        """As ``revert``, without waiting. True where AWS accepted all of it. Raises LeaseLost."""

        def request() -> bool:
            try:
                request_revert(tuple(self.rollouts.values()), self.plan.changes, self.deps, self._keep_revert)
            except LeaseLost:
                raise
            except DeployError as error:
                self.explain(Diagnosis("revert-failed", error.cause, error.fix))
                return False
            return True

        return self._reverting(request)

    def _reverting(self, action: Callable[[], bool]) -> bool:
        if not self.rollouts:
            return True
        began, succeeded = self.deps.clock.monotonic(), False
        self._refresh()
        try:
            succeeded = action()
        except LeaseLost:
            raise
        except Cancelled:
            self._revert_ended(began, succeeded=False)
            raise
        self._revert_ended(began, succeeded=succeeded)
        return succeeded

    def _revert_ended(self, began: float, *, succeeded: bool) -> None:
        seconds = self._step_ended(StepName.REVERT, succeeded, began)
        record_best_effort(self.deps, lambda: self.deps.journal.step_ended(StepName.REVERT, succeeded, seconds))

    def reverts_requested(self) -> bool:
        """Every updated service is on its way to its previous revision, or needs nothing of us."""
        latest = {key: self.reverts.get(key, service).status.state for key, service in self.rollouts.items()}
        return all(
            state in NOT_OURS_TO_REVERT or (state is DeploymentState.IN_PROGRESS and key in self.reverts)
            for key, state in latest.items()
        )

    def _is_reverted(self, service: ServiceRollout) -> bool:
        if revert := self.reverts.get(service.key):
            return revert.status.state in REVERTED
        return service.status.state in (DeploymentState.ROLLED_BACK, DeploymentState.REPLACED)

    def services(self) -> tuple[ServiceOutcome, ...]:
        """Where each service that was updated is now."""
        return tuple(self._service(change) for change in self.plan.changes if change.key in self.rollouts)

    def _service(self, change: ServiceUpdate) -> ServiceOutcome:
        rollout, revert = self.rollouts[change.key], self.reverts.get(change.key)
        latest = (revert or rollout).state
        return ServiceOutcome(
            key=change.key,
            name=change.name,
            status=rollout.status,
            running=latest.task_definition if latest else change.previous_revision,
            before=change.previous_revision,
            after=self.revisions.get(change.key),
            revert=revert.status if revert else None,
        )


def _described(step: Step) -> tuple[StepName, str]:
    match step:
        case Build():
            return StepName.BUILD, ", ".join(step.images)
        case Migrate():
            return StepName.MIGRATE, step.family
        case DeployServices():
            return StepName.DEPLOY, ", ".join(change.key for change in step.services)
        case Verify():
            return StepName.VERIFY, step.url or " ".join(step.command) or ", ".join(step.alarms)
        case Steady():
            return StepName.VERIFY, ", ".join(f"{change.key} for {change.steady:g} s" for change in step.services)
        case _ as never:
            assert_never(never)
