"""The GitHub side: token, environment, sign-in to AWS, workflows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deploytool.doctor import ownership
from deploytool.doctor.facts import Facts
from deploytool.doctor.facts_account import Role
from deploytool.doctor.ownership import subject
from deploytool.doctor.result import Reason, Unknown, failed, judge, known, passed, unknown
from deploytool.ledger.record import MIGRATE, Record, StepState, last_successful

# SEG core.doctor.check_github
# The GitHub side: token, environment, sign-in to AWS, workflows.

AUDIENCE = "sts.amazonaws.com"
DEPLOYS = {"contents": "read", "deployments": "write", "pull-requests": "write", "id-token": "write"}
"""What a job that releases needs (docs/action.md)."""
READS_ONLY = {"contents": "read", "id-token": "write"}
"""What a job that changes nothing needs; to plan it also writes a comment."""
READ_COMMANDS = frozenset({"plan", "doctor", "status", "history", "stats", "logs", "config"})
ALL_COMMANDS = "*"
"""The key that ``permissions: write-all`` or ``read-all`` is kept under."""


def token(facts: Facts) -> Iterator[Reason]:
    """The token at hand may read what a release reads, and its owner may push."""
    repository = known(facts.github.repository)
    for permission, denied in facts.github.reads.items():
        yield passed(f"the token has {permission}") if denied is None else failed(denied.why, denied.fix)
    if repository.push is not None:
        yield judge(
            repository.push,
            f"whose token it is may push to {repository.name}",
            f"whose token it is may not push to {repository.name}, and so make no deployment",
            "use the token of somebody who may, or let the workflow release",
        )


def job_permissions(facts: Facts) -> Iterator[Reason]:
    """Each job that uses deploytool asks for the permissions that it needs."""
    jobs = [job for workflow in known(facts.github.workflows) for job in workflow.jobs]
    if not jobs:
        yield failed(
            "no workflow on the default branch uses deploytool", "copy .github/workflows/deploy.yml: see docs/action.md"
        )
    for job in jobs:
        needed = _needed(frozenset(job.commands))
        if job.permissions is None:
            yield failed(
                f"{job.workflow}, job {job.name}: no permissions are written, so that the repository's default decides",
                f"write them: {_written(needed)}",
            )
            continue
        missing = _missing(job.permissions, needed)
        yield judge(
            not missing,
            f"{job.workflow}, job {job.name} has the permissions that it needs",
            f"{job.workflow}, job {job.name} lacks {_written(missing)}",
            "add it to the job's permissions",
        )


def _needed(commands: frozenset[str]) -> Mapping[str, str]:
    if not commands <= READ_COMMANDS:
        return DEPLOYS
    return {**READS_ONLY, "pull-requests": "write"} if "plan" in commands else READS_ONLY


def _missing(given: Mapping[str, str], needed: Mapping[str, str]) -> dict[str, str]:
    levels = {"none": 0, "read": 1, "write": 2}
    return {
        name: level
        for name, level in needed.items()
        if levels.get(given.get(name, given.get(ALL_COMMANDS, "none")), 0) < levels[level]
    }


def _written(permissions: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {level}" for name, level in permissions.items())


def environment(facts: Facts) -> Iterator[Reason]:
    """GitHub has the environment that the job comes as."""
    name = facts.scope.github_environment
    yield judge(
        known(facts.github.environment),
        f"GitHub has the environment {name}",
        f"GitHub has no environment {name}",
        "make it in the repository's settings, with the reviewers and branches that may release; or correct "
        "github_environment in deploytool.yml",
    )


def sign_in(facts: Facts) -> Iterator[Reason]:
    """A role trusts the jobs that release, and whatever trusts this repository trusts nobody by accident."""
    repository = known(facts.github.repository)
    wanted = subject(repository, known(facts.github.subject), facts.scope.github_environment)
    roles = ownership.github_roles(facts)
    if not roles:
        yield failed(
            f"no IAM role trusts {repository.name}",
            "create the stack bootstrap: deploytool infra apply; or a role as in docs/action.md",
        )
        return
    yield from _trusted(roles, wanted, repository.name)
    for role in roles:
        yield from _loose(role)


def _trusted(roles: tuple[Role, ...], wanted: str | None, repository: str) -> Iterator[Reason]:
    if wanted is None:
        yield unknown(
            Unknown(
                f"{repository} has a subject template of its own",
                "compare the trust policy with the subject in the error of a job that AWS refused",
            )
        )
        return
    trusting = [role.name for role in roles if any(wanted in trust.subjects for trust in role.github)]
    yield judge(
        bool(trusting),
        f"{', '.join(trusting)} trusts {wanted}",
        f"none of {', '.join(role.name for role in roles)} trusts {wanted}, which is what a job comes as",
        f"add {wanted} to the subjects of the trust policy of the role that releases",
    )


def _loose(role: Role) -> Iterator[Reason]:
    loose = sorted({pattern for trust in role.github for pattern in trust.patterns})
    if loose:
        yield failed(
            f"{role.name} compares the subject with wildcards: {', '.join(loose)}",
            "use StringEquals, and write every subject out",
        )
    if any(not trust.subjects and not trust.patterns for trust in role.github):
        yield failed(
            f"{role.name} trusts every repository on GitHub: its policy does not look at the subject",
            "compare the subject with StringEquals",
        )
    if any(trust.audiences != (AUDIENCE,) for trust in role.github):
        yield failed(
            f"{role.name} does not insist on the audience {AUDIENCE}", "compare the audience with StringEquals"
        )


def rollback_workflow(facts: Facts) -> Iterator[Reason]:
    """The workflow that answers a tick is on the default branch: events of comments run there."""
    name = facts.scope.rollback_workflow
    branch = known(facts.github.repository).default_branch
    found = next((each for each in known(facts.github.workflows) if each.name == name), None)
    if not facts.scope.checkbox:
        yield (
            passed("the box in the comment is off")
            if found is None
            else passed(f"{name} is on {branch}; the box is off")
        )
        return
    if found is None:
        yield failed(
            f"the comment has a box, and {name} is not on {branch}: ticking it does nothing",
            f"copy .github/workflows/rollback.yml to {branch}, or set rollback_checkbox: false",
        )
        return
    yield judge(
        "issue_comment" in found.events and found.responds,
        f"{name} on {branch} answers the box",
        f"{name} on {branch} does not answer the box: it must run on issue_comment, with command handle-comment",
        "compare it with .github/workflows/rollback.yml",
    )


# SEG core.doctor.check_releases
# What the ledger says: was it ever released from CI, did its migration run.


def pipeline(facts: Facts) -> Iterator[Reason]:
    """A workflow has released it."""
    releases = known(facts.releases)
    found = next((each for each in releases if each.successful and each.run_url), None)
    if found is not None:
        yield passed(f"release {found.release_id} of {found.commit.short} came from {found.run_url}")
        return
    by_hand = last_successful(releases)
    told = f"; {by_hand.release_id} was released by hand" if by_hand else ""
    yield failed(
        f"no workflow has released to {facts.scope.environment} yet{told}",
        "run the workflow deploy.yml of docs/action.md",
    )


def migrations(facts: Facts) -> Iterator[Reason]:
    """The last migration that was started ended well."""
    environment = facts.scope.environment
    if not facts.scope.migrate:
        yield passed("deploytool.yml has no migration")
        return
    if facts.migrate is None:
        yield failed(
            f"the task definition {facts.scope.migrate} of the migration does not exist",
            "create the stack service: deploytool infra apply",
        )
    last = next((record for record in known(facts.releases) if record.migration.ran), None)
    if last is None:
        yield failed(
            f"no release to {environment} has run the migration", f"deploytool release --environment {environment}"
        )
        return
    state = _migrated(last)
    yield judge(
        state is StepState.ENDED,
        f"release {last.release_id} ran the migration",
        f"the migration of release {last.release_id} {'failed' if state is StepState.FAILED else 'did not end'}",
        f"deploytool logs --environment {environment} migrate",
    )


def _migrated(record: Record) -> StepState:
    return next((step.state for step in reversed(record.steps) if step.name == MIGRATE), StepState.BEGAN)


def seeds(facts: Facts) -> Iterator[Reason]:
    """No API shows what is in a database; a seed task can at least be seen."""
    found = known(facts.seeds)
    if found:
        told = f"there is a seed task ({', '.join(found)}); whether it ran is not kept by AWS"
    else:
        told = f"no task definition of {facts.scope.app} is called after seeding, and no API looks into a database"
    yield unknown(Unknown(told, "if the application needs data to begin with, look in the database"))
