"""The report of `deploytool init`: what it found and wrote, notes, and the next commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, TypedDict

from deploytool.errors import Exit
from deploytool.output.documents import Envelope
from deploytool.output.markup import clean, columns, count
from deploytool.scaffold.contents import DOCKERFILE, WORKER
from deploytool.scaffold.existing import ExistingCluster, ExistingService, migrations
from deploytool.scaffold.files import FileAction, FileResult
from deploytool.scaffold.model import Draft, ProjectScan, main_environment
from deploytool.scaffold.new_infrastructure import DEFAULT_WORKER, ROLES, Subjects
from deploytool.scaffold.node import UNLOCKED, NodeApp
from deploytool.scaffold.workflows import Action, WorkflowContext

_DECIDE = "decide it, correct the file or give the option, then run init again"


@dataclass(frozen=True)
class InitReport:
    """What `deploytool init` says."""

    files: tuple[FileResult, ...]
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    """What it could not know. With any of them, the exit code is 3."""
    commands: tuple[str, ...] = ()
    diff: bool = False
    """Nothing was written."""

    @property
    def exit_code(self) -> Exit:
        return Exit.PRECONDITION_FAILED if self.decisions else Exit.OK


def init_text(report: InitReport) -> str:
    """What was found, the files, notes, what to decide, and the next commands."""
    rows = [(_word(result.action), clean(result.file.path), _remark(result)) for result in report.files]
    parts = [tuple(f"found: {clean(fact)}" for fact in report.facts), columns(rows, "")]
    if report.diff:
        parts += [tuple(map(clean, result.difference)) for result in report.files if result.difference]
    parts.append(tuple(f"note: {clean(note)}" for note in report.notes))
    parts.append(tuple(f"decide: {clean(decision)}" for decision in report.decisions))
    if report.diff:
        parts.append(("nothing was written; omit --diff to write",))
    else:
        parts.append(("next:", *(f"  {command}" for command in report.commands)))
    return "\n\n".join("\n".join(part) for part in parts if part)


class FileEntry(TypedDict):
    """A file. ``new`` would be written without ``--diff``; ``same`` and ``kept`` are left as they are."""

    path: str
    status: FileAction
    diff: str


class InitDocument(Envelope):
    """``init``; ``preview`` is whether nothing was written (``--diff``)."""

    kind: Literal["init"]
    preview: bool
    files: list[FileEntry]
    facts: list[str]
    notes: list[str]
    decisions: Annotated[list[str], ("description", "what init cannot know; with any, exit_code is 3")]
    next_commands: list[str]


def init_document(report: InitReport) -> InitDocument:
    """``deploytool init --output json``."""
    return {
        "schema": 1,
        "kind": "init",
        "exit_code": int(report.exit_code),
        "problems": [{"code": "undecided", "cause": text, "fix": _DECIDE} for text in report.decisions],
        "preview": report.diff,
        "files": [
            {"path": result.file.path, "status": result.action, "diff": "\n".join(result.difference)}
            for result in report.files
        ],
        "facts": list(report.facts),
        "notes": list(report.notes),
        "decisions": list(report.decisions),
        "next_commands": list(report.commands),
    }


def _word(action: FileAction) -> str:
    return {FileAction.WRITTEN: "written", FileAction.NEW: "would be written"}.get(action, "kept")


def _remark(result: FileResult) -> str:
    if result.action in (FileAction.WRITTEN, FileAction.NEW):
        return ""
    if result.action is FileAction.SAME:
        return "up to date"
    existing, new = result.lines
    return f"differs: {count(existing, 'line')} of yours, {count(new, 'line')} of init's"


def facts(scan: ProjectScan, app: NodeApp | None, draft: Draft) -> Iterator[str]:
    """What the files are based on."""
    yield from draft.facts
    worker = next((item for item in draft.environments if item.parameters is not None), None)
    if any(service.name == WORKER for service in draft.services) and worker and worker.parameters is not None:
        yield f"worker: {' '.join(worker.parameters.get('WorkerCommand', DEFAULT_WORKER))}"
    if app and app.migrate and not draft.dockerfile:
        yield f"migration: {' '.join(app.migrate)}"
    elif worker and worker.parameters is not None and (command := worker.parameters.get("MigrateCommand")):
        yield f"migration: {' '.join(command)}"
    yield f"repository {scan.repository or 'unknown'}, default branch {scan.branch}"
    yield f"app {draft.app}, services {', '.join(service.name for service in draft.services)}"
    for environment in draft.environments:
        account = f", account {environment.account}" if environment.account else ""
        yield f"environment {environment.name}: cluster {environment.cluster} in {environment.region}{account}"


def notes(scan: ProjectScan, app: NodeApp | None, draft: Draft, context: WorkflowContext) -> Iterator[str]:
    """What to know or do, with new and with existing infrastructure."""
    if not scan.is_checkout:
        yield "not a git checkout, which a release needs: run `git init`, then add a remote on GitHub"
    yield from draft.notes
    if app and not draft.dockerfile:
        if app.manager.name == UNLOCKED.name and not app.manager.locks:
            yield "no lock file: two builds of one commit may differ; commit one"
        if not app.standalone and not app.is_static:
            yield 'the image has all modules; `output: "standalone"` in next.config makes it smaller'
        if not app.health.returns_version:
            yield (
                f"{app.health.file} does not return the version; with `version: process.env.VERSION` in its response, "
                "a release can wait for the new version"
            )
    elif not app and not draft.dockerfile and DOCKERFILE not in scan.paths:
        yield "no Dockerfile: a release cannot build the image"
    yield from _action_notes(context.action)


def variable_notes(app: NodeApp | None, draft: Draft) -> Iterator[str]:
    """Values that the project reads and nobody but its team knows."""
    public = dict.fromkeys(name for image in draft.images for name in image.variables)
    if public:
        yield (
            f"the build needs the value of {', '.join(public)}: set a variable of each name in the GitHub environment "
            "(Settings, Environments) and where you run deploytool"
        )
    if app and app.variables.own:
        names = app.variables.own
        shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
        yield f"{app.variables.file} lists variables that the stacks do not set: {shown}"


def new_infrastructure_notes(
    draft: Draft, context: WorkflowContext, subjects: Subjects, own_dockerfile: str = ""
) -> Iterator[str]:
    """What is left to do for `deploytool infra`."""
    makes_urls = any("MakeUrls" in (environment.parameters or {}) for environment in draft.environments)
    if own_dockerfile and not makes_urls and not any(word in own_dockerfile for word in ("DATABASE_HOST", "entry.sh")):
        yield (
            f"{draft.dockerfile or DOCKERFILE} is kept; its containers get DATABASE_HOST, DATABASE_PASSWORD and so on, "
            "but no DATABASE_URL or REDIS_URL: build them at start (docs/getting-started.md, What the image expects)"
        )
    if not subjects.repository:
        yield (
            "the checkout has no remote `origin`, so no repository can release yet: add ProductionSubjects, "
            "such as repo:OWNER/NAME:environment:production, to infra.parameters"
        )
    elif not subjects.has_ids:
        yield (
            "repositories created since 2026-07-15 have ids in their OIDC subject, which could not be read "
            "(GITHUB_TOKEN); if AWS refuses the first job, add its subject to ProductionSubjects"
        )
    if len(draft.environments) > ROLES:
        more = [environment.name for environment in draft.environments][ROLES:]
        yield f"the stack bootstrap has {ROLES} deploy roles; {', '.join(more)} needs its own"
    if not context.role:
        yield "not signed in to AWS, so the account is not known: set the variable DEPLOY_ROLE of each environment"
    if all(service.name != WORKER for service in draft.services):
        yield "no worker was found (script `start:worker`, Dockerfile.worker, Procfile, …), so the stacks have none"


def existing_notes(
    cluster: ExistingCluster, services: Sequence[ExistingService], context: WorkflowContext
) -> Iterator[str]:
    """What is left to do for existing services."""
    families = [str(family["family"]) for family in migrations(cluster, services)]
    if not families:
        yield "no task definition of a migration was found: if there is one, add `migrate`"
    elif len(families) > 1:
        yield f"several task definitions may be the migration ({', '.join(families)}): add `migrate` for one of them"
    if not context.role:
        yield "set the variable DEPLOY_ROLE of the GitHub environment to the ARN of the releasing role, or give --role"


def next_commands(draft: Draft, *, is_new: bool) -> tuple[str, ...]:
    """The commands after this one; ``is_new``: the infrastructure does not exist yet."""
    environment = main_environment(tuple(item.name for item in draft.environments))
    commit = 'git add --all && git commit -m "Release with archdeck-deploy"'
    if is_new:
        stacks = (f"deploytool infra {verb} --environment {environment}" for verb in ("plan", "apply"))
        return (commit, *stacks, "git push")
    return (f"deploytool plan --environment {environment}", commit, "git push")


def _action_notes(action: Action) -> Iterator[str]:
    if not action.is_pinned:
        yield f"the workflows use {action.uses}, which can be moved: use --action with a commit"
    elif action.version.endswith("-dev"):
        yield f"the workflows use an unreleased commit of deploytool: {action.uses}"
