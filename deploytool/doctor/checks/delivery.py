"""The GitHub side (token, environment, sign-in to AWS, workflows), and what the ledger says of releases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deploytool.doctor import ownership
from deploytool.doctor.facts import Facts
from deploytool.doctor.facts_account import Role
from deploytool.doctor.result import Reason, create_stack, failed, judge, known, passed, undecidable
from deploytool.ledger.record import MIGRATE, StepState, last_successful

AUDIENCE = "sts.amazonaws.com"
DEPLOYS = {"contents": "read", "deployments": "write", "pull-requests": "write", "id-token": "write"}
"""Permissions of a job that releases (docs/action.md)."""
READS_ONLY = {"contents": "read", "id-token": "write"}
"""Permissions of a job that changes nothing; a plan also writes a comment."""
READ_COMMANDS = frozenset({"plan", "doctor", "status", "history", "stats", "logs", "config"})
ALL_COMMANDS = "*"
"""The key of ``permissions: write-all`` and ``read-all``."""


def token(facts: Facts) -> Iterator[Reason]:
    """The token can read what a release reads, and its owner may push."""
    repository = known(facts.github.repository)
    for permission, denied in facts.github.reads.items():
        yield passed(f"the token has {permission}") if denied is None else failed(denied.why, denied.fix)
    if repository.push is not None:
        yield judge(
            repository.push,
            "the owner of the token",
            f"may push to {repository.name}",
            f"may not push to {repository.name}, and so cannot create deployments",
            "use the token of a user with write access, or let the workflow release",
        )


def job_permissions(facts: Facts) -> Iterator[Reason]:
    """Each job that uses deploytool declares the permissions that it needs."""
    jobs = [job for workflow in known(facts.github.workflows) for job in workflow.jobs]
    if not jobs:
        yield failed(
            "no workflow on the default branch uses deploytool", "copy .github/workflows/deploy.yml: see docs/action.md"
        )
    for job in jobs:
        needed = _needed(frozenset(job.commands))
        name = f"{job.workflow}, job {job.name}"
        if job.permissions is None:
            yield failed(
                f"{name} declares no permissions, so the repository's default applies",
                f"declare them: {_listed(needed)}",
            )
            continue
        missing = _missing(job.permissions, needed)
        fix = "add it to the job's permissions"
        yield judge(not missing, name, "has the permissions that it needs", f"lacks {_listed(missing)}", fix)


def _needed(commands: frozenset[str]) -> Mapping[str, str]:
    if not commands <= READ_COMMANDS:
        return DEPLOYS
    return {**READS_ONLY, "pull-requests": "write"} if "plan" in commands else READS_ONLY


def _missing(granted: Mapping[str, str], needed: Mapping[str, str]) -> dict[str, str]:
    levels = {"none": 0, "read": 1, "write": 2}
    return {
        name: level
        for name, level in needed.items()
        if levels.get(granted.get(name, granted.get(ALL_COMMANDS, "none")), 0) < levels[level]
    }


def _listed(permissions: Mapping[str, str]) -> str:
    return ", ".join(f"{name}: {level}" for name, level in permissions.items())


def environment(facts: Facts) -> Iterator[Reason]:
    name = facts.scope.github_environment
    yield judge(
        known(facts.github.environment) is not None,
        "GitHub",
        f"has the environment {name}",
        f"has no environment {name}",
        "create it in the repository's settings, with reviewers and branches that may release; or correct "
        "github_environment in deploytool.yml",
    )


def branches(facts: Facts) -> Iterator[Reason]:
    """Who may push a branch may write a workflow for the environment: a rule on GitHub, or IAM, says who deploys."""
    name = facts.scope.github_environment
    rule = known(facts.github.environment)
    if rule is None:
        return
    if rule.branch_rule:
        yield passed(f"only the chosen branches or tags may deploy to {name}")
        return
    subject = ownership.subject(known(facts.github.repository), known(facts.github.subject), name)
    trusts = [trust for role in ownership.github_roles(facts) for trust in role.github if subject in trust.subjects]
    yield judge(
        bool(trusts) and all(trust.refs for trust in trusts),
        "the trust policy",
        f"lets only some branches or tags deploy to {name}",
        f"lets any branch deploy to {name}, and the environment on GitHub has no rule",
        f"choose the branches that may deploy, in the repository's settings under Environments, {name}",
    )


def sign_in(facts: Facts) -> Iterator[Reason]:
    """A role trusts the jobs that release, and no role that trusts this repository trusts more than it names."""
    repository = known(facts.github.repository)
    subject = ownership.subject(repository, known(facts.github.subject), facts.scope.github_environment)
    roles = ownership.github_roles(facts)
    if not roles:
        yield failed(
            f"no IAM role trusts {repository.name}", f"{create_stack('bootstrap')}; or a role as in docs/action.md"
        )
        return
    yield _trusted(roles, subject, repository.name)
    for role in roles:
        yield from _loose(role)


def _trusted(roles: tuple[Role, ...], subject: str | None, repository: str) -> Reason:
    if subject is None:
        return undecidable(
            f"{repository} has a custom subject template",
            "compare the trust policy with the subject in the error of a job that AWS refused",
        )
    trusting = [role.name for role in roles if any(subject in trust.subjects for trust in role.github)]
    if trusting:
        return passed(f"{', '.join(trusting)} trusts {subject}")
    return failed(
        f"none of {', '.join(role.name for role in roles)} trusts {subject}, the subject of the job",
        f"add {subject} to the subjects of the trust policy of the role that releases",
    )


def _loose(role: Role) -> Iterator[Reason]:
    patterns = sorted({pattern for trust in role.github for pattern in trust.patterns})
    if patterns:
        yield failed(
            f"{role.name} compares the subject with wildcards: {', '.join(patterns)}",
            "use StringEquals, and list every subject",
        )
    if any(not trust.subjects and not trust.patterns for trust in role.github):
        yield failed(
            f"{role.name} trusts every repository on GitHub: its policy does not check the subject",
            "compare the subject with StringEquals",
        )
    if any(trust.audiences != (AUDIENCE,) for trust in role.github):
        yield failed(f"{role.name} does not require the audience {AUDIENCE}", "compare the audience with StringEquals")


def rollback_workflow(facts: Facts) -> Iterator[Reason]:
    """The workflow for the checkbox is on the default branch: events of comments run there."""
    name = facts.scope.rollback_workflow
    branch = known(facts.github.repository).default_branch
    workflow = next((workflow for workflow in known(facts.github.workflows) if workflow.name == name), None)
    if not facts.scope.checkbox:
        yield passed("rollback_checkbox is off" + (f"; {name} is on {branch}" if workflow else ""))
    elif workflow is None:
        yield failed(
            f"the comment has a rollback checkbox, but {name} is not on {branch}: ticking it does nothing",
            f"copy .github/workflows/rollback.yml to {branch}, or set rollback_checkbox: false",
        )
    else:
        yield judge(
            "issue_comment" in workflow.events and workflow.responds,
            f"{name} on {branch}",
            "handles the rollback checkbox",
            "does not handle the rollback checkbox: it must run on issue_comment, with command handle-comment",
            "compare it with .github/workflows/rollback.yml",
        )


def pipeline(facts: Facts) -> Iterator[Reason]:
    """A workflow has released it."""
    releases = known(facts.releases)
    release = next((release for release in releases if release.successful and release.run_url), None)
    if release is not None:
        yield passed(f"release {release.release_id} of {release.commit.short} was deployed by {release.run_url}")
        return
    by_hand = last_successful(releases)
    more = f"; {by_hand.release_id} was released by hand" if by_hand else ""
    yield failed(
        f"no workflow has released to {facts.scope.environment} yet{more}",
        "run the workflow deploy.yml of docs/action.md",
    )


def migrations(facts: Facts) -> Iterator[Reason]:
    """The last migration that was started succeeded."""
    name = facts.scope.environment
    if not facts.scope.migrate:
        yield passed("deploytool.yml has no migration")
        return
    if facts.migrate is None:
        yield failed(f"task definition {facts.scope.migrate} of the migration does not exist", create_stack("service"))
    last = next((record for record in known(facts.releases) if record.migration.ran), None)
    if last is None:
        yield failed(f"no release to {name} has run the migration", f"deploytool release --environment {name}")
        return
    state = next((step.state for step in reversed(last.steps) if step.name == MIGRATE), StepState.BEGAN)
    yield judge(
        state is StepState.ENDED,
        f"the migration of release {last.release_id}",
        "succeeded",
        "failed" if state is StepState.FAILED else "did not end",
        f"deploytool logs --environment {name} migrate",
    )


def seeds(facts: Facts) -> Iterator[Reason]:
    """No API shows what is in a database; a seed task can at least be named."""
    families = known(facts.seeds)
    message = f"no task definition of {facts.scope.app} is named after seeding"
    if families:
        message = f"there is a seed task ({', '.join(families)}), but AWS does not record whether it ran"
    yield undecidable(message, "if the application needs initial data, check the database")
