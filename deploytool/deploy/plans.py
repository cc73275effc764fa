"""What each verb that brings a version plans, from what AWS, the registry and the ledger show now.

One function decides for the plan and for the deed: ``plan`` calls :func:`plan_release`, :func:`plan_promotion` and
:func:`plan_rollback` with a session that has no lock and changes nothing (``deploy.foresight``).
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from deploytool.config.errors import did_you_mean
from deploytool.deploy import git
from deploytool.deploy.context import Context, ledger_of
from deploytool.deploy.images import Images
from deploytool.deploy.inspect import inspect, inspect_rollback, inspect_services, preflight, read_templates
from deploytool.deploy.session import RECENT, DeploymentSession, PlannedDeployment
from deploytool.ecs.client import Ecs
from deploytool.ecs.model import TaskDefinition, revision
from deploytool.errors import ConfigurationError, DeployError, NotFound, PermissionMissing
from deploytool.images.ecr import registry_of
from deploytool.ledger.live import drift, drift_text, failed_before, goes_backwards, overwritten
from deploytool.ledger.record import Kind, Record, version_of
from deploytool.ledger.rollback_target import (
    NoRollbackTarget,
    RollbackRequest,
    require_current,
    require_version,
    restores_whole_release,
    rollback_plan,
    target,
)
from deploytool.release.model import Commit, ObservedState, Plan, Problem, PublishedImage, ReleaseRequest
from deploytool.release.planner import ReleasePreconditionFailed, migration_plan, migrations_in, only_migration, plan
from deploytool.release.ports import Clock


@dataclass(frozen=True)
class Inspection:
    """An environment as it is, with the images of one commit."""

    context: Context
    images: Images
    host: str
    """The registry."""
    live: ObservedState

    def with_preflight(self, definitions: Sequence[TaskDefinition]) -> Inspection:
        """Also the problems and warnings of what these task definitions refer to; it takes a second."""
        live = self.live
        problems, warnings = preflight(self.context.session, live.account, definitions)
        return replace(self, live=replace(live, problems=live.problems + problems, warnings=live.warnings + warnings))


def plan_release(session: DeploymentSession) -> PlannedDeployment:
    """Everything a release of the session's commit would do.

    Raises ReleasePreconditionFailed with every reason at once, ConfigurationError, CloudError.
    """
    context, images = session.context, images_of(session.context, session.run.clock)
    files = read_templates(context.session, context.root, context.settings)
    live = inspect(context.session, session.ecs, context.settings, images.find, files)
    records = session.records()
    release = _make_plan(session.request(context), Inspection(context, images, images.host, live), records)
    release = _with_migration_files(release, context, release.commit_before)
    return PlannedDeployment(_forewarned(release, context, live, records), live.services, images, records=records)


def _forewarned(release: Plan, context: Context, live: ObservedState, records: Sequence[Record]) -> Plan:
    """With what may be regretted: a foreign deployment that is replaced, a commit that failed here, commits dropped."""
    if release.nothing_to_do:
        return release
    commit = release.request.commit
    keys = [change.key for change in release.changes]
    texts = (
        *overwritten(live.services, records, keys),
        *failed_before(commit, records),
        *goes_backwards(commit, _dropped(release, context, records)),
    )
    return replace(release, warnings=(*release.warnings, *texts))


def _dropped(release: Plan, context: Context, records: Sequence[Record]) -> tuple[Commit, ...]:
    """Commits that are live and not in the plan's; none where this clone does not have them, or there is no git."""
    running = {change.commit_before for change in release.concerned if change.commit_before}
    if not running and (version := version_of(records)):
        running = {version.commit.sha}
    dropped = (each for sha in sorted(running) for each in git.between(context.root, release.request.commit.sha, sha))
    return tuple(dict.fromkeys(dropped))


def _make_plan(request: ReleaseRequest, inspection: Inspection, records: Sequence[Record]) -> Plan:
    """The plan, or every reason against it at once.

    Secrets, roles and log groups are looked up only where there is something to do.
    """
    settings, live, host = inspection.context.settings, inspection.live, inspection.host
    released = None
    try:
        draft = plan(request, settings, live, host)
        if draft.already_running:
            released = version_of(records)
            draft = plan(request, settings, live, host, released)
        if draft.nothing_to_do:
            return draft
    except ReleasePreconditionFailed:
        # Raised again below, with what the preflight finds.
        pass
    definitions = [live.templates.get(key, service.task_definition) for key, service in live.services.items()]
    if migrate := live.templates.get("migrate", live.migrate):
        definitions.append(migrate)
    live = inspection.with_preflight(definitions).live
    release = plan(request, settings, live, host, released)
    return replace(release, warnings=(*release.warnings, *_lost_targets(release, live, inspection.images)))


def _lost_targets(release: Plan, live: ObservedState, images: Images) -> Iterator[str]:
    """A failed release cannot be rolled back to a revision whose image is gone: no task of it could start."""
    revisions = {change.key: live.services[change.key].task_definition for change in release.changes}
    gone = set(_missing_images(revisions, images))
    for key, definition in revisions.items():
        for name in sorted(gone & _pinned_images(definition)):
            yield (
                f"{key} cannot be rolled back if this fails: the registry no longer holds {name}, which"
                f" {revision(live.services[key].state.task_definition)} runs"
            )


def _with_migration_files(release: Plan, context: Context, before: str) -> Plan:
    """Which migration files the plan brings beside those of commit ``before``, where this clone has that commit."""
    migrate = context.settings.migrate
    if migrate is None or release.nothing_to_do:
        return release
    files = migrations_in(git.added(context.root, before, release.request.commit.sha), migrate.files)
    return replace(release, migration_files=files)


def images_of(context: Context, clock: Clock) -> Images:
    """The images of a context's commit."""
    return Images(context.session, context.settings, context.commit, registry_host(context), context.root, clock)


def registry_host(context: Context) -> str:
    """``DEPLOYTOOL_REGISTRY`` (the sandbox sets it), else the ECR of the account."""
    if host := os.environ.get("DEPLOYTOOL_REGISTRY"):
        return host
    return registry_of(context.account, context.settings.region)


def plan_promotion(session: DeploymentSession, source: str, expect: str = "") -> PlannedDeployment:
    """The digests that are live in environment ``source``, here; nothing is built.

    ``expect`` is the release, or the beginning of the commit, that must be live there. Raises NoRollbackTarget where
    nothing is, NotCurrentRelease, ReleasePreconditionFailed, CloudError.
    """
    version = _live_in(session.context.elsewhere(source))
    require_version(version, expect)
    context = session.context.at(version.commit)
    files = read_templates(context.session, context.root, context.settings)
    settings, images = context.settings, images_of(context, session.run.clock)
    missing: list[Problem] = []

    def find(name: str) -> PublishedImage | None:
        if digest := version.images.get(name):
            if image := images.find_digest(name, digest):
                return image
            repository = settings.images[name].repository
            missing.append(Problem(
                f"repository {repository} does not hold image {name} {digest[:19]}… that runs in {source}",
                "let both environments use one repository, or replicate it",
            ))  # fmt: skip
        return None

    live = inspect(context.session, session.ecs, settings, find, files)
    live = replace(live, problems=live.problems + tuple(missing))
    records = session.records()
    promotion = _make_plan(session.request(context), Inspection(context, images, images.host, live), records)
    if unbuilt := [name for name, choice in promotion.images.items() if choice.digest is None]:
        raise ReleasePreconditionFailed((Problem(
            f"{source} runs no image {', '.join(unbuilt)}, and a promotion builds nothing",
            f"release commit {version.commit.short} instead",
        ),))  # fmt: skip
    promotion = _forewarned(promotion, context, live, records)
    elsewhere = _drift_in(session.context.elsewhere(source), version)
    promotion = replace(promotion, warnings=(*promotion.warnings, *elsewhere))
    return PlannedDeployment(promotion, live.services, None, Kind.PROMOTE, records=records)


def _drift_in(source: Context, version: Record) -> tuple[str, ...]:
    """Warnings: another environment runs something else than the release that is promoted."""
    name = source.settings.environment
    try:
        services, _ = inspect_services(source.session, Ecs(source.session, source.settings.cluster), source.settings)
        drifted = drift(services, ledger_of(source).recent(RECENT))
    except DeployError as error:
        return (f"whether {name} runs release {version.release_id} could not be read: {error.cause}",)
    return tuple(f"{name}: {drift_text(each)}; what is promoted is {version.commit.short}" for each in drifted)


def _live_in(source: Context) -> Record:
    """The release whose version is live in another environment. Raises NoRollbackTarget."""
    environment = source.settings.environment
    if source.settings.ledger is None:
        raise NoRollbackTarget(f"{environment} has no ledger (ledger: false)", "release the commit instead")
    return _live_version(ledger_of(source).recent(), environment)


def _live_version(records: Sequence[Record], environment: str) -> Record:
    """The release, of records newest first, whose version is live. Raises NoRollbackTarget."""
    version = version_of(records)
    if version is None:
        raise NoRollbackTarget(f"nothing was released to {environment} yet", "release to it first")
    return version


def plan_migration(session: DeploymentSession, *, of_live: bool) -> PlannedDeployment:
    """The migration alone: of the commit, its image built where it is missing, or of the version that is live.

    Raises NotRecovered, NoMigration, NoRollbackTarget, ReleasePreconditionFailed, CloudError.
    """
    session.require_recovered()
    context = session.context
    only_migration(context.settings)  # raises before anything is looked up
    version = _version_to_migrate(session) if of_live else None
    context = context.at(version.commit) if version else context
    settings = only_migration(context.settings)
    files = read_templates(context.session, context.root, replace(settings, services={}))
    images = images_of(context, session.run.clock)
    find = partial(_released_image, images, version) if version else images.find
    live = inspect(context.session, session.ecs, settings, find, files)
    base = live.templates.get("migrate", live.migrate)
    inspection = Inspection(context, images, images.host, live).with_preflight([base] if base else [])
    migration = migration_plan(session.request(context), settings, inspection.live, images.host)
    before = next((service.commit for service in live.services.values()), "")
    migration = _with_migration_files(migration, context, before)
    # No service in the record: none is touched, so the record does not say what should run.
    return PlannedDeployment(migration, {}, None if version else images, Kind.MIGRATE)


def _version_to_migrate(session: DeploymentSession) -> Record:
    environment = session.context.settings.environment
    if session.ledger is None:
        raise NoRollbackTarget(
            f"what is live in {environment} is not recorded: it has no ledger (ledger: false)", "give --commit"
        )
    return _live_version(session.records(), environment)


def _released_image(images: Images, version: Record, name: str) -> PublishedImage:
    """By the digest that was released, else (it was released without a migration) by its commit's tag; never built."""
    digest = version.images.get(name)
    if image := images.find_digest(name, digest) if digest else images.find(name):
        return image
    raise NoRollbackTarget(
        f"the registry does not hold image {name} of release {version.release_id}, which is live",
        f"run the migration of its commit, which builds it again: --commit {version.commit.short}",
    )


def plan_rollback(session: DeploymentSession, rollback: RollbackRequest) -> PlannedDeployment:
    """The plan. Raises NoRollbackTarget, NotCurrentRelease, ReleasePreconditionFailed, CloudError."""
    services = session.context.settings.services
    for key in rollback.services:
        if key not in services:
            raise ConfigurationError(f'there is no service "{key}" in deploytool.yml', did_you_mean(key, services))
    if session.ledger is None:
        raise NoRollbackTarget(
            "this environment has no ledger (ledger: false)", "update the services to a previous revision yourself"
        )
    records = session.records()
    running, _ = inspect_services(session.context.session, session.ecs, session.context.settings)
    if rollback.expect_current:
        require_current(records, running, rollback.expect_current)
    goal = target(records, rollback.to, rollback.steps, live=running)
    context = session.context.at(goal.commit)
    keys = rollback.services or tuple(context.settings.services)
    with ThreadPoolExecutor(max_workers=1) as pool:
        inspection = pool.submit(inspect_rollback, context.session, session.ecs, context.settings, keys, running)
        revisions = _revisions(session.ecs, goal, keys)
        gone = tuple(_missing_images(revisions, images_of(context, session.run.clock)))
        live = inspection.result()
    missing = tuple(
        Problem(f"the registry no longer holds {name}", "choose a newer release, or release that commit again")
        for name in gone
    )
    live = replace(live, problems=live.problems + missing)
    release = rollback_plan(
        session.request(context), context.settings, live, goal, revisions, records, rollback.services
    )
    texts = (
        *overwritten(running, records, [change.key for change in release.changes]),
        *goes_backwards(goal.commit, _dropped(release, context, records)),
    )
    release = replace(release, warnings=(*release.warnings, *texts))
    # Where only some services are rolled back, the next rollback takes the others there too.
    whole = restores_whole_release(goal, release, live.services)
    restores, previous = (goal.live_release_id, "") if whole else ("", goal.live_release_id)
    return PlannedDeployment(release, live.services, None, Kind.ROLLBACK, restores, previous, records)


def _revisions(ecs: Ecs, goal: Record, keys: Collection[str]) -> dict[str, TaskDefinition]:
    def read(arn: str) -> TaskDefinition | None:
        try:
            return ecs.task_definition(arn)
        except NotFound:
            # Deleted for good: the plan refuses to go there, and names it.
            return None

    arns = {key: goal.running[key] for key in keys if key in goal.running}
    with ThreadPoolExecutor(max_workers=8) as pool:
        definitions = zip(arns, pool.map(read, arns.values()), strict=True)
        return {key: definition for key, definition in definitions if definition is not None}


def _missing_images(revisions: Mapping[str, TaskDefinition], images: Images) -> Iterator[str]:
    """Images that these revisions name by digest and the registry no longer holds."""
    names = sorted(set().union(*map(_pinned_images, revisions.values())))
    with ThreadPoolExecutor(max_workers=8) as pool:
        for name, is_held in zip(names, pool.map(partial(_is_held, images), names), strict=True):
            if not is_held:
                yield name


def _pinned_images(definition: TaskDefinition) -> set[str]:
    images = (str(container["image"]) for container in definition["containerDefinitions"])
    return {image for image in images if "@sha256:" in image}


def _is_held(images: Images, name: str) -> bool:
    """An image that IAM does not let us see is assumed to be there."""
    try:
        return images.holds(name)
    except NotFound:
        return False
    except PermissionMissing:
        return True
