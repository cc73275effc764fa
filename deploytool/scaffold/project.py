"""`deploytool init`: from the options and the project to the files on disk."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from deploytool.aws.session import account_id
from deploytool.config.model import ConfigFile
from deploytool.config.yaml import read_config
from deploytool.deploy import git
from deploytool.errors import ConfigurationError
from deploytool.output.console import print_document, print_text
from deploytool.scaffold import files, new_infrastructure, output
from deploytool.scaffold.contents import DOCKERFILE, deciding, dockerfile_text
from deploytool.scaffold.files import PACKAGE_JSON, FileAction, FileResult
from deploytool.scaffold.model import (
    Draft,
    InitOptions,
    NewFile,
    ProjectScan,
    app_name,
    check_app,
    check_environments,
    check_options,
    decoded,
    main_environment,
    repository_of,
)
from deploytool.scaffold.new_infrastructure import NewInfrastructureOptions, Subjects, draft_infrastructure
from deploytool.scaffold.node import NodeApp, node_app
from deploytool.scaffold.trial import Trial, try_image
from deploytool.scaffold.workflows import (
    ENVIRONMENT,
    FOREIGN,
    WORKFLOWS,
    Action,
    WorkflowContext,
    is_foreign,
)

SKIPPED = frozenset({".git", "node_modules", ".next", ".venv", "__pycache__", ".deploytool"})
"""Directories of what is installed or built."""
BUILT = frozenset({"dist", "coverage"})
"""The same, where git does not say what is part of the project."""
MOST_FILES = 200_000
MOST_BYTES = 4_000_000


class PackageUnreadable(ConfigurationError):
    """package.json is no JSON object."""


class RegionUnknown(ConfigurationError):
    """Neither the options nor the environment name an AWS region."""


class ExistingFileConflict(ConfigurationError):
    """An option contradicts the existing deploytool.yml, which is kept."""


@dataclass(frozen=True)
class InitialDraft:
    """A draft with the roles of its workflows, and what is left to do."""

    draft: Draft
    role: str
    plan_role: str
    is_new: bool
    """`deploytool infra` will create the infrastructure."""
    notes: Callable[[WorkflowContext], Iterable[str]]


def initialize(options: InitOptions) -> int:
    """Write the missing files (with ``options.diff`` none), and report; the exit code.

    Raises ConfigurationError, PreconditionFailed, CloudError.
    """
    config = Path(options.config).resolve()
    directory = config.parent
    scan = scan_project(directory)
    package = read_package(scan)
    options = _with_config(options, read_config(config)) if config.exists() else _with_names(options, scan, package)
    environments = options.environments
    check_options(options, environments)
    app = node_app(scan, package)
    if options.from_services:
        start = draft_from_services(options, scan, app, environments[0])
    else:
        start = draft_new_infrastructure(options, scan, package, app)
    context = WorkflowContext(
        action=Action(options.action) if options.action else files.action_reference(),
        branch=scan.branch,
        environments=environments,
        config=f"{scan.within}/{config.name}".lstrip("/"),
        role=start.role,
        plan_role=start.plan_role,
        variables=tuple(dict.fromkeys(name for image in start.draft.images for name in image.variables)),
    )
    results, workflow_notes = _compare(start.draft, scan, app, context, directory, preview=options.diff)
    files.write_all({path: result.file.text for path, result in results.items() if result.action is FileAction.WRITTEN})
    trial = Trial()
    if options.try_image:
        names = app.variables.own if app else ()
        trial = try_image(start.draft, directory, names, lambda line: print_text(line, err=True))
    report = output.InitReport(
        tuple(results.values()),
        (*output.facts(scan, app, start.draft), *filter(None, (trial.fact,))),
        (
            *output.notes(scan, app, start.draft, context),
            *workflow_notes,
            *output.variable_notes(app, start.draft),
            *start.notes(context),
        ),
        (*start.draft.decisions, *filter(None, (trial.problem,))),
        () if options.diff else output.next_commands(start.draft, is_new=start.is_new),
        options.diff,
    )
    if options.output == "json":
        print_document(output.init_document(report))
    else:
        print_text(output.init_text(report))
    return report.exit_code


def scan_project(directory: Path) -> ProjectScan:
    """Read the directory. Raises ConfigurationError where it does not exist or cannot be read."""
    if not directory.is_dir():
        raise ConfigurationError(f"directory {directory} does not exist", "create it, or run init elsewhere")
    top = git.top(directory)
    if top is None:
        return _read(directory, frozenset(_files(directory)), is_checkout=False)
    listed = frozenset(path for path in git.files(top) or () if not SKIPPED.intersection(path.split("/")))
    within = directory.relative_to(top).as_posix().removeprefix(".")
    paths = frozenset(path.removeprefix(f"{within}/") for path in listed if path.startswith(f"{within}/"))
    root, member = _root(top, listed, within) if within else (None, "")
    return _read(
        directory,
        paths if within else listed,
        within=within,
        root=root,
        member=member,
        repository=repository_of(git.origin_url(directory)),
        branch=git.default_branch(directory) or "main",
    )


def _root(top: Path, listed: frozenset[str], within: str) -> tuple[ProjectScan, str]:
    """The root of the workspace that the directory is a package of, else the top; and the path from there."""
    whole = _read(top, listed)
    folders = within.split("/")
    for length in range(len(folders) - 1, 0, -1):
        between = whole.below(parent := "/".join(folders[:length]))
        member = within.removeprefix(f"{parent}/")
        if between.is_member(member):
            return between, member
    return whole, within


def _read(directory: Path, paths: frozenset[str], **more: Any) -> ProjectScan:
    texts = {path: text for path in deciding(paths) if (text := _text(directory / path)) is not None}
    return ProjectScan(directory=directory.name, paths=paths, texts=texts, **more)


def read_package(scan: ProjectScan) -> Mapping[str, Any] | None:
    """package.json; None where there is none. Raises PackageUnreadable."""
    text = scan.texts.get(PACKAGE_JSON)
    if text is None:
        return None
    fix = "correct it, then run init again"
    try:
        package = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PackageUnreadable(f"{PACKAGE_JSON} is not valid JSON: {error}", fix) from error
    if not isinstance(package, dict):
        raise PackageUnreadable(f"{PACKAGE_JSON} is not a JSON object", fix)
    return package


def _files(directory: Path) -> Iterator[str]:
    left = MOST_FILES
    for folder, folders, names in os.walk(directory):
        folders[:] = sorted(set(folders) - SKIPPED - BUILT)
        for name in names:
            yield (Path(folder) / name).relative_to(directory).as_posix()
        left -= len(names)
        if left < 0:
            return


def _text(path: Path) -> str | None:
    """None where it is not text, too large, or of no importance and unreadable."""
    try:
        with path.open("rb") as file:
            return decoded(file.read(MOST_BYTES))
    except OSError as error:
        if path.name in (PACKAGE_JSON, DOCKERFILE) and not isinstance(error, FileNotFoundError | IsADirectoryError):
            raise ConfigurationError(f"{path} cannot be read: {error.strerror}", "make it readable") from error
        return None


def _with_names(options: InitOptions, scan: ProjectScan, package: Mapping[str, Any] | None) -> InitOptions:
    """The options with the names for a new file. Raises NameInvalid."""
    # Existing services have their own name.
    name = options.app if options.from_services else options.app or app_name(scan, package)
    return replace(options, app=check_app(name) if name else "", environments=check_environments(options.environments))


def _with_config(options: InitOptions, config: ConfigFile) -> InitOptions:
    """The options completed by the existing file. Raises ExistingFileConflict."""
    names = tuple(config.environments)
    first = config.environments[names[0]]
    values: dict[str, Any] = {"app": config.app, "region": first.region, "account": first.account or ""}
    if len(names) == 1:
        values["cluster"] = first.cluster
    for name, value in ({**values, "environments": names}).items():
        option = getattr(options, name)
        if option and value and option != value:
            shown = ", ".join(value) if isinstance(value, tuple) else value
            raise ExistingFileConflict(
                f"{options.config} exists, is kept, and has {name}: {shown}", "omit the option, or change the file"
            )
    return replace(
        options,
        environments=names,
        app=config.app,
        region=first.region,
        account=first.account or options.account,
        # With several environments, check_options refuses it.
        cluster=values.get("cluster", options.cluster),
    )


def draft_new_infrastructure(
    options: InitOptions, scan: ProjectScan, package: Mapping[str, Any] | None, app: NodeApp | None
) -> InitialDraft:
    """For `deploytool infra`. Raises RegionUnknown, NothingToRelease."""
    from deploytool.aws.session import Session, signed_in_account

    region = _region(options)
    account = options.account or signed_in_account(Session(region))
    infrastructure = NewInfrastructureOptions(
        app=options.app,
        environments=options.environments,
        region=region,
        cluster=options.cluster,
        account=account,
        domain=options.domain,
        hosted_zone=options.hosted_zone,
        health_path=options.health_path,
        port=options.port,
        dockerfile=options.dockerfile,
    )
    # Reports a wrong directory before GitHub is called.
    draft_infrastructure(scan, package, app, infrastructure, Subjects(""))
    subjects = subjects_of(scan.repository)
    draft = draft_infrastructure(scan, package, app, infrastructure, subjects)
    main = main_environment(options.environments)
    return InitialDraft(
        draft=draft,
        role=options.role or new_infrastructure.deploy_role(account, region, options.app, ENVIRONMENT),
        plan_role=options.plan_role or new_infrastructure.plan_role(account, region, options.app, main),
        is_new=True,
        notes=lambda context: output.new_infrastructure_notes(
            draft, context, subjects, dockerfile_text(scan, draft.dockerfile) if draft.dockerfile else ""
        ),
    )


def draft_from_services(options: InitOptions, scan: ProjectScan, app: NodeApp | None, environment: str) -> InitialDraft:
    """For existing ECS services. Raises CloudError, PreconditionFailed."""
    from deploytool.aws.session import Session
    from deploytool.deploy.context import enter_sandbox
    from deploytool.images.ecr import registry_of
    from deploytool.scaffold import existing_services
    from deploytool.scaffold.dockerfile import dockerfile
    from deploytool.scaffold.existing import ExistingCluster, common_prefix, draft_existing, released_together

    enter_sandbox()
    session = Session(_region(options))
    account = account_id(session)
    registry = os.environ.get("DEPLOYTOOL_REGISTRY") or registry_of(account, session.region)
    all_services = existing_services.existing_services(session, options.existing_cluster)
    cluster = ExistingCluster(options.existing_cluster, session.region, account, registry, all_services)
    services = tuple(
        existing_services.with_balancer(session, service)
        for service in released_together(cluster, options.existing_services)
    )
    cluster = replace(cluster, families=existing_services.migration_families(session, common_prefix(services)))
    draft = draft_existing(
        cluster,
        services,
        environment,
        app=options.app,
        dockerfile=scan.texts.get(DOCKERFILE) or (dockerfile(app, scan) if app else ""),
        migration_files=app.migrations if app else "",
        health_path=options.health_path,
        returns_version=app is not None and app.health.returns_version,
        scan=scan,
    )
    return InitialDraft(
        draft=draft,
        role=options.role,
        plan_role=options.plan_role,
        is_new=False,
        notes=lambda context: output.existing_notes(cluster, services, context),
    )


def _region(options: InitOptions) -> str:
    """From the option, the AWS configuration, or a prompt on a terminal. Raises RegionUnknown, OptionInvalid."""
    from deploytool.aws.session import configured_region

    region = options.region or configured_region()
    if not region and sys.stdin.isatty():
        region = str(click.prompt("AWS region", err=True)).strip()
    if not region:
        raise RegionUnknown("no AWS region is known", "give --region, or set AWS_REGION")
    check_options(InitOptions(region=region), ())
    return region


def subjects_of(repository: str) -> Subjects:
    """With the ids of owner and repository where a token in the environment can read them."""
    from deploytool.github.runner import github_context

    context = github_context(os.environ, {})
    if not repository or not context.token:
        return Subjects(repository)
    from deploytool.github.client import repository_ids

    return Subjects(repository, *repository_ids(context.api_url, context.token, repository))


def _compare(
    draft: Draft, scan: ProjectScan, app: NodeApp | None, context: WorkflowContext, directory: Path, *, preview: bool
) -> tuple[dict[Path, FileResult], tuple[str, ...]]:
    """Each path with what happens to its file; and notes."""
    folder = _top(scan, directory) / ".github" / "workflows"
    texts = files.read_existing([folder / name for name in WORKFLOWS])
    foreign = frozenset(path.name for path, text in texts.items() if is_foreign(text))
    if "rollback.yml" in foreign:
        draft = replace(draft, rollback_workflow=f"{FOREIGN}rollback.yml")
    new_files = files.scaffold_files(draft, scan, app, context, files.scaffold_templates(), foreign)
    notes = [
        f".github/workflows/{name} is not of deploytool, and is kept: {FOREIGN}{name} is beside it"
        + ("; decide which of the two a push starts" if name == "deploy.yml" else "")
        for name in sorted(foreign)
    ]
    return _results(new_files, scan, directory, preview=preview), tuple(notes)


def _top(scan: ProjectScan, directory: Path) -> Path:
    return directory.joinpath(*[".." for _ in Path(scan.within).parts]).resolve()


def _results(
    new_files: tuple[NewFile, ...], scan: ProjectScan, directory: Path, *, preview: bool
) -> dict[Path, FileResult]:
    """Paths in the results are relative to the working directory."""
    top = _top(scan, directory)
    paths = [(top if file.at_top else directory) / file.path for file in new_files]
    shown = [replace(file, path=os.path.relpath(path)) for file, path in zip(new_files, paths, strict=True)]
    texts = files.read_existing(paths)
    existing = {file: texts[path] for file, path in zip(shown, paths, strict=True) if path in texts}
    return dict(zip(paths, files.compare_files(shown, existing, preview=preview), strict=True))
