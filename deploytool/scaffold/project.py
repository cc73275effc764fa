"""What the directory and its git checkout say, for `deploytool init`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deploytool.aws.session import account_id
from deploytool.config.model import ConfigFile
from deploytool.config.yaml import read_config
from deploytool.deploy import git
from deploytool.errors import ConfigurationError
from deploytool.output.console import print_document, print_text
from deploytool.scaffold.files import (
    PACKAGE_JSON,
    FileAction,
    FileResult,
    action_reference,
    compare_files,
    deciding_files,
    read_existing,
    scaffold_files,
    scaffold_templates,
    write_all,
)
from deploytool.scaffold.model import (
    Draft,
    InitOptions,
    NewFile,
    ProjectScan,
    app_name,
    check_app,
    check_environments,
    check_options,
    main_environment,
    repository_of,
)
from deploytool.scaffold.new_infrastructure import (
    DOCKERFILE,
    NewInfrastructureOptions,
    Subjects,
    deploy_role,
    draft_infrastructure,
    plan_role,
)
from deploytool.scaffold.node import NodeApp, node_app
from deploytool.scaffold.output import (
    facts,
    init_document,
    init_text,
    next_commands,
    notes,
    notes_of_live,
    notes_of_new_cloud,
)
from deploytool.scaffold.workflows import ENVIRONMENT, Action, WorkflowContext

if TYPE_CHECKING:
    from collections.abc import Callable


# SEG cli.init_around
# What the directory and its git checkout say, for `deploytool init`.

NOT_OURS = frozenset({".git", "node_modules", ".next", ".venv", "__pycache__", ".deploytool", "dist", "coverage"})
"""Directories of what is installed or built: their files say nothing about the project."""
MOST_FILES = 20_000
MOST_BYTES = 1_000_000


class PackageUnreadable(ConfigurationError):
    """package.json is not JSON, or holds something else than an object."""


def scan_project(directory: Path) -> ProjectScan:
    """Look at the directory; nothing is changed. Raises ConfigurationError where it is none or cannot be read."""
    if not directory.is_dir():
        raise ConfigurationError(f"there is no directory {directory}", "make it, or run this elsewhere")
    paths = frozenset(_files(directory))
    texts = {path: text for path in sorted(paths & deciding_files()) if (text := _text(directory / path)) is not None}
    top = git.top(directory)
    return ProjectScan(
        directory=directory.name,
        paths=paths,
        texts=texts,
        within=directory.relative_to(top).as_posix().removeprefix(".") if top else "",
        workspace=_workspace(directory, top) if top else "",
        is_checkout=top is not None,
        repository=repository_of(git.origin_url(directory)) if top else "",
        branch=(git.default_branch(directory) if top else "") or "main",
    )


def read_package(around: ProjectScan) -> Mapping[str, Any] | None:
    """What package.json says; None where there is none. Raises PackageUnreadable."""
    text = around.texts.get(PACKAGE_JSON)
    if text is None:
        return None
    try:
        read = json.loads(text)
    except ValueError as error:
        raise PackageUnreadable(f"{PACKAGE_JSON} is not JSON: {error}", "correct it, then run this again") from error
    if not isinstance(read, dict):
        raise PackageUnreadable(f"{PACKAGE_JSON} holds no JSON object", "correct it, then run this again")
    return read


def _workspace(directory: Path, top: Path) -> str:
    above = (folder for folder in directory.parents if folder.is_relative_to(top))
    return next((os.path.relpath(folder, directory) for folder in above if _is_workspace(folder)), "")


def _is_workspace(folder: Path) -> bool:
    if (folder / "pnpm-workspace.yaml").exists():
        return True
    try:
        told = json.loads((folder / PACKAGE_JSON).read_text())
    except (OSError, ValueError):
        # It is not the package that is looked at: what is wrong with it is not told here.
        return False
    return isinstance(told, dict) and "workspaces" in told


def _files(directory: Path) -> Iterator[str]:
    left = MOST_FILES
    for folder, folders, names in os.walk(directory):
        folders[:] = sorted(set(folders) - NOT_OURS)
        for name in names:
            yield (Path(folder) / name).relative_to(directory).as_posix()
        left -= len(names)
        if left < 0:
            return


def _text(path: Path) -> str | None:
    """Its text; None where it is no text, or larger than any such file is."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode()
    except UnicodeDecodeError:
        return None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}", "make it readable") from error


# SEG cli.init_cloud
# What `deploytool init` starts from: a cloud still to be made, or services that run.


class RegionUnknown(ConfigurationError):
    """Neither the options nor the environment name an AWS region."""


@dataclass(frozen=True)
class InitialDraft:
    """A draft, with the roles that its workflows take and what is to be said of it."""

    draft: Draft
    role: str
    plan_role: str
    is_new_cloud: bool
    notes: Callable[[WorkflowContext], Iterable[str]]


def draft_new_infrastructure(
    given: InitOptions,
    around: ProjectScan,
    package: Mapping[str, Any] | None,
    app: NodeApp | None,
    environments: tuple[str, ...],
) -> InitialDraft:
    """For `deploytool infra`; ``given.app`` is set. Raises RegionUnknown, NothingToRelease."""
    from deploytool.aws.session import Session, signed_in_account

    region = _region(given)
    account = given.account or signed_in_account(Session(region))
    options = NewInfrastructureOptions(
        app=given.app,
        environments=environments,
        region=region,
        cluster=given.cluster,
        account=account,
        domain=given.domain,
        hosted_zone=given.hosted_zone,
        health_path=given.health_path,
    )
    # A wrong directory is told before anybody is asked.
    draft_infrastructure(around, package, app, options, Subjects(""))
    subjects = subjects_of(around.repository)
    drafted = draft_infrastructure(around, package, app, options, subjects)
    return InitialDraft(
        draft=drafted,
        role=given.role or deploy_role(account, region, given.app, ENVIRONMENT),
        plan_role=given.plan_role or plan_role(account, region, given.app, main_environment(environments)),
        is_new_cloud=True,
        notes=lambda told: notes_of_new_cloud(drafted, told, subjects, around.texts.get(DOCKERFILE, "")),
    )


def draft_from_services(given: InitOptions, around: ProjectScan, app: NodeApp | None, environment: str) -> InitialDraft:
    """For what ECS runs already. Raises CloudError, PreconditionFailed."""
    from deploytool.aws.session import Session
    from deploytool.deploy.context import enter_sandbox
    from deploytool.images.ecr import registry_of
    from deploytool.scaffold import existing
    from deploytool.scaffold.dockerfile import dockerfile
    from deploytool.scaffold.existing import ExistingCluster, common_prefix, draft_of_live, released_together

    enter_sandbox()
    session = Session(_region(given))
    account = account_id(session)
    registry = os.environ.get("DEPLOYTOOL_REGISTRY") or registry_of(account, session.region)
    services = existing.services(session, given.live_cluster)
    cluster = ExistingCluster(given.live_cluster, session.region, account, registry, services)
    together = tuple(existing.with_balancer(session, each) for each in released_together(cluster, given.live_services))
    families = existing.migration_families(session, common_prefix(together))
    cluster = ExistingCluster(cluster.name, cluster.region, account, registry, services, families)
    drafted = draft_of_live(
        cluster,
        together,
        environment,
        app=given.app,
        dockerfile=around.texts.get(DOCKERFILE) or (dockerfile(app, around) if app else ""),
        migration_files=app.migrations if app else "",
        health_path=given.health_path,
        tells_version=app is not None and app.health.tells_version,
    )
    return InitialDraft(
        draft=drafted,
        role=given.role,
        plan_role=given.plan_role,
        is_new_cloud=False,
        notes=lambda told: notes_of_live(cluster, together, told),
    )


def _region(given: InitOptions) -> str:
    """The one given, else the configured one, else what a person at the terminal says.

    Raises RegionUnknown, OptionInvalid.
    """
    from deploytool.aws.session import configured_region

    found = given.region or configured_region()
    if not found and sys.stdin.isatty():
        found = str(click.prompt("AWS region", err=True)).strip()
    if not found:
        raise RegionUnknown("no AWS region is known", "give --region, or set AWS_REGION")
    check_options(InitOptions(region=found), ())
    return found


# SEG cli.init_project
# From the options of `deploytool init` to the files on disk.


class ExistingFileConflict(ConfigurationError):
    """An option is not what the deploytool.yml says that is there already, and is kept."""


def initialize(given: InitOptions) -> None:
    """Write what is missing (with ``given.diff`` nothing), and show it.

    Raises ConfigurationError, PreconditionFailed, CloudError.
    """
    place = Path(given.config).resolve()
    around = scan_project(place.parent)
    read = read_package(around)
    given = _with_file(given, read_config(place)) if place.exists() else _existing_name(given, around, read)
    environments = given.environments
    check_options(given, environments)
    app = node_app(around, read)
    if given.live:
        start = draft_from_services(given, around, app, environments[0])
    else:
        start = draft_new_infrastructure(given, around, read, app, environments)
    told = WorkflowContext(
        action=Action(given.action) if given.action else action_reference(),
        branch=around.branch,
        environments=environments,
        config=f"{around.within}/{place.name}".lstrip("/"),
        role=start.role,
        plan_role=start.plan_role,
    )
    found = _settle(start.draft, around, app, told, place.parent, preview=given.diff)
    # A preview has none that is to be written.
    write_all({place: each.file.text for place, each in found.items() if each.action is FileAction.WRITTEN})
    parts = (
        tuple(found.values()),
        tuple(facts(around, app, start.draft)),
        (*notes(around, app, start.draft, told), *start.notes(told)),
        () if given.diff else next_commands(start.draft, new_cloud=start.is_new_cloud),
    )
    if given.output == "json":
        print_document(init_document(*parts, diff=given.diff))
    else:
        print_text(init_text(*parts, diff=given.diff))


def _existing_name(given: InitOptions, around: ProjectScan, read: Mapping[str, Any] | None) -> InitOptions:
    """The options, with names for a new file. Raises NameInvalid."""
    # What runs already has a name of its own.
    name = given.app if given.live else given.app or app_name(around, read)
    return replace(given, app=check_app(name) if name else "", environments=check_environments(given.environments))


def _with_file(given: InitOptions, there: ConfigFile) -> InitOptions:
    """The options, completed by the file that is there. Raises ExistingFileConflict."""
    names = tuple(there.environments)
    first = there.environments[names[0]]
    said = {"app": there.app, "region": first.region, "account": first.account or ""}
    if len(names) == 1:
        said["cluster"] = first.cluster
    asked = {name: getattr(given, name) for name in said} | {"environments": given.environments}
    for name, value in ({**said, "environments": names}).items():
        if asked[name] and value and asked[name] != value:
            shown = ", ".join(value) if isinstance(value, tuple) else value
            raise ExistingFileConflict(
                f"{given.config} is there, is kept, and says {name}: {shown}",
                "leave the option out, or change the file",
            )
    return replace(
        given,
        environments=names,
        app=there.app,
        region=first.region,
        account=first.account or given.account,
        # Of several environments it is refused, not ignored.
        cluster=said.get("cluster", given.cluster),
    )


def _settle(
    draft: Draft, around: ProjectScan, app: NodeApp | None, told: WorkflowContext, directory: Path, *, preview: bool
) -> dict[Path, FileResult]:
    """Each place with what becomes of its file, its path as seen from where the command was given."""
    own = scaffold_templates()
    found = _compared(scaffold_files(draft, around, app, told, own), around, directory, preview=preview)
    if any(place.name == "rollback.yml" and each.action is FileAction.KEPT for place, each in found.items()):
        # Whether another workflow of that name acts on the box is not known.
        made = scaffold_files(replace(draft, checkbox=False), around, app, told, own)
        return _compared(made, around, directory, preview=preview)
    return found


def _compared(
    made: tuple[NewFile, ...], around: ProjectScan, directory: Path, *, preview: bool
) -> dict[Path, FileResult]:
    top = directory.joinpath(*[".." for _ in Path(around.within).parts]).resolve()
    places = [(top if file.at_top else directory) / file.path for file in made]
    shown = [replace(file, path=os.path.relpath(place)) for file, place in zip(made, places, strict=True)]
    there = read_existing(places)
    known = {file: there[place] for file, place in zip(shown, places, strict=True) if place in there}
    return dict(zip(places, compare_files(shown, known, preview=preview), strict=True))


# SEG cli.init_subjects
# Who the jobs of a repository are to AWS, as far as GitHub says it.


def subjects_of(repository: str) -> Subjects:
    """With the ids of owner and repository where a token in the environment may read them."""
    from deploytool.github.runner import github_context

    context = github_context(os.environ, {})
    if not repository or not context.token:
        return Subjects(repository)
    from deploytool.github.client import repository_ids

    return Subjects(repository, *repository_ids(context.api_url, context.token, repository))
