"""Do the secrets, roles and log groups exist that the task definitions name? Asked before anything changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from deploytool.aws.call import call
from deploytool.aws.session import Session
from deploytool.core.model import Problem
from deploytool.core.observed import TaskDefinition
from deploytool.core.task_definition_references import references
from deploytool.errors import NotFound, PermissionMissing

Finding = Problem | str | None
"""A problem, a warning that it cannot be told, or nothing."""
Check = Callable[[Session, str], Problem | None]
"""Raises NotFound or PermissionMissing."""


def preflight(session: Session, definitions: Iterable[TaskDefinition]) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """Problems and warnings. Where IAM does not let us look, it warns: the release itself will tell."""
    named = [references(definition) for definition in definitions]
    checks: dict[tuple[str, str], Check] = {}
    for each in named:
        checks |= {("secret", secret.resource): _secret for secret in each.secrets}
        checks |= {("log group", group): _log_group for group in each.log_groups}
        checks |= {("role", arn): _role for arn in each.roles}

    def one(item: tuple[tuple[str, str], Check]) -> Finding:
        (kind, name), exists = item
        try:
            return exists(session, name)
        except NotFound:
            return Problem(
                f"the {kind} {name} does not exist", "create it, or correct the task definition that names it"
            )
        except PermissionMissing as denied:
            return f"cannot tell whether the {kind} {name} exists: {denied.cause}; {denied.fix}"

    with ThreadPoolExecutor(max_workers=8) as pool:
        found = list(pool.map(one, checks.items()))
    return (
        tuple(each for each in found if isinstance(each, Problem)),
        tuple(each for each in found if isinstance(each, str)),
    )


def _secret(session: Session, resource: str) -> Problem | None:
    """Secrets Manager, or Parameter Store by ARN or name."""
    if ":secretsmanager:" in resource:
        # A secret that waits for its deletion is still described, but no task is given its value any more.
        if call(session.client("secretsmanager"), "describe_secret", SecretId=resource).get("DeletedDate"):
            return Problem(
                f"the secret {resource} is scheduled for deletion",
                "restore it (aws secretsmanager restore-secret), or correct the task definition that names it",
            )
        return None
    name = resource.partition(":parameter")[2] or resource
    answer = call(session.client("ssm"), "describe_parameters",
                  ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [name]}])  # fmt: skip
    if not answer["Parameters"]:
        raise NotFound(f"there is no parameter {name}")
    return None


def _log_group(session: Session, name: str) -> Problem | None:
    answer = call(session.client("logs"), "describe_log_groups", logGroupNamePrefix=name, limit=50)
    if all(group["logGroupName"] != name for group in answer["logGroups"]):
        raise NotFound(f"there is no log group {name}")
    return None


def _role(session: Session, arn: str) -> Problem | None:
    call(session.client("iam"), "get_role", RoleName=arn.rsplit("/", 1)[-1])
    return None
