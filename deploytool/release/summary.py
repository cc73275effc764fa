"""The one sentence that says what a release came to, and which version serves now."""

from __future__ import annotations

from collections.abc import Sequence

from deploytool.ecs.deployment_model import DeploymentState
from deploytool.ecs.model import revision
from deploytool.release.model import Plan, Result, ServiceOutcome


def summary(plan: Plan, result: Result, services: Sequence[ServiceOutcome], cause: str = "") -> str:
    """True in every case: where services differ, each is named with the revision it serves."""
    what = f"{plan.request.app} {plan.request.commit.short}"
    where = plan.request.environment
    match result:
        case Result.RELEASED if plan.already_running:
            there = ", ".join(
                f"{change.key} on {revision(change.previous_revision)}" for change in plan.already_running
            )
            return f"{what} is live in {where}: every service ran it already ({there})"
        case Result.RELEASED:
            return f"{what} is live in {where}: {_names(services)}"
        case Result.MIGRATED:
            return f"the migration of {what} ran to its end in {where}; no service was changed"
        case Result.NOTHING_TO_DO:
            return f"{what} is already live in {where}; nothing to do"
        case Result.REFUSED if plan.only_migrates:
            return f"the migration of {what} was not run in {where}; nothing was changed: {cause}"
        case Result.REFUSED:
            return f"{what} was not released to {where}; nothing was changed: {cause}"
        case Result.BUILD_FAILED:
            return f"{what} could not be built; no service in {where} was changed: {cause}"
        case Result.MIGRATION_FAILED:
            return f"the migration of {what} failed; no service in {where} was changed: {cause}"
        case Result.ROLLED_BACK:
            return f"{what} failed in {where}; {_back(services)}"
        case Result.TIMED_OUT:
            return f"{what} did not settle in {where} in time; {_back(services)}"
        case Result.ROLLBACK_INCOMPLETE:
            return f"{what} failed in {where} and NOT every service is back: {_each(services)}. Someone must look now"
        case Result.SUPERSEDED:
            why = f"({cause})" if cause else "by another deployment"
            return f"{what} was superseded in {where} {why}: {_each(services)}"
        case Result.CANCELLED:
            name = f"the migration of {what}" if plan.only_migrates else what
            return f"{name} was cancelled in {where}; {_going(services)}"
        case _:  # FAILED is all that is left
            return f"{what} failed in {where} by a fault of deploytool itself: {cause}; {_each(services)}"


def _names(services: Sequence[ServiceOutcome]) -> str:
    return ", ".join(f"{service.key} on {revision(service.running)}" for service in services) or "every service"


def _back(services: Sequence[ServiceOutcome]) -> str:
    if not services:
        return "no service was changed"
    left = [service for service in services if service.status.state is DeploymentState.REPLACED]
    older = [each for each in services if _reverted_by_ecs(each) and each.running != each.before]
    back = [f"{each.key} on {revision(each.running)}" for each in services if each not in left and each not in older]
    foreign = [f"{service.key} left on {revision(service.running)}, which somebody else deployed" for service in left]
    reverted = [f"ECS reverted {each.key} to {revision(each.running)}, the last that had completed" for each in older]
    return "; ".join([f"back on the version before: {', '.join(back)}"] * bool(back) + reverted + foreign)


def _reverted_by_ecs(service: ServiceOutcome) -> bool:
    return (service.back or service.status).state is DeploymentState.ROLLED_BACK


def _going(services: Sequence[ServiceOutcome]) -> str:
    if not services:
        return "no service was changed"
    ways = ", ".join(
        f"{service.key} {'is on its way back to' if service.back else 'is on'} {revision(service.before)}"
        for service in services
    )
    return f"{ways}; deploytool status shows when they are there"


def _each(services: Sequence[ServiceOutcome]) -> str:
    return ", ".join(f"{service.key} serves {revision(service.running)}" for service in services) or "no service moved"
