"""The report of `deploytool init`: what it found and wrote, notes, and the next commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypedDict

from deploytool.output.documents import Envelope
from deploytool.output.markup import clean, columns, count
from deploytool.scaffold.dockerfile import read_dockerfile
from deploytool.scaffold.existing import ExistingCluster, ExistingService, migrations
from deploytool.scaffold.files import FileAction, FileResult
from deploytool.scaffold.model import Draft, ProjectScan, main_environment
from deploytool.scaffold.new_infrastructure import DOCKERFILE, ROLES, WORKER, Subjects
from deploytool.scaffold.node import UNLOCKED, NodeApp
from deploytool.scaffold.workflows import Action, WorkflowContext


def init_text(
    results: Sequence[FileResult], facts: Sequence[str], notes: Sequence[str], commands: Sequence[str], *, diff: bool
) -> str:
    """What was found, the files, notes, and the next commands."""
    rows = [(_word(result.action), clean(result.file.path), _remark(result)) for result in results]
    parts = [tuple(f"found: {clean(fact)}" for fact in facts), columns(rows, "")]
    if diff:
        parts += [tuple(map(clean, result.difference)) for result in results if result.difference]
    parts.append(tuple(f"note: {clean(note)}" for note in notes))
    if diff:
        parts.append(("nothing was written; omit --diff to write",))
    else:
        parts.append(("next:", *(f"  {command}" for command in commands)))
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
    next_commands: list[str]


def init_document(
    results: Sequence[FileResult],
    facts: Sequence[str],
    notes: Sequence[str],
    commands: Sequence[str],
    *,
    diff: bool = False,
) -> InitDocument:
    """``deploytool init --output json``."""
    return {
        "schema": 1,
        "kind": "init",
        "exit_code": 0,
        "problems": [],
        "preview": diff,
        "files": [
            {"path": result.file.path, "status": result.action, "diff": "\n".join(result.difference)}
            for result in results
        ],
        "facts": list(facts),
        "notes": list(notes),
        "next_commands": list(commands),
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
    if app:
        server = "standalone output" if app.standalone else "started by `next start`"
        yield f"Next.js, {server}, {app.manager.name}, Node {app.node}"
    if app and app.worker:
        yield f"worker: {' '.join(app.worker.command)}"
    if app and app.migrate:
        yield f"migration: {' '.join(app.migrate)}"
    yield f"repository {scan.repository or 'unknown'}, default branch {scan.branch}"
    yield f"app {draft.app}, services {', '.join(service.name for service in draft.services)}"
    for environment in draft.environments:
        account = f", account {environment.account}" if environment.account else ""
        yield f"environment {environment.name}: cluster {environment.cluster} in {environment.region}{account}"


def notes(scan: ProjectScan, app: NodeApp | None, draft: Draft, context: WorkflowContext) -> Iterator[str]:
    """What to know or do, with new and with existing infrastructure."""
    if not scan.is_checkout:
        yield "not a git checkout, which a release needs: run `git init`, then add a remote on GitHub"
    if scan.workspace and DOCKERFILE not in scan.paths:
        yield (
            f"package.json belongs to the workspace in {scan.workspace}, but the Dockerfile installs this directory "
            "only: to build from the workspace, set `context` in deploytool.yml"
        )
    elif app and app.manager.name == UNLOCKED.name and not app.manager.locks:
        yield "no lock file: two builds of one commit may differ; commit one"
    if app and not app.standalone:
        yield 'the image has all modules; `output: "standalone"` in next.config makes it smaller'
    if DOCKERFILE in scan.paths:
        yield from _dockerfile_notes(scan.texts.get(DOCKERFILE, ""), app)
    elif app and not app.health.returns_version:
        yield (
            f"{app.health.file} does not return the version; with `version: process.env.VERSION` in its response, "
            "a release can wait for the new version"
        )
    elif not app:
        yield "no Dockerfile: a release cannot build the image"
    if not draft.services[0].check:
        yield "no health check after a rollout: give --health-path, or add `verify`"
    yield from _action_notes(context.action)


def new_infrastructure_notes(
    draft: Draft, context: WorkflowContext, subjects: Subjects, own_dockerfile: str = ""
) -> Iterator[str]:
    """What is left to do for `deploytool infra`."""
    if own_dockerfile and not any(word in own_dockerfile for word in ("DATABASE_HOST", "entry.sh")):
        yield (
            "your Dockerfile is kept; its containers get DATABASE_HOST, DATABASE_PASSWORD and so on, but no "
            "DATABASE_URL or REDIS_URL: build them at start (docs/getting-started.md, What the image expects)"
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
        yield "no worker was found (script `worker` or `start:worker` of package.json), so the stacks have none"


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
    """The three commands after this one; ``is_new``: the infrastructure does not exist yet."""
    environment = main_environment(tuple(item.name for item in draft.environments))
    commit = 'git add --all && git commit -m "Release with archdeck-deploy"'
    if is_new:
        return (commit, f"deploytool infra apply --environment {environment}", "git push")
    return (f"deploytool plan --environment {environment}", commit, "git push")


def _dockerfile_notes(text: str, app: NodeApp | None) -> Iterator[str]:
    existing = read_dockerfile(text)
    if app and app.migrate and not existing.migrate:
        yield "your Dockerfile has no stage `migrate`: releases run no migration"
    if not existing.declares_commit:
        yield (
            "your Dockerfile has no `ARG COMMIT`: the image does not know its version, and a release cannot wait for "
            "the new version"
        )


def _action_notes(action: Action) -> Iterator[str]:
    if not action.is_pinned:
        yield f"the workflows use {action.uses}, which can be moved: use --action with a commit"
    elif action.version.endswith("-dev"):
        yield f"the workflows use an unreleased commit of deploytool: {action.uses}"
