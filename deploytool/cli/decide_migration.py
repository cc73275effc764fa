"""The migration alone: of a commit, its image built where it is missing, or of the version that is live."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from deploytool.aws.look import look
from deploytool.aws.preflight import preflight
from deploytool.cli.decide import Decided, registry_host, request_for, templates, with_files
from deploytool.cli.decide_promotion import version_live
from deploytool.cli.images import Images
from deploytool.cli.transaction import Transaction
from deploytool.core.ledger import Kind, Record
from deploytool.core.migration_plan import migration_plan, only_migration
from deploytool.core.model import PublishedImage
from deploytool.core.rollback import NoTarget


def decide_migration(open_one: Transaction, *, of_live: bool) -> Decided:
    """The plan. Raises NotSettled, NoMigration, NoTarget where nothing is live, ReleaseRefused, CloudError."""
    open_one.require_settled()
    project = open_one.project
    only_migration(project.settings)  # raises before anything is looked up
    version = _live(open_one) if of_live else None
    project = project.at(version.commit) if version else project
    settings, host = only_migration(project.settings), registry_host(project)
    images = Images(project.session, settings, project.commit, host, project.root, open_one.clock)
    find = partial(_as_released, images, version) if version else images.find
    files = templates(project.root, replace(settings, services={}))
    live = look(project.session, open_one.ecs, settings, find, files)
    base = live.templates.get("migrate", live.migrate)
    problems, warnings = preflight(project.session, [base] if base else [])
    live = replace(live, problems=live.problems + problems, warnings=live.warnings + warnings)
    plan = migration_plan(request_for(project, open_one.release_id, open_one.origin), settings, live, host)
    before = next((service.commit for service in live.services.values()), "")
    # No service in the record: none is touched, so the record says of none what should serve.
    return Decided(with_files(plan, project, before), {}, None if version else images, Kind.MIGRATE)


def _live(open_one: Transaction) -> Record:
    environment = open_one.project.settings.environment
    if open_one.ledger is None:
        raise NoTarget(f"{environment} has no ledger (ledger: false), which would know what is live", "give --commit")
    return version_live(open_one.records(), environment)


def _as_released(images: Images, version: Record, name: str) -> PublishedImage:
    """By the digest that was released, else (it was released without a migration) by its commit's tag; never built."""
    digest = version.images.get(name)
    if held := images.find_digest(name, digest) if digest else images.find(name):
        return held
    raise NoTarget(
        f"the registry does not hold image {name} of release {version.release_id}, which is live",
        f"run the migration of its commit, which builds it again: --commit {version.commit.short}",
    )
