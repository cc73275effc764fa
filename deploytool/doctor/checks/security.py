"""Roles, people and the account's own watchmen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from deploytool.doctor import ownership
from deploytool.doctor.facts import Facts, SecretState
from deploytool.doctor.facts_account import Grant, Role
from deploytool.doctor.result import Reason, Unknown, failed, judge, known, passed, unknown

# SEG core.doctor.check_account
# Roles, people and the account's own watchmen.

TOO_MUCH = frozenset({"AdministratorAccess", "PowerUserAccess", "IAMFullAccess"})
MANY = 5
"""Users that are named; more are counted."""


def least_privilege(facts: Facts) -> Iterator[Reason]:
    """No role of the tasks may do everything."""
    arns = {task.execution_role: f"execution role of {key}" for key, task in ownership.tasks(facts)}
    arns |= {task.task_role: f"task role of {key}" for key, task in ownership.tasks(facts)}
    arns.pop("", None)
    for arn, whose in arns.items():
        role = ownership.role(facts, arn)
        if role is None:
            yield unknown(Unknown(f"{whose}: {arn} is not among the roles of this account", "look at it there"))
        else:
            yield _limited(role, whose)


def job_privilege(facts: Facts) -> Iterator[Reason]:
    """No role that a workflow signs in as may do everything, whatever repository it is of."""
    for role in known(facts.account.roles):
        if role.github:
            yield _limited(role, "role of workflows")


def _limited(role: Role, whose: str) -> Reason:
    faults = _too_much(role)
    return judge(
        not faults,
        f"{role.name} ({whose}) has a limited list of actions",
        f"{role.name} ({whose}) {'; '.join(faults)}",
        "name the actions and resources that it needs; docs/permissions.md has those of a release",
    )


def _too_much(role: Role) -> list[str]:
    wide = sorted({policy for policy in role.managed if policy in TOO_MUCH or policy.endswith("FullAccess")})
    told = [f"has {', '.join(wide)}"] if wide else []
    everything = sorted({grant.policy for grant in role.grants if _everything(grant)})
    if everything:
        told.append(f"may do everything by policy {', '.join(everything)}")
    whole = sorted({action for grant in role.grants for action in grant.actions if _whole_service(action, grant)})
    if whole:
        told.append(f"may do {', '.join(whole)} on every resource")
    return told


def _everything(grant: Grant) -> bool:
    return any(action in ("*", "*:*") for action in grant.actions) and not grant.conditional


def _whole_service(action: str, grant: Grant) -> bool:
    service, colon, name = action.partition(":")
    return bool(colon) and name == "*" and service != "*" and "*" in grant.resources and not grant.conditional


def separate_roles(facts: Facts) -> Iterator[Reason]:
    """Each service's tasks, and the agent that starts them, are told apart by their roles."""
    tasks = list(ownership.tasks(facts))
    without = [key for key, task in tasks if not task.task_role]
    if without:
        yield failed(
            f"tasks of {', '.join(without)} have no role of their own", "give each a task role, even an empty one"
        )
    holders: dict[str, list[str]] = {}
    for key, task in tasks:
        holders.setdefault(task.task_role, []).append(key)
    shared = [keys for role, keys in holders.items() if role and len(keys) > 1]
    for keys in shared:
        yield failed(
            f"{' and '.join(keys)} share one task role: each may do what the others need", "give each a role of its own"
        )
    both = sorted({task.task_role for _, task in tasks if task.task_role} & {task.execution_role for _, task in tasks})
    for role in both:
        yield failed(
            f"{role} starts tasks and is theirs: a task may read every secret that it is started with",
            "make a task role without the execution role's permissions",
        )
    if tasks and not shared and not both and not without:
        yield passed(f"{', '.join(key for key, _ in tasks)}: each has a task role of its own")


def mfa(facts: Facts) -> Iterator[Reason]:
    """Nobody signs in by password alone."""
    found = known(facts.account.mfa)
    yield judge(
        found.root,
        "the root user has MFA",
        "the root user signs in with a password alone",
        "sign in as root, and add a passkey or an authenticator",
    )
    more = f" and {len(found.without) - MANY} more" if len(found.without) > MANY else ""
    yield judge(
        not found.without,
        "every IAM user with a password has MFA",
        f"without MFA: {', '.join(found.without[:MANY])}{more}",
        "let them add MFA, or take their password away",
    )


def trail(facts: Facts) -> Iterator[Reason]:
    """A trail records every region."""
    trails = known(facts.account.trails)
    whole = [each for each in trails if each.logging and each.every_region]
    if not whole:
        told = ", ".join(f"{each.name} ({'one region' if each.logging else 'stopped'})" for each in trails)
        yield failed(
            f"no CloudTrail trail records every region{': ' + told if told else ''}",
            "create the stack account: deploytool infra apply",
        )
    for each in whole:
        yield judge(
            each.validated,
            f"trail {each.name} records every region, and its files are signed",
            f"trail {each.name} records every region, but its files can be changed unnoticed",
            f"aws cloudtrail update-trail --name {each.name} --enable-log-file-validation",
        )


def guard(facts: Facts) -> Iterator[Reason]:
    """GuardDuty watches the region."""
    detectors = known(facts.account.detectors)
    yield judge(
        bool(detectors),
        f"GuardDuty watches {facts.scope.region}",
        f"GuardDuty does not watch {facts.scope.region}",
        "create the stack account: deploytool infra apply; or aws guardduty create-detector --enable",
    )


# SEG core.doctor.check_secrets
# Secrets: where they are kept, how old they are, and that none is in git.

_DATABASE = re.compile(r"DATABASE|POSTGRES|MYSQL|MARIADB|(^|_)(DB|PG)", re.IGNORECASE)
_PASSWORD = re.compile(r"PASS|PWD|UR[LI]$|DSN$|CONNECTION", re.IGNORECASE)
"""An address with the password in it counts; host, port, user and name of a database do not change."""
OLDEST = timedelta(days=100)
"""A password that rotates is not older than this: a quarter and some days."""


def stored(facts: Facts) -> Iterator[Reason]:
    """What the task definitions name is in Secrets Manager."""
    found = known(facts.secrets)
    if not found:
        yield failed(
            "no task definition takes a secret from Secrets Manager",
            "put passwords and keys there, and name them under secrets in the container definitions",
        )
    for each in found:
        variables = ", ".join(each.variables) or "registry credentials"
        if not each.exists:
            yield failed(
                f"the secret {each.name} does not exist", "create it, or correct the task definition that names it"
            )
        elif each.deleted:
            yield failed(
                f"the secret {each.name} is scheduled for deletion",
                f"aws secretsmanager restore-secret --secret-id {each.name}",
            )
        else:
            where = "Parameter Store" if each.parameter else "Secrets Manager"
            yield passed(f"{variables}: {each.short} in {where}")


def none_in_the_clear(facts: Facts) -> Iterator[Reason]:
    """No task definition has a password or key as a plain environment variable. Values are not told."""
    for key, task in ownership.tasks(facts):
        named = ", ".join(f"{variable} of {container}" for container, variable in task.plain)
        yield judge(
            not task.plain,
            f"{key}: no environment variable looks like a secret",
            f"{key} has secrets in plain environment variables: {named}",
            "move them to Secrets Manager, name them under secrets, and change their values: everybody who may read "
            "task definitions has seen them",
        )


def rotation(facts: Facts) -> Iterator[Reason]:
    """The databases' passwords change by themselves."""
    found = [each for each in known(facts.secrets) if _of_database(each)]
    managed = {database.master_secret for database in ownership.databases(facts) if database.master_secret}
    if not found and not managed:
        yield unknown(
            Unknown(
                "no secret of the tasks looks like a database password",
                "call its environment variable DATABASE_PASSWORD, DATABASE_URL, PGPASSWORD or the like",
            )
        )
    for each in found:
        if each.name in managed:
            yield passed(f"{each.short} is managed and rotated by RDS")
        elif each.parameter:
            yield failed(
                f"{each.name} is in Parameter Store, which does not rotate", "move it to Secrets Manager, and rotate it"
            )
        else:
            yield _rotated(facts, each)


def _rotated(facts: Facts, secret: SecretState) -> Reason:
    if not secret.rotates:
        return failed(
            f"{secret.short} does not rotate",
            f"aws secretsmanager rotate-secret --secret-id {secret.name} --rotation-rules AutomaticallyAfterDays=30",
        )
    if secret.rotated_at is None:
        return passed(f"{secret.short} rotates; its first rotation is to come")
    oldest = timedelta(days=2 * secret.rotate_days) if secret.rotate_days else OLDEST
    return judge(
        facts.scope.now - secret.rotated_at <= oldest,
        f"{secret.short} was rotated on {secret.rotated_at:%Y-%m-%d}",
        f"{secret.short} should rotate, and was last rotated on {secret.rotated_at:%Y-%m-%d}",
        "see the log of its rotation function",
    )


def not_in_git(facts: Facts) -> Iterator[Reason]:
    """GitHub looks for secrets in what is pushed."""
    repository = known(facts.github.repository)
    if repository.secret_scanning is None:
        yield unknown(
            Unknown(
                f"whether GitHub looks for secrets in {repository.name} is told to administrators alone",
                "run it with a token of an administrator, or see the repository's settings, Advanced Security",
            )
        )
        return
    yield judge(
        repository.secret_scanning,
        f"GitHub looks for secrets in {repository.name}",
        f"GitHub does not look for secrets in {repository.name}",
        "switch on secret scanning in the repository's settings, Advanced Security",
    )
    yield judge(
        repository.push_protection is True,
        "a push that holds a secret is refused",
        "a push that holds a secret is accepted",
        "switch on push protection in the repository's settings, Advanced Security",
    )


def _of_database(secret: SecretState) -> bool:
    return any(_DATABASE.search(name) and _PASSWORD.search(name) for name in secret.variables)
