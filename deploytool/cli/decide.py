"""Look, then plan: shared by ``release`` and ``plan``, so that a plan shown is the plan taken."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from deploytool.aws.ecr import registry_of
from deploytool.aws.ecs import Ecs
from deploytool.aws.look import look
from deploytool.aws.preflight import preflight
from deploytool.cli import git
from deploytool.cli.images import Images
from deploytool.cli.project import Project
from deploytool.core.check import ReleaseRefused
from deploytool.core.config.model import Settings
from deploytool.core.ledger import Kind, Record
from deploytool.core.migration_files import migrations_in
from deploytool.core.model import Live, LiveService, Origin, Request
from deploytool.core.observed import TaskDefinition
from deploytool.core.plan import plan
from deploytool.core.plan_model import Plan
from deploytool.errors import ConfigurationError
from deploytool.run.ports import Clock


@dataclass(frozen=True)
class Decided:
    """A plan, with what it was made from and what it means to the history of releases."""

    plan: Plan
    live: Mapping[str, LiveService]
    images: Images | None
    """``None`` where nothing is ever built: rollback and promotion."""
    kind: Kind = Kind.RELEASE
    restores: str = ""
    """The release whose version it brings back."""
    previous: str = ""
    """The release that a rollback from it goes to, where that is not the one that is live now."""


LiveVersion = Callable[[], Record | None]
"""Reads of the ledger which release's version is live; called only where that matters."""


def decide(project: Project, ecs: Ecs, request: Request, clock: Clock, version: LiveVersion) -> Decided:
    """Everything a release would do. Raises ReleaseRefused with every reason at once, and CloudError."""
    settings = project.settings
    host = registry_host(project)
    images = Images(project.session, settings, project.commit, host, project.root, clock)
    live = look(project.session, ecs, settings, images.find, templates(project.root, settings))
    found = planned(request, project, live, host, version)
    return Decided(with_files(found, project, found.commit_before), live.services, images)


def with_files(found: Plan, project: Project, before: str) -> Plan:
    """Which migration files the plan brings beside those of commit ``before``, as far as this clone knows."""
    migrate = project.settings.migrate
    if migrate is None or found.nothing_to_do:
        return found
    files = migrations_in(git.added(project.root, before, found.request.commit.sha), migrate.files)
    return replace(found, migration_files=files)


def request_for(project: Project, release_id: str, origin: Origin) -> Request:
    """This project's commit, wished for now."""
    settings = project.settings
    return Request(
        release_id,
        settings.app,
        settings.environment,
        project.commit,
        origin,
        settings.github_environment,
        settings.production,
    )


def planned(request: Request, project: Project, live: Live, host: str, version: LiveVersion) -> Plan:
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
    except ReleaseRefused:
        first = None
    if first is not None and first.nothing_to_do:
        return first
    definitions = [live.templates.get(key, service.task_definition) for key, service in live.services.items()]
    if migrate := live.templates.get("migrate", live.migrate):
        definitions.append(migrate)
    problems, warnings = preflight(project.session, definitions)
    live = replace(live, problems=live.problems + problems, warnings=live.warnings + warnings)
    return plan(request, project.settings, live, host, released)


def registry_host(project: Project) -> str:
    """``DEPLOYTOOL_REGISTRY`` (the sandbox sets it), else the account's ECR, asked for only where it is not written."""
    if host := os.environ.get("DEPLOYTOOL_REGISTRY"):
        return host
    return registry_of(project.account, project.settings.region)


def templates(root: Path, settings: Settings) -> dict[str, TaskDefinition]:
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
