"""IAM roles and users, audit trails, and secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from deploytool.doctor import ownership
from deploytool.doctor.facts import Facts, SecretState
from deploytool.doctor.facts_account import Grant, Role
from deploytool.doctor.result import Reason, create_stack, failed, judge, known, passed, undecidable

TOO_MUCH = frozenset({"AdministratorAccess", "PowerUserAccess"})
MANY = 5
"""Users that are named; more are counted."""
_DATABASE = re.compile(r"DATABASE|POSTGRES|MYSQL|MARIADB|(^|_)(DB|PG)", re.IGNORECASE)
_PASSWORD = re.compile(r"PASS|PWD|UR[LI]$|DSN$|CONNECTION", re.IGNORECASE)
"""An address that may hold the password counts; host, port, user and name of a database do not change."""
OLDEST = timedelta(days=100)
"""Age of a rotating password without a schedule in days: a quarter and some days."""


def least_privilege(facts: Facts) -> Iterator[Reason]:
    """No role of the tasks has unlimited permissions."""
    holders = {task.execution_role: f"execution role of {key}" for key, task in ownership.tasks(facts)}
    holders |= {task.task_role: f"task role of {key}" for key, task in ownership.tasks(facts)}
    holders.pop("", None)
    for arn, holder in holders.items():
        role = next((role for role in known(facts.account.roles) if role.arn == arn), None)
        if role is None:
            yield undecidable(f"{holder}: {arn} is not a role of this account", "check it in its own account")
        else:
            yield _limited(role, holder)


def job_privilege(facts: Facts) -> Iterator[Reason]:
    """No role that a workflow of any repository assumes has unlimited permissions."""
    for role in known(facts.account.roles):
        if role.github:
            yield _limited(role, "role of workflows")


def _limited(role: Role, holder: str) -> Reason:
    excesses = _excesses(role)
    return judge(
        not excesses,
        f"{role.name} ({holder})",
        "has a limited list of actions",
        "; ".join(excesses),
        "list the actions and resources that it needs; docs/permissions.md has those of a release",
    )


def _excesses(role: Role) -> list[str]:
    managed = sorted({policy for policy in role.managed if policy in TOO_MUCH or policy.endswith("FullAccess")})
    everything = sorted({grant.policy for grant in role.grants if _everything(grant)})
    services = sorted({action for grant in role.grants for action in grant.actions if _whole_service(action, grant)})
    excesses = (
        (managed, f"has {', '.join(managed)}"),
        (everything, f"may do everything by policy {', '.join(everything)}"),
        (services, f"may do {', '.join(services)} on every resource"),
    )
    return [sentence for names, sentence in excesses if names]


def _everything(grant: Grant) -> bool:
    return any(action in ("*", "*:*") for action in grant.actions) and not grant.conditional


def _whole_service(action: str, grant: Grant) -> bool:
    service, colon, name = action.partition(":")
    return bool(colon) and name == "*" and service != "*" and "*" in grant.resources and not grant.conditional


def separate_roles(facts: Facts) -> Iterator[Reason]:
    """Each service has its own task role, which is not the execution role."""
    tasks = list(ownership.tasks(facts))
    without = [key for key, task in tasks if not task.task_role]
    if without:
        yield failed(f"tasks of {', '.join(without)} have no task role", "give each a task role, even an empty one")
    holders: dict[str, list[str]] = {}
    for key, task in tasks:
        holders.setdefault(task.task_role, []).append(key)
    shared = [keys for role, keys in holders.items() if role and len(keys) > 1]
    for keys in shared:
        yield failed(
            f"{' and '.join(keys)} share a task role: each has the permissions of the others", "give each its own role"
        )
    both = sorted({task.task_role for _, task in tasks if task.task_role} & {task.execution_role for _, task in tasks})
    for role in both:
        yield failed(
            f"{role} is both task role and execution role: a task can read every secret that it starts with",
            "make a task role without the permissions of the execution role",
        )
    if tasks and not shared and not both and not without:
        yield passed(f"{', '.join(key for key, _ in tasks)}: each has its own task role")


def mfa(facts: Facts) -> Iterator[Reason]:
    """Every console user has MFA."""
    state = known(facts.account.mfa)
    yield judge(state.root, "the root user", "has MFA", "has no MFA", "sign in as root, and add a passkey or app")
    more = f" and {len(state.without) - MANY} more" if len(state.without) > MANY else ""
    users = "every IAM user with a password has MFA", f"without MFA: {', '.join(state.without[:MANY])}{more}"
    yield passed(users[0]) if not state.without else failed(users[1], "add MFA, or remove the password")


def trail(facts: Facts) -> Iterator[Reason]:
    """A trail records every region."""
    trails = known(facts.account.trails)
    complete = [trail for trail in trails if trail.logging and trail.every_region]
    if not complete:
        others = ", ".join(f"{trail.name} ({'one region' if trail.logging else 'stopped'})" for trail in trails)
        yield failed(
            f"no CloudTrail trail records every region{': ' + others if others else ''}", create_stack("account")
        )
    for trail in complete:
        yield judge(
            trail.validated,
            f"trail {trail.name} records every region",
            "with log file validation",
            "without log file validation",
            f"aws cloudtrail update-trail --name {trail.name} --enable-log-file-validation",
        )


def guard(facts: Facts) -> Iterator[Reason]:
    fix = f"{create_stack('account')}; or aws guardduty create-detector --enable"
    is_on = bool(known(facts.account.detectors))
    yield judge(is_on, "GuardDuty", f"is enabled in {facts.scope.region}", f"is off in {facts.scope.region}", fix)


def stored(facts: Facts) -> Iterator[Reason]:
    """The secrets of the task definitions exist."""
    secrets = known(facts.secrets)
    if not secrets:
        yield failed(
            "no task definition uses a secret of Secrets Manager",
            "store passwords and keys there, and list them under secrets in the container definitions",
        )
    for secret in secrets:
        variables = ", ".join(secret.variables) or "registry credentials"
        if not secret.exists:
            yield failed(f"secret {secret.name} does not exist", "create it, or correct the task definition")
        elif secret.deleted:
            yield failed(
                f"secret {secret.name} is scheduled for deletion",
                f"aws secretsmanager restore-secret --secret-id {secret.name}",
            )
        else:
            place = "Parameter Store" if secret.parameter else "Secrets Manager"
            yield passed(f"{variables}: {secret.short} in {place}")


def none_in_the_clear(facts: Facts) -> Iterator[Reason]:
    """No task definition has a password or key as a plain environment variable. Values are never shown."""
    for key, task in ownership.tasks(facts):
        variables = ", ".join(f"{variable} of {container}" for container, variable in task.plain)
        yield judge(
            not task.plain,
            key,
            "has no environment variable that looks like a secret",
            f"has secrets in plain environment variables: {variables}",
            "move them to Secrets Manager and change their values: whoever can read task definitions has seen them",
        )


def rotation(facts: Facts) -> Iterator[Reason]:
    """Database passwords rotate."""
    passwords = [secret for secret in known(facts.secrets) if _of_database(secret)]
    managed = {database.master_secret for database in ownership.databases(facts) if database.master_secret}
    if not passwords and not managed:
        yield undecidable(
            "no secret of the tasks looks like a database password",
            "name its environment variable DATABASE_PASSWORD, DATABASE_URL, PGPASSWORD or similar",
        )
    for secret in passwords:
        if secret.name in managed:
            yield passed(f"{secret.short} is managed and rotated by RDS")
        elif secret.parameter:
            yield failed(
                f"{secret.name} is in Parameter Store, which does not rotate",
                "move it to Secrets Manager, and rotate it",
            )
        else:
            yield _rotated(facts, secret)


def _rotated(facts: Facts, secret: SecretState) -> Reason:
    if not secret.rotates:
        return failed(
            f"{secret.short} does not rotate",
            f"aws secretsmanager rotate-secret --secret-id {secret.name} --rotation-rules AutomaticallyAfterDays=30",
        )
    if secret.rotated_at is None:
        return passed(f"{secret.short} rotates; its first rotation is pending")
    oldest = timedelta(days=2 * secret.rotate_days) if secret.rotate_days else OLDEST
    is_recent, day = facts.scope.now - secret.rotated_at <= oldest, f"{secret.rotated_at:%Y-%m-%d}"
    fix = "see the log of its rotation function"
    return judge(is_recent, secret.short, f"was rotated on {day}", f"is overdue: last rotated on {day}", fix)


def not_in_git(facts: Facts) -> Iterator[Reason]:
    """GitHub scans pushes for secrets."""
    repository = known(facts.github.repository)
    settings = "the repository's settings, Advanced Security"
    if repository.secret_scanning is None:
        yield undecidable(
            f"GitHub shows the secret scanning of {repository.name} to administrators only",
            f"run doctor with an administrator's token, or see {settings}",
        )
        return
    yield judge(
        repository.secret_scanning,
        f"secret scanning of {repository.name}",
        "is enabled",
        "is disabled",
        f"enable secret scanning in {settings}",
    )
    fix = f"enable push protection in {settings}"
    yield judge(repository.push_protection is True, "push protection", "is enabled", "is disabled", fix)


def _of_database(secret: SecretState) -> bool:
    return any(_DATABASE.search(name) and _PASSWORD.search(name) for name in secret.variables)
