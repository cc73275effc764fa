"""What one run has done so far, and how it is undone: steps taken, services moved, services sent back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.events import Explained, StepBegan, StepEnded
from deploytool.core.lease import LeaseLost
from deploytool.core.outcome import BACK, Result, ServiceOutcome, Timing
from deploytool.core.plan_model import Build, Migrate, Plan, RollOut, ServiceChange, Step, Verify
from deploytool.core.verdict_model import Fate
from deploytool.errors import DeployError
from deploytool.run.build import build
from deploytool.run.cancel import Cancelled
from deploytool.run.migration import migrate
from deploytool.run.overtaken import as_planned
from deploytool.run.ports import World
from deploytool.run.put_back import PUT_BACK, SETTLED, look_again, put_back, send_back
from deploytool.run.register import register
from deploytool.run.rollout import noted, still_ours, update, watch
from deploytool.run.verify import last_words, verify
from deploytool.run.watched import Watched

NAMES: dict[type, str] = {Build: "build", Migrate: "migrate", RollOut: "roll out", Verify: "verify"}


class Unwell(Exception):
    """A step ended badly after services moved."""

    def __init__(self, result: Result) -> None:
        self.result = result


@dataclass
class Release:
    """What one run has done so far."""

    plan: Plan
    world: World
    digests: dict[str, str] = field(default_factory=dict)
    """By image name: those that the registry held, and those built."""
    revisions: dict[str, str] = field(default_factory=dict)
    """Service key, or ``migrate``, to the ARN registered or reused."""
    moved: dict[str, Watched] = field(default_factory=dict)
    back: dict[str, Watched] = field(default_factory=dict)
    """By service key, as ``moved``: its way back, where it was sent."""
    migrated: bool = False
    lost: bool = False
    """Another run has the lock: it settles what this one left."""
    diagnoses: list[Diagnosis] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)

    def take(self, step: Step) -> None:
        """One step, timed and told. Raises what the step raises; Unwell where it ended badly after services moved."""
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
        as_planned(step.services, self.world)
        wanted = [(change.key, change.before, self.revisions[change.key]) for change in step.services]
        began = update(wanted, self.world, began=self._moved)
        ended = watch(began, step.timeout, self.world, stop_early=True, seen=self._moved)
        fates = {service.verdict.fate for service in ended}
        if fates == {Fate.LIVE}:
            return
        if Fate.SUPERSEDED in fates and not fates & {Fate.ROLLED_BACK, Fate.ROLLING_BACK, Fate.FAILED}:
            raise Unwell(Result.SUPERSEDED)
        hopeless = any(service.hopeless and service.verdict.fate is not Fate.TIMED_OUT for service in ended)
        raise Unwell(Result.ROLLED_BACK if hopeless else Result.OUT_OF_TIME)

    def _moved(self, service: Watched) -> None:
        self.moved[service.key] = service

    def _verify(self, step: Verify) -> None:
        if why := verify(step, self.world):
            there = self.moved.get(step.service)
            self.tell_why(replace(why, log=last_words(there.rollout, self.world)) if there else why)
            raise Unwell(Result.ROLLED_BACK)

    def tell_why(self, diagnosis: Diagnosis) -> None:
        """Tell a reason now, and keep it for the outcome."""
        self.diagnoses.append(diagnosis)
        self.world.tell(Explained(diagnosis))

    def undo(self) -> bool:
        """Put back whatever moved. True where every service is known to be back. Raises LeaseLost, Cancelled."""
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
        Raises Unwell, LeaseLost.
        """
        if self.plan.already_running:
            still_ours(self.world)
            as_planned(self.plan.already_running, self.world)
        if not self.moved:
            return
        still_ours(self.world)
        if len([step for step in self.plan.steps if isinstance(step, (RollOut, Verify))]) == 1:
            return
        self._look_again()
        fates = {service.verdict.fate for service in self.moved.values()}
        if fates != {Fate.LIVE}:
            raise Unwell(Result.SUPERSEDED if fates <= {Fate.LIVE, Fate.SUPERSEDED} else Result.ROLLED_BACK)

    def _look_again(self) -> None:
        self.moved |= {each.key: each for each in look_again(tuple(self.moved.values()), self.world)}

    def is_going_back(self) -> bool:
        """Every service that moved was sent back, or needs nothing of us."""
        ways = {key: self.back.get(key, there).verdict for key, there in self.moved.items()}
        return all(way.fate in SETTLED or (way.fate is Fate.WAITING and key in self.back) for key, way in ways.items())

    def cancel(self) -> bool:
        """Send back whatever moved, without waiting. True where AWS accepted all of it. Raises LeaseLost."""
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
