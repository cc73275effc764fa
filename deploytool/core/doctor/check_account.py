"""Roles, people and the account's own watchmen."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.core.doctor import mine
from deploytool.core.doctor.facts import Facts
from deploytool.core.doctor.facts_account import Grant, Role
from deploytool.core.doctor.finding import CannotTell, Reason, bad, good, known, unseen, verdict

TOO_MUCH = frozenset({"AdministratorAccess", "PowerUserAccess", "IAMFullAccess"})
MANY = 5
"""Users that are named; more are counted."""


def least_privilege(facts: Facts) -> Iterator[Reason]:
    """No role of the tasks may do everything."""
    arns = {task.execution_role: f"execution role of {key}" for key, task in mine.tasks(facts)}
    arns |= {task.task_role: f"task role of {key}" for key, task in mine.tasks(facts)}
    arns.pop("", None)
    for arn, whose in arns.items():
        role = mine.role(facts, arn)
        if role is None:
            yield unseen(CannotTell(f"{whose}: {arn} is not among the roles of this account", "look at it there"))
        else:
            yield _limited(role, whose)


def job_privilege(facts: Facts) -> Iterator[Reason]:
    """No role that a workflow signs in as may do everything, whatever repository it is of."""
    for role in known(facts.account.roles):
        if role.github:
            yield _limited(role, "role of workflows")


def _limited(role: Role, whose: str) -> Reason:
    faults = _too_much(role)
    return verdict(
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
    tasks = list(mine.tasks(facts))
    without = [key for key, task in tasks if not task.task_role]
    if without:
        yield bad(
            f"tasks of {', '.join(without)} have no role of their own", "give each a task role, even an empty one"
        )
    holders: dict[str, list[str]] = {}
    for key, task in tasks:
        holders.setdefault(task.task_role, []).append(key)
    shared = [keys for role, keys in holders.items() if role and len(keys) > 1]
    for keys in shared:
        yield bad(
            f"{' and '.join(keys)} share one task role: each may do what the others need", "give each a role of its own"
        )
    both = sorted({task.task_role for _, task in tasks if task.task_role} & {task.execution_role for _, task in tasks})
    for role in both:
        yield bad(
            f"{role} starts tasks and is theirs: a task may read every secret that it is started with",
            "make a task role without the execution role's permissions",
        )
    if tasks and not shared and not both and not without:
        yield good(f"{', '.join(key for key, _ in tasks)}: each has a task role of its own")


def mfa(facts: Facts) -> Iterator[Reason]:
    """Nobody signs in by password alone."""
    found = known(facts.account.mfa)
    yield verdict(
        found.root,
        "the root user has MFA",
        "the root user signs in with a password alone",
        "sign in as root, and add a passkey or an authenticator",
    )
    more = f" and {len(found.without) - MANY} more" if len(found.without) > MANY else ""
    yield verdict(
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
        yield bad(
            f"no CloudTrail trail records every region{': ' + told if told else ''}",
            "create the stack account: deploytool infra apply",
        )
    for each in whole:
        yield verdict(
            each.validated,
            f"trail {each.name} records every region, and its files are signed",
            f"trail {each.name} records every region, but its files can be changed unnoticed",
            f"aws cloudtrail update-trail --name {each.name} --enable-log-file-validation",
        )


def guard(facts: Facts) -> Iterator[Reason]:
    """GuardDuty watches the region."""
    detectors = known(facts.account.detectors)
    yield verdict(
        bool(detectors),
        f"GuardDuty watches {facts.scope.region}",
        f"GuardDuty does not watch {facts.scope.region}",
        "create the stack account: deploytool infra apply; or aws guardduty create-detector --enable",
    )
