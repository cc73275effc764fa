"""Take a plan's steps in order; if one fails, leave nothing half done and nothing unsaid."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.events import Ended, Explained, Planned, StepBegan, StepEnded
from deploytool.core.lease import LeaseLost, SupersededBy
from deploytool.core.outcome import BACK, Outcome, Result, ServiceOutcome, Timing
from deploytool.core.plan_model import Build, Migrate, Plan, RollOut, ServiceChange, Step, Verify
from deploytool.core.sentence import sentence
from deploytool.core.verdict_model import Fate
from deploytool.errors import BuildError, DeployError
from deploytool.run.build import build, gate
from deploytool.run.cancel import Cancelled
from deploytool.run.close import close
from deploytool.run.migration import MigrationFailed, migrate
from deploytool.run.overtaken import as_planned
from deploytool.run.ports import World
from deploytool.run.put_back import PUT_BACK, SETTLED, look_again, put_back, send_back
from deploytool.run.register import register
from deploytool.run.rollout import Watched, noted, still_ours, update, watch
from deploytool.run.verify import last_words, verify

NAMES: dict[type, str] = {Build: "build", Migrate: "migrate", RollOut: "roll out", Verify: "verify"}


class _Unwell(Exception):
    """A step ended badly after services moved."""

    def __init__(self, result: Result) -> None:
        self.result = result


@dataclass
class _Release:
    """What one run has done so far."""

    plan: Plan
    world: World
    digests: dict[str, str] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)
    """Service key, or ``migrate``, to the ARN registered or reused."""
    moved: dict[str, Watched] = field(default_factory=dict)
    back: dict[str, Watched] = field(default_factory=dict)
    migrated: bool = False
    lost: bool = False
    """Another run has the lock: it settles what this one left."""
    diagnoses: list[Diagnosis] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)

    def take(self, step: Step) -> None:
        """One step, timed and told."""
        self.world.clock.sleep(0)  # who asked to stop while something else was busy finds this step not begun
        name = NAMES[type(step)]
        began = self.world.clock.monotonic()
        self.world.lease.check()
        self.world.journal.step_began(name, _about(step))
        self.world.tell(StepBegan(name, _about(step)))
        good = False
        try:
            match step:
                case Build():
                    self.digests |= build(step, self.plan, self.world)
                case Migrate():
                    self._register()
                    migrate(step, self.revisions["migrate"], self.world, self.plan.request.release_id, self.plan.tags)
                    self.migrated = True
                case RollOut():
                    self._register()
                    self._roll_out(step)
                case Verify():
                    self._verify(step)
            good = True
        finally:
            seconds = self.world.clock.monotonic() - began
            self.timings.append(Timing(name, seconds))
            self.world.tell(StepEnded(name, good, seconds))
            self.world.journal.step_ended(name, good, seconds)

    def _register(self) -> None:
        if not self.revisions:
            self.revisions = register(self.plan, self.digests, self.world)

    def _roll_out(self, step: RollOut) -> None:
        as_planned(step, self.world)
        wanted = [(change.key, change.before, self.revisions[change.key]) for change in step.services]
        began = update(wanted, self.world, began=self._moved)
        ended = watch(began, step.timeout, self.world, stop_early=True, seen=self._moved)
        fates = {service.verdict.fate for service in ended}
        if fates == {Fate.LIVE}:
            return
        if Fate.SUPERSEDED in fates and not fates & {Fate.ROLLED_BACK, Fate.ROLLING_BACK, Fate.FAILED}:
            raise _Unwell(Result.SUPERSEDED)
        hopeless = any(service.hopeless and service.verdict.fate is not Fate.TIMED_OUT for service in ended)
        raise _Unwell(Result.ROLLED_BACK if hopeless else Result.OUT_OF_TIME)

    def _moved(self, service: Watched) -> None:
        self.moved[service.key] = service

    def _verify(self, step: Verify) -> None:
        if why := verify(step, self.world):
            there = self.moved.get(step.service)
            self.tell_why(replace(why, log=last_words(there.rollout, self.world)) if there else why)
            raise _Unwell(Result.ROLLED_BACK)

    def tell_why(self, diagnosis: Diagnosis) -> None:
        """Tell a reason now, and keep it for the outcome."""
        self.diagnoses.append(diagnosis)
        self.world.tell(Explained(diagnosis))

    def undo(self) -> bool:
        """Put back whatever moved. True where every service is known to be back."""
        if not self.moved:
            return True
        self._look_again()
        moved = list(self.moved.values())
        timeout = max(step.timeout for step in self.plan.steps if isinstance(step, RollOut))
        began = self.world.clock.monotonic()
        try:
            put_back(moved, self.plan.changes, timeout, self.world, self._returned)
        except LeaseLost:
            raise
        except Cancelled:  # all of them were sent back: only waiting for them ends here
            self._put_back_ended(began, good=False)
            raise
        except DeployError as error:
            self.tell_why(Diagnosis("put-back-failed", error.cause, error.fix))
        good = all(self._is_back(service) for service in moved)
        self._put_back_ended(began, good=good)
        return good

    def _put_back_ended(self, began: float, *, good: bool) -> None:
        seconds = self.world.clock.monotonic() - began
        self.timings.append(Timing(PUT_BACK, seconds))
        self.world.tell(StepEnded(PUT_BACK, good, seconds))
        noted(self.world, lambda: self.world.journal.step_ended(PUT_BACK, good, seconds))

    def confirm(self) -> None:
        """Before success is claimed: the environment is ours still, and every service where it was brought.

        Verification and later stages take minutes, in which somebody else may have moved a service that was live.
        """
        if not self.moved:
            return
        still_ours(self.world)
        if len([step for step in self.plan.steps if isinstance(step, (RollOut, Verify))]) == 1:
            return
        self._look_again()
        fates = {service.verdict.fate for service in self.moved.values()}
        if fates != {Fate.LIVE}:
            raise _Unwell(Result.SUPERSEDED if fates <= {Fate.LIVE, Fate.SUPERSEDED} else Result.ROLLED_BACK)

    def _look_again(self) -> None:
        self.moved |= {each.key: each for each in look_again(tuple(self.moved.values()), self.world)}

    def is_going_back(self) -> bool:
        """Every service that moved was sent back, or needs nothing of us."""
        ways = {key: self.back.get(key, there).verdict for key, there in self.moved.items()}
        return all(way.fate in SETTLED or (way.fate is Fate.WAITING and key in self.back) for key, way in ways.items())

    def cancel(self) -> bool:
        """Send back whatever moved, without waiting. True where AWS accepted all of it."""
        if not self.moved:
            return True
        began, good = self.world.clock.monotonic(), True
        self._look_again()
        try:
            send_back(tuple(self.moved.values()), self.plan.changes, self.world, self._returned)
        except LeaseLost:
            raise
        except DeployError as error:
            self.tell_why(Diagnosis("put-back-failed", error.cause, error.fix))
            good = False
        self._put_back_ended(began, good=good)
        return good

    def _returned(self, service: Watched) -> None:
        self.back[service.key] = service

    def _is_back(self, service: Watched) -> bool:
        way = self.back.get(service.key)
        if way is not None:
            return way.verdict.fate in BACK
        return service.verdict.fate in (Fate.ROLLED_BACK, Fate.SUPERSEDED)

    def services(self) -> tuple[ServiceOutcome, ...]:
        """Where each service that the plan changes stands now."""
        return tuple(self._service(change) for change in self.plan.changes if change.key in self.moved)

    def _service(self, change: ServiceChange) -> ServiceOutcome:
        there, back = self.moved[change.key], self.back.get(change.key)
        latest = (back or there).state
        return ServiceOutcome(
            key=change.key,
            name=change.name,
            verdict=there.verdict,
            serving=latest.task_definition if latest else change.back_to,
            before=change.back_to,
            after=self.revisions.get(change.key),
            back=back.verdict if back else None,
        )


def run(plan: Plan, world: World) -> Outcome:
    """Release as planned. Every failure a user can meet comes back as an Outcome, told through ``world.tell``."""
    began = world.clock.monotonic()
    release = _Release(plan, world, {name: choice.digest for name, choice in plan.images.items() if choice.digest})
    world.tell(Planned(plan))
    result, cause = _steps(release, plan.steps)
    watched = (*release.moved.values(), *release.back.values())
    release.diagnoses += [each for service in watched for each in service.explained]
    services = release.services()
    outcome = Outcome(
        plan=plan,
        result=result,
        sentence=sentence(plan, result, services, cause),
        services=services,
        diagnoses=tuple(dict.fromkeys(release.diagnoses)),
        digests=tuple(release.digests.items()),
        timings=tuple(release.timings),
        seconds=world.clock.monotonic() - began,
    )
    if not (release.lost and release.moved):  # else the record stays open, for whoever has the lock to settle
        outcome = close(outcome, world)
    world.tell(Ended(outcome))
    return outcome


def _steps(release: _Release, steps: Sequence[Step]) -> tuple[Result, str]:
    if not steps:
        return Result.NOTHING_TO_DO, ""
    try:
        return _or_undone(release, steps)
    except Cancelled:
        return (Result.CANCELLED if release.is_going_back() else Result.NOT_ROLLED_BACK), ""
    except LeaseLost as lost:
        release.lost = True
        # Whoever has the lock settles what we left: changing anything now could undo their work.
        return Result.SUPERSEDED, lost.cause


def _or_undone(release: _Release, steps: Sequence[Step]) -> tuple[Result, str]:
    try:
        for choice in release.plan.images.values():
            if choice.digest:
                gate(choice, choice.digest, release.world)
        for step in steps:
            release.take(step)
        release.confirm()
    except _Unwell as unwell:
        return (unwell.result if release.undo() else Result.NOT_ROLLED_BACK), ""
    except LeaseLost:
        raise
    except SupersededBy as superseded:
        return (Result.SUPERSEDED if release.undo() else Result.NOT_ROLLED_BACK), superseded.cause
    except Cancelled:
        return (Result.CANCELLED if release.cancel() else Result.NOT_ROLLED_BACK), ""
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
        return (Result.ROLLED_BACK if release.undo() else Result.NOT_ROLLED_BACK), error.cause
    except Exception as fault:  # noqa: BLE001  (a fault of ours must not leave services half-way)
        release.tell_why(_own(fault))
        return (Result.FAILED if release.undo() else Result.NOT_ROLLED_BACK), f"{type(fault).__name__}: {fault}"
    return (Result.MIGRATED if release.plan.only_migrates else Result.RELEASED), ""


def _own(fault: Exception) -> Diagnosis:
    where = "".join(traceback.format_exception(fault)[-3:])
    return Diagnosis("own-fault", f"deploytool has a fault of its own: {fault!r}", "please report it", quote=where)


def _about(step: Step) -> str:
    match step:
        case Build():
            return ", ".join(step.images)
        case Migrate():
            return step.family
        case RollOut():
            return ", ".join(change.key for change in step.services)
        case Verify():
            return step.url or ", ".join(step.alarms)
