"""The one sentence that says what a release came to, and which revision each service runs now."""

from __future__ import annotations

from collections.abc import Sequence

from deploytool.ecs.deployment_model import DeploymentState
from deploytool.ecs.model import revision
from deploytool.release.model import Plan, Result, ServiceOutcome


def summary(plan: Plan, result: Result, services: Sequence[ServiceOutcome], cause: str = "") -> str:
    """True in every case: where services differ, each is named with the revision that it runs."""
    what = f"{plan.request.app} {plan.request.commit.short}"
    where = plan.request.environment
    match result:
        case Result.RELEASED if plan.already_running:
            running = [f"{change.key} on {revision(change.previous_revision)}" for change in plan.already_running]
            return f"{what} is live in {where}: every service already runs it ({', '.join(running)})"
        case Result.RELEASED if plan.staying:
            moved = f"{_names(services)}; " if services else ""
            others = ", ".join(f"{key} stays on {revision(arn)}" for key, arn in plan.staying.items())
            return f"{what} is live in {where} in part: {moved}{others}"
        case Result.RELEASED:
            return f"{what} is live in {where}: {_names(services) or 'every service'}"
        case Result.MIGRATED:
            return f"the migration of {what} completed in {where}; no service was changed"
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
            return f"{what} failed in {where}; {_rolled_back(services)}"
        case Result.TIMED_OUT:
            return f"{what} timed out waiting for the deployment in {where}; {_rolled_back(services)}"
        case Result.ROLLBACK_INCOMPLETE:
            return f"{what} failed in {where}; ROLLBACK INCOMPLETE: {_running(services)}; manual action required"
        case Result.SUPERSEDED:
            why = f"({cause})" if cause else "by another deployment"
            return f"{what} was superseded in {where} {why}: {_running(services)}"
        case Result.CANCELLED:
            name = f"the migration of {what}" if plan.only_migrates else what
            return f"{name} was cancelled in {where}; {_rolling_back(services)}"
        case _:  # FAILED is all that is left
            return f"{what} failed in {where} by an internal error: {cause}; {_running(services)}"


def _names(services: Sequence[ServiceOutcome]) -> str:
    return ", ".join(f"{service.key} on {revision(service.running)}" for service in services)


def _rolled_back(services: Sequence[ServiceOutcome]) -> str:
    if not services:
        return "no service was changed"
    foreign = [service for service in services if service.status.state is DeploymentState.REPLACED]
    older = [each for each in services if _reverted_by_ecs(each) and each.running != each.before]
    previous = [service for service in services if service not in foreign and service not in older]
    parts = [f"ECS rolled {each.key} back to {revision(each.running)}, its last completed deployment" for each in older]
    parts += [f"{each.key} stays on {revision(each.running)}, deployed by another client" for each in foreign]
    if previous:
        parts.insert(0, f"{'' if parts else 'all services were '}rolled back: {_names(previous)}")
    return "; ".join(parts)


def _reverted_by_ecs(service: ServiceOutcome) -> bool:
    return (service.revert or service.status).state is DeploymentState.ROLLED_BACK


def _rolling_back(services: Sequence[ServiceOutcome]) -> str:
    if not services:
        return "no service was changed"
    states = ", ".join(
        f"{each.key} {'is rolling back to' if each.revert else 'is on'} {revision(each.before)}" for each in services
    )
    return f"{states}; `deploytool status` shows when they have"


def _running(services: Sequence[ServiceOutcome]) -> str:
    return ", ".join(f"{each.key} runs {revision(each.running)}" for each in services) or "no service was changed"
