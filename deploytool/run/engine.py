"""Take a plan's steps in order; if one fails, leave nothing half done and nothing unsaid."""

from __future__ import annotations

import traceback
from collections.abc import Sequence

from deploytool.core.diagnosis_model import Diagnosis
from deploytool.core.events import Ended, Planned
from deploytool.core.lease import LeaseLost, SupersededBy
from deploytool.core.outcome import Outcome, Result
from deploytool.core.plan_model import Plan, Step
from deploytool.core.sentence import sentence
from deploytool.errors import BuildError, DeployError
from deploytool.run.build import gate
from deploytool.run.cancel import Cancelled
from deploytool.run.close import close
from deploytool.run.migration import MigrationFailed
from deploytool.run.ports import World
from deploytool.run.release import Release, Unwell


def run(plan: Plan, world: World) -> Outcome:
    """Release as planned. Every failure a user can meet comes back as an Outcome, told through ``world.tell``."""
    began = world.clock.monotonic()
    release = Release(plan, world, {name: choice.digest for name, choice in plan.images.items() if choice.digest})
    world.tell(Planned(plan))
    result, cause = _steps(release)
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


def _steps(release: Release) -> tuple[Result, str]:
    if release.plan.nothing_to_do:
        return Result.NOTHING_TO_DO, ""
    try:
        return _or_undone(release, release.plan.steps)
    except Cancelled:
        return (Result.CANCELLED if release.is_going_back() else Result.NOT_ROLLED_BACK), ""
    except LeaseLost as lost:
        release.lost = True
        # Whoever has the lock settles what we left: changing anything now could undo their work.
        return Result.SUPERSEDED, lost.cause


def _or_undone(release: Release, steps: Sequence[Step]) -> tuple[Result, str]:
    try:
        for choice in release.plan.images.values():
            if choice.digest:
                gate(choice, choice.digest, release.world)
        for step in steps:
            release.take(step)
        release.confirm()
    except Unwell as unwell:
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
