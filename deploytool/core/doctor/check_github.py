"""The GitHub side: token, environment, sign-in to AWS, workflows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deploytool.core.doctor import mine
from deploytool.core.doctor.facts import Facts
from deploytool.core.doctor.facts_account import Role
from deploytool.core.doctor.finding import CannotTell, Reason, bad, good, known, unseen, verdict
from deploytool.core.doctor.github_subject import subject

AUDIENCE = "sts.amazonaws.com"
DEPLOYS = {"contents": "read", "deployments": "write", "pull-requests": "write", "id-token": "write"}
"""What a job that releases needs (docs/action.md)."""
LOOKS = {"contents": "read", "id-token": "write"}
"""What a job that changes nothing needs; to plan it also writes a comment."""
LOOKING = frozenset({"plan", "doctor", "status", "history", "stats", "logs", "config"})
EVERY = "*"
"""The key that ``permissions: write-all`` or ``read-all`` is kept under."""


def token(facts: Facts) -> Iterator[Reason]:
    """The token at hand may read what a release reads, and its owner may push."""
    repository = known(facts.github.repository)
    for permission, denied in facts.github.reads.items():
        yield good(f"the token has {permission}") if denied is None else bad(denied.why, denied.fix)
    if repository.push is not None:
        yield verdict(
            repository.push,
            f"whose token it is may push to {repository.name}",
            f"whose token it is may not push to {repository.name}, and so make no deployment",
            "use the token of somebody who may, or let the workflow release",
        )


def job_permissions(facts: Facts) -> Iterator[Reason]:
    """Each job that uses deploytool asks for the permissions that it needs."""
    jobs = [job for workflow in known(facts.github.workflows) for job in workflow.jobs]
    if not jobs:
        yield bad(
            "no workflow on the default branch uses deploytool", "copy .github/workflows/deploy.yml: see docs/action.md"
        )
    for job in jobs:
        needed = _needed(frozenset(job.commands))
        if job.permissions is None:
            yield bad(
                f"{job.workflow}, job {job.name}: no permissions are written, so that the repository's default decides",
                f"write them: {_written(needed)}",
            )
            continue
        missing = _missing(job.permissions, needed)
        yield verdict(
            not missing,
            f"{job.workflow}, job {job.name} has the permissions that it needs",
            f"{job.workflow}, job {job.name} lacks {_written(missing)}",
            "add it to the job's permissions",
        )


def _needed(commands: frozenset[str]) -> Mapping[str, str]:
    if not commands <= LOOKING:
        return DEPLOYS
    return {**LOOKS, "pull-requests": "write"} if "plan" in commands else LOOKS


def _missing(given: Mapping[str, str], needed: Mapping[str, str]) -> dict[str, str]:
    levels = {"none": 0, "read": 1, "write": 2}
    return {
        name: level
        for name, level in needed.items()
        if levels.get(given.get(name, given.get(EVERY, "none")), 0) < levels[level]
    }


def _written(permissions: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {level}" for name, level in permissions.items())


def environment(facts: Facts) -> Iterator[Reason]:
    """GitHub has the environment that the job comes as."""
    name = facts.scope.github_environment
    yield verdict(
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
    roles = mine.github_roles(facts)
    if not roles:
        yield bad(
            f"no IAM role trusts {repository.name}",
            "create the stack bootstrap: deploytool infra apply; or a role as in docs/action.md",
        )
        return
    yield from _trusted(roles, wanted, repository.name)
    for role in roles:
        yield from _loose(role)


def _trusted(roles: tuple[Role, ...], wanted: str | None, repository: str) -> Iterator[Reason]:
    if wanted is None:
        yield unseen(
            CannotTell(
                f"{repository} has a subject template of its own",
                "compare the trust policy with the subject in the error of a job that AWS refused",
            )
        )
        return
    trusting = [role.name for role in roles if any(wanted in trust.subjects for trust in role.github)]
    yield verdict(
        bool(trusting),
        f"{', '.join(trusting)} trusts {wanted}",
        f"none of {', '.join(role.name for role in roles)} trusts {wanted}, which is what a job comes as",
        f"add {wanted} to the subjects of the trust policy of the role that releases",
    )


def _loose(role: Role) -> Iterator[Reason]:
    loose = sorted({pattern for trust in role.github for pattern in trust.patterns})
    if loose:
        yield bad(
            f"{role.name} compares the subject with wildcards: {', '.join(loose)}",
            "use StringEquals, and write every subject out",
        )
    if any(not trust.subjects and not trust.patterns for trust in role.github):
        yield bad(
            f"{role.name} trusts every repository on GitHub: its policy does not look at the subject",
            "compare the subject with StringEquals",
        )
    if any(trust.audiences != (AUDIENCE,) for trust in role.github):
        yield bad(f"{role.name} does not insist on the audience {AUDIENCE}", "compare the audience with StringEquals")


def rollback_workflow(facts: Facts) -> Iterator[Reason]:
    """The workflow that answers a tick is on the default branch: events of comments run there."""
    name = facts.scope.rollback_workflow
    branch = known(facts.github.repository).default_branch
    found = next((each for each in known(facts.github.workflows) if each.name == name), None)
    if not facts.scope.checkbox:
        yield good("the box in the comment is off") if found is None else good(f"{name} is on {branch}; the box is off")
        return
    if found is None:
        yield bad(
            f"the comment has a box, and {name} is not on {branch}: ticking it does nothing",
            f"copy .github/workflows/rollback.yml to {branch}, or set rollback_checkbox: false",
        )
        return
    yield verdict(
        "issue_comment" in found.events and found.responds,
        f"{name} on {branch} answers the box",
        f"{name} on {branch} does not answer the box: it must run on issue_comment, with command respond",
        "compare it with .github/workflows/rollback.yml",
    )
