"""Secrets: where they are kept, how old they are, and that none is in git."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from deploytool.core.doctor import mine
from deploytool.core.doctor.facts import Facts
from deploytool.core.doctor.facts_stores import SecretState
from deploytool.core.doctor.finding import CannotTell, Reason, bad, good, known, unseen, verdict

_DATABASE = re.compile(r"DATABASE|POSTGRES|MYSQL|MARIADB|(^|_)(DB|PG)", re.IGNORECASE)
_PASSWORD = re.compile(r"PASS|PWD|UR[LI]$|DSN$|CONNECTION", re.IGNORECASE)
"""An address with the password in it counts; host, port, user and name of a database do not change."""
OLDEST = timedelta(days=100)
"""A password that rotates is not older than this: a quarter and some days."""


def stored(facts: Facts) -> Iterator[Reason]:
    """What the task definitions name is in Secrets Manager."""
    found = known(facts.secrets)
    if not found:
        yield bad(
            "no task definition takes a secret from Secrets Manager",
            "put passwords and keys there, and name them under secrets in the container definitions",
        )
    for each in found:
        variables = ", ".join(each.variables) or "registry credentials"
        if not each.exists:
            yield bad(
                f"the secret {each.name} does not exist", "create it, or correct the task definition that names it"
            )
        elif each.deleted:
            yield bad(
                f"the secret {each.name} is scheduled for deletion",
                f"aws secretsmanager restore-secret --secret-id {each.name}",
            )
        else:
            where = "Parameter Store" if each.parameter else "Secrets Manager"
            yield good(f"{variables}: {each.short} in {where}")


def none_in_the_clear(facts: Facts) -> Iterator[Reason]:
    """No task definition has a password or key as a plain environment variable. Values are not told."""
    for key, task in mine.tasks(facts):
        named = ", ".join(f"{variable} of {container}" for container, variable in task.plain)
        yield verdict(
            not task.plain,
            f"{key}: no environment variable looks like a secret",
            f"{key} has secrets in plain environment variables: {named}",
            "move them to Secrets Manager, name them under secrets, and change their values: everybody who may read "
            "task definitions has seen them",
        )


def rotation(facts: Facts) -> Iterator[Reason]:
    """The databases' passwords change by themselves."""
    found = [each for each in known(facts.secrets) if _of_database(each)]
    managed = {database.master_secret for database in mine.databases(facts) if database.master_secret}
    if not found and not managed:
        yield unseen(
            CannotTell(
                "no secret of the tasks looks like a database password",
                "call its environment variable DATABASE_PASSWORD, DATABASE_URL, PGPASSWORD or the like",
            )
        )
    for each in found:
        if each.name in managed:
            yield good(f"{each.short} is managed and rotated by RDS")
        elif each.parameter:
            yield bad(
                f"{each.name} is in Parameter Store, which does not rotate", "move it to Secrets Manager, and rotate it"
            )
        else:
            yield _rotated(facts, each)


def _rotated(facts: Facts, secret: SecretState) -> Reason:
    if not secret.rotates:
        return bad(
            f"{secret.short} does not rotate",
            f"aws secretsmanager rotate-secret --secret-id {secret.name} --rotation-rules AutomaticallyAfterDays=30",
        )
    if secret.rotated_at is None:
        return good(f"{secret.short} rotates; its first rotation is to come")
    oldest = timedelta(days=2 * secret.rotate_days) if secret.rotate_days else OLDEST
    return verdict(
        facts.scope.now - secret.rotated_at <= oldest,
        f"{secret.short} was rotated on {secret.rotated_at:%Y-%m-%d}",
        f"{secret.short} should rotate, and was last rotated on {secret.rotated_at:%Y-%m-%d}",
        "see the log of its rotation function",
    )


def not_in_git(facts: Facts) -> Iterator[Reason]:
    """GitHub looks for secrets in what is pushed."""
    repository = known(facts.github.repository)
    if repository.secret_scanning is None:
        yield unseen(
            CannotTell(
                f"whether GitHub looks for secrets in {repository.name} is told to administrators alone",
                "run it with a token of an administrator, or see the repository's settings, Advanced Security",
            )
        )
        return
    yield verdict(
        repository.secret_scanning,
        f"GitHub looks for secrets in {repository.name}",
        f"GitHub does not look for secrets in {repository.name}",
        "switch on secret scanning in the repository's settings, Advanced Security",
    )
    yield verdict(
        repository.push_protection is True,
        "a push that holds a secret is refused",
        "a push that holds a secret is accepted",
        "switch on push protection in the repository's settings, Advanced Security",
    )


def _of_database(secret: SecretState) -> bool:
    return any(_DATABASE.search(name) and _PASSWORD.search(name) for name in secret.variables)
