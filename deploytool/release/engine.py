"""The last note of a release, and what may still be claimed when it cannot be written."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from deploytool.diagnosis import Diagnosis
from deploytool.ecs.deployment_model import DeploymentState
from deploytool.errors import BuildError, DeployError, LeaseLost, SupersededBy
from deploytool.release.events import Ended, Explained, Planned, StepBegan, StepEnded, WarningIssued
from deploytool.release.failures import ServiceRollout
from deploytool.release.images import build, gate, register_revisions
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
    Step,
    StepName,
    Timing,
    Verify,
)
from deploytool.release.ports import Cancelled, Dependencies
from deploytool.release.rollout import (
    SETTLED,
    check_unchanged,
    record_best_effort,
    refresh,
    request_revert,
    require_ownership,
    revert_services,
    update_services,
    watch_rollouts,
)
from deploytool.release.summary import summary
from deploytool.release.tasks import MigrationFailed, migrate
from deploytool.release.verify import last_log_lines, verify

# SEG run.close
# The last note of a release, and what may still be claimed when it cannot be written.


def finalize(outcome: Outcome, deps: Dependencies) -> Outcome:
    """The outcome as it may be told, once the ledger has it.

    What happened has happened: a ledger that cannot be written changes no outcome. Where the lock was taken away since
    the last look, as from a machine that slept, whoever has it may have moved what we call live or back.
    """
    try:
        deps.journal.close(outcome)
    except LeaseLost as lost:
        if outcome.services or outcome.plan.already_running:
            words = summary(outcome.plan, Result.SUPERSEDED, outcome.services, lost.cause)
            return replace(outcome, result=Result.SUPERSEDED, summary=words)
        _warn_unfinished(lost, deps)
    except DeployError as error:
        _warn_unfinished(error, deps)
    return outcome


def _warn_unfinished(error: DeployError, deps: Dependencies) -> None:
    deps.emit(WarningIssued(f"the ledger does not show how this release ended: {error.cause}; {error.fix}"))


# SEG run.release
# What one run has done so far, and how it is undone: steps taken, services moved, services sent back.

NAMES: dict[type, StepName] = {
    Build: StepName.BUILD,
    Migrate: StepName.MIGRATE,
    DeployServices: StepName.DEPLOY,
    Verify: StepName.VERIFY,
}


class StepFailed(Exception):
    """A step ended badly after services moved."""

    def __init__(self, result: Result) -> None:
        self.result = result


@dataclass
class Release:
    """What one run has done so far."""

    plan: Plan
    deps: Dependencies
    digests: dict[str, str] = field(default_factory=dict)
    """By image name: those that the registry held, and those built."""
    revisions: dict[str, str] = field(default_factory=dict)
    """Service key, or ``migrate``, to the ARN registered or reused."""
    moved: dict[str, ServiceRollout] = field(default_factory=dict)
    back: dict[str, ServiceRollout] = field(default_factory=dict)
    """By service key, as ``moved``: its way back, where it was sent."""
    migrated: bool = False
    lost: bool = False
    """Another run has the lock: it settles what this one left."""
    diagnoses: list[Diagnosis] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)

    def take(self, step: Step) -> None:
        """One step, timed. Raises what the step raises; StepFailed where it failed after services changed."""
        self.deps.clock.sleep(0)  # who asked to stop while something else was busy finds this step not begun
        name = NAMES[type(step)]
        began = self.deps.clock.monotonic()
        self.deps.lease.check()
        self.deps.journal.step_began(name, _about(step))
        self.deps.emit(StepBegan(name, _about(step)))
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
                    self._roll_out(step)
                case Verify():
                    self._verify(step)
            succeeded = True
        finally:
            seconds = self.deps.clock.monotonic() - began
            self.timings.append(Timing(name, seconds))
            self.deps.emit(StepEnded(name, succeeded, seconds))
            self.deps.journal.step_ended(name, succeeded, seconds)

    def _register(self) -> None:
        if not self.revisions:
            self.revisions = register_revisions(self.plan, self.digests, self.deps)

    def _roll_out(self, step: DeployServices) -> None:
        check_unchanged(step.services, self.deps)
        wanted = [(change.key, change.before, self.revisions[change.key]) for change in step.services]
        began = update_services(wanted, self.deps, began=self._moved)
        ended = watch_rollouts(began, step.timeout, self.deps, stop_early=True, seen=self._moved)
        fates = {service.status.state for service in ended}
        if fates == {DeploymentState.SUCCEEDED}:
            return
        if DeploymentState.REPLACED in fates and not fates & {
            DeploymentState.ROLLED_BACK,
            DeploymentState.ROLLING_BACK,
            DeploymentState.FAILED,
        }:
            raise StepFailed(Result.SUPERSEDED)
        hopeless = any(service.will_fail and service.status.state is not DeploymentState.TIMED_OUT for service in ended)
        raise StepFailed(Result.ROLLED_BACK if hopeless else Result.TIMED_OUT)

    def _moved(self, service: ServiceRollout) -> None:
        self.moved[service.key] = service

    def _verify(self, step: Verify) -> None:
        if why := verify(step, self.deps):
            there = self.moved.get(step.service)
            self.tell_why(replace(why, log=last_log_lines(there.rollout, self.deps)) if there else why)
            raise StepFailed(Result.ROLLED_BACK)

    def tell_why(self, diagnosis: Diagnosis) -> None:
        """Tell a reason now, and keep it for the outcome."""
        self.diagnoses.append(diagnosis)
        self.deps.emit(Explained(diagnosis))

    def undo(self) -> bool:
        """Put back whatever moved. True where every service is known to be back. Raises LeaseLost, Cancelled."""
        if not self.moved:
            return True
        self._look_again()
        moved = list(self.moved.values())
        timeout = max(step.timeout for step in self.plan.steps if isinstance(step, DeployServices))
        began = self.deps.clock.monotonic()
        try:
            revert_services(moved, self.plan.changes, timeout, self.deps, self._returned)
        except LeaseLost:
            raise
        except Cancelled:  # all of them were sent back: only waiting for them ends here
            self._put_back_ended(began, succeeded=False)
            raise
        except DeployError as error:
            self.tell_why(Diagnosis("put-back-failed", error.cause, error.fix))
        succeeded = all(self._is_back(service) for service in moved)
        self._put_back_ended(began, succeeded=succeeded)
        return succeeded

    def _put_back_ended(self, began: float, *, succeeded: bool) -> None:
        seconds = self.deps.clock.monotonic() - began
        self.timings.append(Timing(StepName.REVERT, seconds))
        self.deps.emit(StepEnded(StepName.REVERT, succeeded, seconds))
        record_best_effort(self.deps, lambda: self.deps.journal.step_ended(StepName.REVERT, succeeded, seconds))

    def confirm(self) -> None:
        """Before success is claimed: the environment is ours still, and every service where it was brought.

        Verification and later stages take minutes, in which somebody else may have moved a service that was live.
        Raises StepFailed, LeaseLost.
        """
        if self.plan.already_running:
            require_ownership(self.deps)
            check_unchanged(self.plan.already_running, self.deps)
        if not self.moved:
            return
        require_ownership(self.deps)
        if len([step for step in self.plan.steps if isinstance(step, (DeployServices, Verify))]) == 1:
            return
        self._look_again()
        fates = {service.status.state for service in self.moved.values()}
        if fates != {DeploymentState.SUCCEEDED}:
            raise StepFailed(
                Result.SUPERSEDED
                if fates <= {DeploymentState.SUCCEEDED, DeploymentState.REPLACED}
                else Result.ROLLED_BACK
            )

    def _look_again(self) -> None:
        self.moved |= {each.key: each for each in refresh(tuple(self.moved.values()), self.deps)}

    def is_going_back(self) -> bool:
        """Every service that moved was sent back, or needs nothing of us."""
        ways = {key: self.back.get(key, there).status for key, there in self.moved.items()}
        return all(
            way.state in SETTLED or (way.state is DeploymentState.IN_PROGRESS and key in self.back)
            for key, way in ways.items()
        )

    def cancel(self) -> bool:
        """Send back whatever moved, without waiting. True where AWS accepted all of it. Raises LeaseLost."""
        if not self.moved:
            return True
        began, succeeded = self.deps.clock.monotonic(), True
        self._look_again()
        try:
            request_revert(tuple(self.moved.values()), self.plan.changes, self.deps, self._returned)
        except LeaseLost:
            raise
        except DeployError as error:
            self.tell_why(Diagnosis("put-back-failed", error.cause, error.fix))
            succeeded = False
        self._put_back_ended(began, succeeded=succeeded)
        return succeeded

    def _returned(self, service: ServiceRollout) -> None:
        self.back[service.key] = service

    def _is_back(self, service: ServiceRollout) -> bool:
        way = self.back.get(service.key)
        if way is not None:
            return way.status.state in REVERTED
        return service.status.state in (DeploymentState.ROLLED_BACK, DeploymentState.REPLACED)

    def services(self) -> tuple[ServiceOutcome, ...]:
        """Where each service that the plan changes stands now."""
        return tuple(self._service(change) for change in self.plan.changes if change.key in self.moved)

    def _service(self, change: ServiceUpdate) -> ServiceOutcome:
        there, back = self.moved[change.key], self.back.get(change.key)
        latest = (back or there).state
        return ServiceOutcome(
            key=change.key,
            name=change.name,
            status=there.status,
            running=latest.task_definition if latest else change.previous_revision,
            before=change.previous_revision,
            after=self.revisions.get(change.key),
            back=back.status if back else None,
        )


def _about(step: Step) -> str:
    match step:
        case Build():
            return ", ".join(step.images)
        case Migrate():
            return step.family
        case DeployServices():
            return ", ".join(change.key for change in step.services)
        case Verify():
            return step.url or ", ".join(step.alarms)


# SEG run.engine
# Take a plan's steps in order; if one fails, leave nothing half done and nothing unsaid.


def run(plan: Plan, deps: Dependencies) -> Outcome:
    """Release as planned. Every failure a user can meet comes back as an Outcome, told through ``world.emit``."""
    began = deps.clock.monotonic()
    release = Release(plan, deps, {name: choice.digest for name, choice in plan.images.items() if choice.digest})
    deps.emit(Planned(plan))
    result, cause = _steps(release)
    watched = (*release.moved.values(), *release.back.values())
    release.diagnoses += [each for service in watched for each in service.explained]
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
    if not (release.lost and release.moved):  # else the record stays open, for whoever has the lock to settle
        outcome = finalize(outcome, deps)
    deps.emit(Ended(outcome))
    return outcome


def _steps(release: Release) -> tuple[Result, str]:
    if release.plan.nothing_to_do:
        return Result.NOTHING_TO_DO, ""
    try:
        return _or_reverted(release, release.plan.steps)
    except Cancelled:
        return (Result.CANCELLED if release.is_going_back() else Result.ROLLBACK_INCOMPLETE), ""
    except LeaseLost as lost:
        release.lost = True
        # Whoever has the lock settles what we left: changing anything now could undo their work.
        return Result.SUPERSEDED, lost.cause


def _or_reverted(release: Release, steps: Sequence[Step]) -> tuple[Result, str]:
    try:
        for choice in release.plan.images.values():
            if choice.digest:
                gate(choice, choice.digest, release.deps)
        for step in steps:
            release.take(step)
        release.confirm()
    except StepFailed as unwell:
        return (unwell.result if release.undo() else Result.ROLLBACK_INCOMPLETE), ""
    except LeaseLost:
        raise
    except SupersededBy as superseded:
        return (Result.SUPERSEDED if release.undo() else Result.ROLLBACK_INCOMPLETE), superseded.cause
    except Cancelled:
        return (Result.CANCELLED if release.cancel() else Result.ROLLBACK_INCOMPLETE), ""
    except MigrationFailed as failed:
        release.tell_why(failed.diagnosis)
        return Result.MIGRATION_FAILED, failed.cause
    except BuildError as error:
        release.tell_why(Diagnosis("build-failed", error.cause, error.fix))
        return Result.BUILD_FAILED, error.cause
    except DeployError as error:
        release.tell_why(Diagnosis("stopped", error.cause, error.fix))
        if not release.moved and not release.migrated:
            return Result.REFUSED, error.cause
        return (Result.ROLLED_BACK if release.undo() else Result.ROLLBACK_INCOMPLETE), error.cause
    except Exception as fault:  # noqa: BLE001  (a fault of ours must not leave services half-way)
        release.tell_why(_internal_diagnosis(fault))
        return (Result.FAILED if release.undo() else Result.ROLLBACK_INCOMPLETE), f"{type(fault).__name__}: {fault}"
    return (Result.MIGRATED if release.plan.only_migrates else Result.RELEASED), ""


def _internal_diagnosis(fault: Exception) -> Diagnosis:
    where = "".join(traceback.format_exception(fault)[-3:])
    return Diagnosis("own-fault", f"deploytool has a fault of its own: {fault!r}", "please report it", quote=where)
