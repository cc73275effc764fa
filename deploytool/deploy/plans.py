"""Look, then plan: shared by ``release`` and ``plan``, so that a plan shown is the plan taken."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from deploytool.config.errors import did_you_mean
from deploytool.config.model import EnvironmentConfig
from deploytool.deploy import git
from deploytool.deploy.context import Context
from deploytool.deploy.images import Images
from deploytool.deploy.inspect import inspect, inspect_services, preflight
from deploytool.deploy.session import DeploymentSession, PlannedDeployment
from deploytool.ecs.client import Ecs
from deploytool.ecs.model import TaskDefinition
from deploytool.errors import ConfigurationError, NotFound
from deploytool.images.ecr import registry_of
from deploytool.ledger.record import Kind, Record, version_of
from deploytool.ledger.rollback_target import (
    NoRollbackTarget,
    RollbackRequest,
    require_current,
    restores_whole_release,
    rollback_plan,
    target,
)
from deploytool.ledger.store import Ledger
from deploytool.release.model import (
    ObservedState,
    Plan,
    Problem,
    PublishedImage,
    ReleaseRequest,
    TriggeredBy,
)
from deploytool.release.planner import ReleasePreconditionFailed, migration_plan, migrations_in, only_migration, plan
from deploytool.release.ports import Clock

# SEG cli.decide
# Look, then plan: shared by ``release`` and ``plan``, so that a plan shown is the plan taken.


LiveVersion = Callable[[], Record | None]
"""Reads of the ledger which release's version is live; called only where that matters."""


def plan_release(
    project: Context, ecs: Ecs, request: ReleaseRequest, clock: Clock, version: LiveVersion
) -> PlannedDeployment:
    """Everything a release would do. Raises ReleasePreconditionFailed with every reason at once, and CloudError."""
    settings = project.settings
    host = registry_host(project)
    images = Images(project.session, settings, project.commit, host, project.root, clock)
    live = inspect(project.session, ecs, settings, images.find, templates(project.root, settings))
    found = make_plan(request, project, live, host, version)
    return PlannedDeployment(with_migration_files(found, project, found.commit_before), live.services, images)


def with_migration_files(found: Plan, project: Context, before: str) -> Plan:
    """Which migration files the plan brings beside those of commit ``before``, as far as this clone knows."""
    migrate = project.settings.migrate
    if migrate is None or found.nothing_to_do:
        return found
    files = migrations_in(git.added(project.root, before, found.request.commit.sha), migrate.files)
    return replace(found, migration_files=files)


def request_for(project: Context, release_id: str, origin: TriggeredBy) -> ReleaseRequest:
    """This project's commit, wished for now."""
    settings = project.settings
    return ReleaseRequest(
        release_id,
        settings.app,
        settings.environment,
        project.commit,
        origin,
        settings.github_environment,
        settings.production,
    )


def make_plan(request: ReleaseRequest, project: Context, live: ObservedState, host: str, version: LiveVersion) -> Plan:
    """The plan, or every reason against it at once.

    The ledger is read only where no service would move. Secrets, roles and log groups are looked up only where there
    is something to do: it costs a second.
    """
    released = None
    try:
        first = plan(request, project.settings, live, host)
        if first.already_running:
            released = version()
            first = plan(request, project.settings, live, host, released)
    except ReleasePreconditionFailed:
        first = None
    if first is not None and first.nothing_to_do:
        return first
    definitions = [live.templates.get(key, service.task_definition) for key, service in live.services.items()]
    if migrate := live.templates.get("migrate", live.migrate):
        definitions.append(migrate)
    problems, warnings = preflight(project.session, definitions)
    live = replace(live, problems=live.problems + problems, warnings=live.warnings + warnings)
    return plan(request, project.settings, live, host, released)


def registry_host(project: Context) -> str:
    """``DEPLOYTOOL_REGISTRY`` (the sandbox sets it), else the account's ECR, asked for only where it is not written."""
    if host := os.environ.get("DEPLOYTOOL_REGISTRY"):
        return host
    return registry_of(project.account, project.settings.region)


def templates(root: Path, settings: EnvironmentConfig) -> dict[str, TaskDefinition]:
    """Task definition files named in the configuration, by service key and ``migrate``."""
    named = {key: service.template for key, service in settings.services.items() if service.template}
    if settings.migrate and settings.migrate.template:
        named["migrate"] = settings.migrate.template
    return {key: _template(root / path, f"template of {key}") for key, path in named.items()}


def _template(path: Path, what: str) -> Mapping[str, Any]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{what}: {path} cannot be read: {error.strerror}", "correct the path") from error
    except ValueError as error:
        raise ConfigurationError(f"{what}: {path} is not JSON: {error}", "correct the file") from error
    definition = read.get("taskDefinition", read) if isinstance(read, dict) else None
    if not isinstance(definition, dict) or "containerDefinitions" not in definition:
        raise ConfigurationError(f"{what}: {path} has no containerDefinitions", "write a task definition into it")
    # A file made with `aws ecs describe-task-definition` names a revision; as a template it must not.
    return {key: value for key, value in definition.items() if key != "taskDefinitionArn"}


# SEG cli.decide_promotion
# What is live in one environment, planned for another: its digests are taken, nothing is built.


def plan_promotion(deployment: DeploymentSession, source: str) -> PlannedDeployment:
    """The plan. Raises NoRollbackTarget where nothing is live there, ReleasePreconditionFailed, CloudError."""
    version = live_in(deployment, source)
    project = deployment.project.at(version.commit)
    settings = project.settings
    host = registry_host(project)
    images = Images(project.session, settings, version.commit, host, project.root, deployment.clock)
    missing: list[Problem] = []

    def find(name: str) -> PublishedImage | None:
        if digest := version.images.get(name):
            if held := images.find_digest(name, digest):
                return held
            repository = settings.images[name].repository
            missing.append(Problem(
                f"repository {repository} does not hold image {name} {digest[:19]}… that runs in {source}",
                "let both environments use one repository, or replicate it",
            ))  # fmt: skip
        return None

    live = inspect(project.session, deployment.ecs, settings, find, templates(project.root, settings))
    live = replace(live, problems=live.problems + tuple(missing))
    request = request_for(project, deployment.release_id, deployment.triggered_by)
    plan = make_plan(request, project, live, host, deployment.version)
    if unbuilt := [name for name, choice in plan.images.items() if choice.digest is None]:
        raise ReleasePreconditionFailed((Problem(
            f"{source} runs no image {', '.join(unbuilt)}, and a promotion builds nothing",
            f"release commit {version.commit.short} instead",
        ),))  # fmt: skip
    return PlannedDeployment(plan, live.services, None, Kind.PROMOTE)


def live_in(deployment: DeploymentSession, source: str) -> Record:
    """The release whose version is live in ``source``."""
    elsewhere = deployment.project.elsewhere(source)
    settings = elsewhere.settings
    if settings.ledger is None:
        raise NoRollbackTarget(f"{source} has no ledger (ledger: false)", "release the commit instead")
    return version_live(Ledger(elsewhere.session, settings.ledger, settings.app, source).recent(), source)


def version_live(records: Sequence[Record], environment: str) -> Record:
    """The release, of records newest first, whose version is live. Raises NoRollbackTarget."""
    version = version_of(records)
    if version is None:
        raise NoRollbackTarget(f"nothing was released to {environment} yet", "release there first")
    return version


# SEG cli.decide_migration
# The migration alone: of a commit, its image built where it is missing, or of the version that is live.


def plan_migration(deployment: DeploymentSession, *, of_live: bool) -> PlannedDeployment:
    """The plan. Raises NotSettled, NoMigration, NoRollbackTarget, ReleasePreconditionFailed, CloudError."""
    deployment.require_settled()
    project = deployment.project
    only_migration(project.settings)  # raises before anything is looked up
    version = _live_migration(deployment) if of_live else None
    project = project.at(version.commit) if version else project
    settings, host = only_migration(project.settings), registry_host(project)
    images = Images(project.session, settings, project.commit, host, project.root, deployment.clock)
    find = partial(_as_released, images, version) if version else images.find
    files = templates(project.root, replace(settings, services={}))
    live = inspect(project.session, deployment.ecs, settings, find, files)
    base = live.templates.get("migrate", live.migrate)
    problems, warnings = preflight(project.session, [base] if base else [])
    live = replace(live, problems=live.problems + problems, warnings=live.warnings + warnings)
    plan = migration_plan(request_for(project, deployment.release_id, deployment.triggered_by), settings, live, host)
    before = next((service.commit for service in live.services.values()), "")
    # No service in the record: none is touched, so the record says of none what should serve.
    return PlannedDeployment(with_migration_files(plan, project, before), {}, None if version else images, Kind.MIGRATE)


def _live_migration(deployment: DeploymentSession) -> Record:
    environment = deployment.project.settings.environment
    if deployment.ledger is None:
        raise NoRollbackTarget(
            f"{environment} has no ledger (ledger: false), which would know what is live", "give --commit"
        )
    return version_live(deployment.records(), environment)


def _as_released(images: Images, version: Record, name: str) -> PublishedImage:
    """By the digest that was released, else (it was released without a migration) by its commit's tag; never built."""
    digest = version.images.get(name)
    if held := images.find_digest(name, digest) if digest else images.find(name):
        return held
    raise NoRollbackTarget(
        f"the registry does not hold image {name} of release {version.release_id}, which is live",
        f"run the migration of its commit, which builds it again: --commit {version.commit.short}",
    )


# SEG cli.decide_rollback
# Look at what is live and at what was, then plan the way back.


def plan_rollback(deployment: DeploymentSession, rollback: RollbackRequest) -> PlannedDeployment:
    """The plan. Raises NoRollbackTarget, NotCurrentRelease, ReleasePreconditionFailed, CloudError."""
    settings = deployment.project.settings
    for key in rollback.services:
        if key not in settings.services:
            raise ConfigurationError(
                f'there is no service "{key}" in deploytool.yml', did_you_mean(key, settings.services)
            )
    if deployment.ledger is None:
        raise NoRollbackTarget(
            "this environment has no ledger (ledger: false)", "go back with the service's own revisions"
        )
    records = deployment.records()
    if rollback.expect_current:
        require_current(records, rollback.expect_current)
    goal = target(records, rollback.goal, rollback.steps)
    project = deployment.project.at(goal.commit)
    keys = rollback.services or tuple(project.settings.services)
    live = _observed_for_rollback(deployment, project.settings, keys)
    revisions = _revisions(deployment, goal, keys)
    host = registry_host(project)
    images = Images(project.session, project.settings, goal.commit, host, project.root, deployment.clock)
    live = replace(live, problems=live.problems + tuple(_missing_images(revisions, images)))
    request = request_for(project, deployment.release_id, deployment.triggered_by)
    plan = rollback_plan(request, project.settings, live, goal, revisions, records, rollback.services)
    # Where only some services go back, the next rollback takes the others there too.
    whole = restores_whole_release(goal, plan, live.services)
    restores, previous = (goal.live_release_id, "") if whole else ("", goal.live_release_id)
    return PlannedDeployment(plan, live.services, None, Kind.ROLLBACK, restores, previous)


def _observed_for_rollback(
    deployment: DeploymentSession, settings: EnvironmentConfig, keys: Collection[str]
) -> ObservedState:
    """Every service, for the record; what is wrong, of those that go back alone. Migrations have no part in it."""
    session, ecs = deployment.project.session, deployment.ecs
    wanted = replace(settings, migrate=None, services={key: settings.services[key] for key in keys})
    live = inspect(session, ecs, wanted, lambda _: None, {})
    others = {key: service for key, service in settings.services.items() if key not in keys}
    if not others:
        return live
    found, _ = inspect_services(session, ecs, replace(settings, services=others))
    together = {**live.services, **found}
    return replace(live, services={key: together[key] for key in settings.services if key in together})


def _revisions(deployment: DeploymentSession, goal: Record, keys: Collection[str]) -> dict[str, TaskDefinition]:
    found = {}
    for key in keys:
        try:
            if key in goal.running:
                found[key] = deployment.ecs.task_definition(goal.running[key])
        except NotFound:
            # Deleted for good; the plan refuses to go there, and says so.
            continue
    return found


def _missing_images(revisions: Mapping[str, TaskDefinition], images: Images) -> Iterator[Problem]:
    """Images that the old revisions name by digest and the registry no longer holds."""
    names = {
        str(container["image"])
        for definition in revisions.values()
        for container in definition["containerDefinitions"]
        if "@sha256:" in str(container["image"])
    }
    with ThreadPoolExecutor(max_workers=8) as pool:
        for name, held in zip(sorted(names), pool.map(images.held, sorted(names)), strict=True):
            if not held:
                yield Problem(
                    f"the registry no longer holds {name}", "choose a newer release, or release that commit again"
                )
