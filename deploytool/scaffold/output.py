"""What `deploytool init` wrote, and what comes next, for people and for scripts."""

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

# SEG report.init
# What `deploytool init` wrote, and what comes next, for people and for scripts.


def init_text(
    settled: Sequence[FileResult], facts: Sequence[str], notes: Sequence[str], commands: Sequence[str], *, diff: bool
) -> str:
    """Facts found, files with their fate, notes, and the next commands."""
    rows = [(_word(each.action), clean(each.file.path), _remark(each)) for each in settled]
    parts = [tuple(f"found: {clean(fact)}" for fact in facts), columns(rows, "")]
    if diff:
        parts += [tuple(clean(line) for line in each.difference) for each in settled if each.difference]
    parts.append(tuple(f"note: {clean(note)}" for note in notes))
    if not diff:
        parts.append(("next:", *(f"  {command}" for command in commands)))
    else:
        parts.append(("nothing was written; leave out --diff to write",))
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
    settled: Sequence[FileResult],
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
            {"path": each.file.path, "status": each.action, "diff": "\n".join(each.difference)} for each in settled
        ],
        "facts": list(facts),
        "notes": list(notes),
        "next_commands": list(commands),
    }


def _word(fate: FileAction) -> str:
    return {FileAction.WRITTEN: "written", FileAction.NEW: "would be written"}.get(fate, "kept")


def _remark(settled: FileResult) -> str:
    if settled.action in (FileAction.WRITTEN, FileAction.NEW):
        return ""
    if settled.action is FileAction.SAME:
        return "as it would be written"
    own, ours = settled.lines
    return f"differs: {count(own, 'line')} of yours, {count(ours, 'line')} of init's"


# SEG report.init_notes
# What `deploytool init` found, what is left to a person, and what to do next: sentences.


def facts(around: ProjectScan, app: NodeApp | None, draft: Draft) -> Iterator[str]:
    """What the files are made from."""
    if app:
        server = "standalone output" if app.standalone else "started by `next start`"
        yield f"Next.js, {server}, {app.manager.name}, Node {app.node}"
    if app and app.worker:
        yield f"worker: {' '.join(app.worker.command)}"
    if app and app.migrate:
        yield f"migration: {' '.join(app.migrate)}"
    yield f"repository {around.repository or 'unknown'}, default branch {around.branch}"
    yield f"app {draft.app}, services {', '.join(service.name for service in draft.services)}"
    for environment in draft.environments:
        account = f", account {environment.account}" if environment.account else ""
        yield f"environment {environment.name}: cluster {environment.cluster} in {environment.region}{account}"


def notes(around: ProjectScan, app: NodeApp | None, draft: Draft, told: WorkflowContext) -> Iterator[str]:
    """What a person should know or do, whatever the cloud is."""
    if not around.is_checkout:
        yield "this is no git checkout, and a release needs one: `git init`, then a remote at GitHub"
    if around.workspace and DOCKERFILE not in around.paths:
        yield (
            f"package.json belongs to the workspace in {around.workspace}, and the Dockerfile installs this directory "
            "alone: where that does not do, let it build from there, and say so with `context` in deploytool.yml"
        )
    elif app and app.manager.name == UNLOCKED.name and not app.manager.locks:
        yield "there is no lock file: two builds of one commit may differ; commit one"
    if app and not app.standalone:
        yield 'the image holds all modules; `output: "standalone"` in next.config makes it smaller'
    if DOCKERFILE in around.paths:
        yield from _of_own_dockerfile(around.texts.get(DOCKERFILE, ""), app)
    elif app and not app.health.tells_version:
        yield (
            f"{app.health.file} does not tell the version; with `version: process.env.VERSION` in its answer, "
            "a release can wait for the new one"
        )
    elif not app:
        yield "there is no Dockerfile here: a release cannot build the image"
    if not draft.services[0].check:
        yield "no answer is checked after a rollout, as no address is known: give --health-path, or write `verify`"
    yield from _of_action(told.action)


def notes_of_new_cloud(
    draft: Draft, told: WorkflowContext, subjects: Subjects, own_dockerfile: str = ""
) -> Iterator[str]:
    """What is left where `deploytool infra` makes the cloud."""
    if own_dockerfile and not any(word in own_dockerfile for word in ("DATABASE_HOST", "entry.sh")):
        yield (
            "your Dockerfile is kept; what it starts gets DATABASE_HOST, DATABASE_PASSWORD and so on, and no "
            "DATABASE_URL or REDIS_URL: make them at each start (docs/getting-started.md, What the image expects)"
        )
    if not subjects.repository:
        yield (
            "the checkout has no remote `origin`, so no repository may release yet: write ProductionSubjects, "
            "such as repo:OWNER/NAME:environment:production, into infra.parameters"
        )
    elif not subjects.has_ids:
        yield (
            "repositories made since 2026-07-15 have ids in their OIDC subject, which GitHub was not asked for or did "
            "not tell (GITHUB_TOKEN); if AWS refuses the first job, add the subject it came with to ProductionSubjects"
        )
    if len(draft.environments) > ROLES:
        more = [environment.name for environment in draft.environments][ROLES:]
        yield f"the stack bootstrap has {ROLES} deploy roles; {', '.join(more)} needs one of your own"
    if not told.role:
        yield "the AWS account is not known, as nobody is signed in: set the variable DEPLOY_ROLE of each environment"
    if all(service.name != WORKER for service in draft.services):
        yield "no worker was found (script `worker` or `start:worker` of package.json), so the stacks make none"


def notes_of_live(
    cluster: ExistingCluster, services: Sequence[ExistingService], told: WorkflowContext
) -> Iterator[str]:
    """What is left where services run already."""
    families = [str(each["family"]) for each in migrations(cluster, services)]
    if not families:
        yield "no task definition that migrates was found: write `migrate` where there is one"
    elif len(families) > 1:
        yield f"more than one task definition may be the migration ({', '.join(families)}): write `migrate` yourself"
    if not told.role:
        yield "set the variable DEPLOY_ROLE of the GitHub environment to the ARN of the releasing role, or give --role"


def next_commands(draft: Draft, *, new_cloud: bool) -> tuple[str, ...]:
    """The three commands after this one."""
    environment = main_environment(tuple(each.name for each in draft.environments))
    commit = 'git add --all && git commit -m "Release with archdeck-deploy"'
    if new_cloud:
        return (commit, f"deploytool infra apply --environment {environment}", "git push")
    return (f"deploytool plan --environment {environment}", commit, "git push")


def _of_own_dockerfile(text: str, app: NodeApp | None) -> Iterator[str]:
    own = read_dockerfile(text)
    if app and app.migrate and not own.migrate:
        yield "your Dockerfile has no stage `migrate`: releases migrate nothing"
    if not own.takes_commit:
        yield (
            "your Dockerfile has no `ARG COMMIT`: nothing in the image knows its version, and a release cannot wait "
            "for the new one to answer"
        )


def _of_action(action: Action) -> Iterator[str]:
    if not action.is_pinned:
        yield f"the workflows use {action.uses}, which can be moved: give --action with a commit"
    elif action.version.endswith("-dev"):
        yield f"the workflows use a commit of deploytool that is no release: {action.uses}"
