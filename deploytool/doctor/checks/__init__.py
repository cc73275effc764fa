"""Every check, in the order in which it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from deploytool.doctor.checks import delivery, edge, network, security, services, storage
from deploytool.doctor.facts import Facts, Scope
from deploytool.doctor.result import FactUnavailable, Reason, Status, Unknown, unknown
from deploytool.errors import Exit

# SEG core.doctor.catalogue
# Every check, in the order in which it is told.

Judge = Callable[[Facts], Iterator[Reason]]


class Group(StrEnum):
    """What a check belongs to; the values are headings."""

    CHECKLIST = "deployment checklist"
    ISOLATION = "security: network isolation"
    SECRETS = "security: secrets"
    ENCRYPTION = "security: encryption"
    ACCESS = "security: access"
    MONITORING = "security: monitoring"
    GITHUB = "GitHub"


@dataclass(frozen=True)
class Check:
    """One line of the report; an unseen fact ends the part that needs it, and no other."""

    id: str
    group: Group
    title: str
    parts: tuple[Judge, ...]


def _check(group: Group, id_: str, title: str, *parts: Judge) -> Check:
    return Check(id_, group, title, parts)


CHECKS = (
    _check(Group.CHECKLIST, "vpc", "VPC and subnets", network.subnets, network.public_subnets),
    _check(
        Group.CHECKLIST, "security-groups", "security groups", network.task_groups, network.balancer_groups
    ),
    _check(Group.CHECKLIST, "database", "RDS instance", storage.database),
    _check(Group.CHECKLIST, "cache", "ElastiCache", storage.cache),
    _check(Group.CHECKLIST, "repository", "ECR repository", storage.repository),
    _check(
        Group.CHECKLIST, "services", "ECS cluster and services",
        services.cluster, services.services, services.digests,
    ),
    _check(
        Group.CHECKLIST, "load-balancer", "load balancer and target groups",
        edge.load_balancer, edge.target_groups,
    ),
    _check(Group.CHECKLIST, "cdn", "CloudFront distribution", edge.distribution),
    _check(Group.CHECKLIST, "dns", "Route 53 DNS", edge.dns),
    _check(Group.CHECKLIST, "certificates", "certificates", edge.certificates),
    _check(Group.CHECKLIST, "secrets", "secrets in Secrets Manager", security.stored),
    _check(Group.CHECKLIST, "log-groups", "CloudWatch log groups", services.log_groups),
    _check(
        Group.CHECKLIST, "alarms", "alarms and notifications", services.service_alarms, services.database_alarms
    ),
    _check(Group.CHECKLIST, "pipeline", "pipeline tried", delivery.pipeline),
    _check(Group.CHECKLIST, "migrations", "migrations run", delivery.migrations),
    _check(Group.CHECKLIST, "seed-data", "seed data", delivery.seeds),
    _check(
        Group.CHECKLIST, "health", "health checks", services.target_health, services.container_health
    ),
    _check(Group.CHECKLIST, "scaling", "auto scaling", services.scaling),
    _check(Group.ISOLATION, "private-stores", "database and cache in private subnets", network.store_subnets),
    _check(
        Group.ISOLATION, "restricted-access", "access restricted by security groups",
        network.store_groups, network.public_addresses,
    ),
    _check(Group.ISOLATION, "flow-logs", "VPC flow logs", network.flow_logs),
    _check(Group.SECRETS, "no-plain-secrets", "no secret outside Secrets Manager", security.none_in_the_clear),
    _check(Group.SECRETS, "rotation", "database passwords rotate", security.rotation),
    _check(Group.SECRETS, "secrets-in-git", "no secret in git", security.not_in_git),
    _check(Group.ENCRYPTION, "at-rest", "database and cache encrypted at rest", storage.at_rest),
    _check(Group.ENCRYPTION, "tls", "TLS on every connection", edge.tls, storage.in_transit),
    _check(Group.ENCRYPTION, "https-only", "CloudFront serves HTTPS alone", edge.https_only),
    _check(
        Group.ACCESS, "least-privilege", "least privilege",
        security.least_privilege, security.job_privilege,
    ),
    _check(Group.ACCESS, "separate-roles", "a role for each service", security.separate_roles),
    _check(Group.ACCESS, "mfa", "MFA for every user", security.mfa),
    _check(Group.MONITORING, "trail", "CloudTrail", security.trail),
    _check(Group.MONITORING, "guardduty", "GuardDuty", security.guard),
    _check(Group.MONITORING, "security-alerts", "alerts for security events", services.security_alerts),
    _check(Group.GITHUB, "token", "token", delivery.token),
    _check(Group.GITHUB, "job-permissions", "permissions of the jobs", delivery.job_permissions),
    _check(Group.GITHUB, "environment", "environment", delivery.environment),
    _check(Group.GITHUB, "sign-in", "sign-in to AWS by OIDC", delivery.sign_in),
    _check(Group.GITHUB, "rollback-workflow", "rollback workflow", delivery.rollback_workflow),
)  # fmt: skip


# SEG core.doctor.examine
# Facts in, every check's standing out.

NOTHING = Unknown("there was nothing to look at", "see what the checks above miss")


@dataclass(frozen=True)
class CheckResult:
    """One check with all its reasons; the worst of them is its standing."""

    check: Check
    reasons: tuple[Reason, ...]

    @property
    def status(self) -> Status:
        """Fail before cannot tell before pass."""
        found = {reason.status for reason in self.reasons}
        return next(each for each in (Status.FAIL, Status.UNKNOWN, Status.PASS) if each in found)


@dataclass(frozen=True)
class Report:
    """What the doctor found; ``left_out`` are ids of checks that were not wanted."""

    scope: Scope
    checked: tuple[CheckResult, ...]
    left_out: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[Status, int]:
        """How many checks stand how."""
        found = Counter(each.status for each in self.checked)
        return {standing: found[standing] for standing in Status}

    @property
    def exit_code(self) -> Exit:
        """Refused where a check failed. What cannot be told fails nothing."""
        return Exit.PRECONDITION_FAILED if self.counts[Status.FAIL] else Exit.OK


def run_checks(facts: Facts, left_out: Collection[str] = ()) -> Report:
    """Every check but those left out."""
    checked = tuple(run_check(check, facts) for check in CHECKS if check.id not in left_out)
    return Report(facts.scope, checked, tuple(check.id for check in CHECKS if check.id in left_out))


def run_check(check: Check, facts: Facts) -> CheckResult:
    """One check. What two parts cannot see for the same reason is told once."""
    said = {(each.status, each.message, each.fix): each for part in check.parts for each in _reasons(part, facts)}
    return CheckResult(check, tuple(said.values()) or (unknown(NOTHING),))


def _reasons(part: Judge, facts: Facts) -> Iterator[Reason]:
    try:
        yield from part(facts)
    except FactUnavailable as ended:
        yield unknown(ended.fact)
