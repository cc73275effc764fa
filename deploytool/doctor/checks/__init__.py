"""The catalog of checks, and how they run on the facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from deploytool.doctor.checks import delivery, edge, network, security, services, storage
from deploytool.doctor.facts import Facts, Scope
from deploytool.doctor.result import FactUnavailable, Reason, Status, Unknown, unknown
from deploytool.errors import Exit

Judge = Callable[[Facts], Iterator[Reason]]


class Group(StrEnum):
    """The values are headings."""

    CHECKLIST = "deployment checklist"
    ISOLATION = "security: network isolation"
    SECRETS = "security: secrets"
    ENCRYPTION = "security: encryption"
    ACCESS = "security: access"
    MONITORING = "security: monitoring"
    GITHUB = "GitHub"


@dataclass(frozen=True)
class Check:
    """One line of the report. A fact that is unavailable ends the part that needs it, and no other."""

    id: str
    group: Group
    title: str
    parts: tuple[Judge, ...]


_CATALOG: dict[Group, tuple[tuple[str, str, tuple[Judge, ...]], ...]] = {
    Group.CHECKLIST: (
        ("vpc", "VPC and subnets", (network.subnets, network.public_subnets)),
        ("security-groups", "security groups", (network.task_security_groups, network.balancer_security_groups)),
        ("database", "RDS instance", (storage.database,)),
        ("cache", "ElastiCache", (storage.cache,)),
        ("repository", "ECR repository", (storage.repository,)),
        ("services", "ECS cluster and services", (services.cluster, services.services, services.digests)),
        ("load-balancer", "load balancer and target groups", (edge.load_balancer, edge.target_groups)),
        ("cdn", "CloudFront distribution", (edge.distribution,)),
        ("dns", "Route 53 DNS", (edge.dns,)),
        ("certificates", "certificates", (edge.certificates,)),
        ("secrets", "secrets in Secrets Manager", (security.stored,)),
        ("log-groups", "CloudWatch log groups", (services.log_groups,)),
        ("alarms", "alarms and notifications", (services.service_alarms, services.database_alarms)),
        ("pipeline", "deployed by CI", (delivery.pipeline,)),
        ("migrations", "migrations", (delivery.migrations,)),
        ("seed-data", "seed data", (delivery.seeds,)),
        ("health", "health checks", (services.target_health, services.container_health)),
        ("scaling", "auto scaling", (services.scaling,)),
    ),
    Group.ISOLATION: (
        ("private-stores", "database and cache in private subnets", (network.store_subnets,)),
        (
            "restricted-access",
            "access restricted by security groups",
            (network.store_security_groups, network.public_addresses),
        ),
        ("flow-logs", "VPC flow logs", (network.flow_logs,)),
    ),
    Group.SECRETS: (
        ("no-plain-secrets", "no secrets in environment variables", (security.none_in_the_clear,)),
        ("rotation", "database password rotation", (security.rotation,)),
        ("secrets-in-git", "no secrets in git", (security.not_in_git,)),
    ),
    Group.ENCRYPTION: (
        ("at-rest", "database and cache encrypted at rest", (storage.at_rest,)),
        ("tls", "TLS on every connection", (edge.tls, storage.in_transit)),
        ("https-only", "CloudFront with HTTPS only", (edge.https_only,)),
    ),
    Group.ACCESS: (
        ("least-privilege", "least privilege", (security.least_privilege, security.job_privilege)),
        ("separate-roles", "a role for each service", (security.separate_roles,)),
        ("mfa", "MFA for every user", (security.mfa,)),
    ),
    Group.MONITORING: (
        ("trail", "CloudTrail", (security.trail,)),
        ("guardduty", "GuardDuty", (security.guard,)),
        ("security-alerts", "alerts for security events", (services.security_alerts,)),
    ),
    Group.GITHUB: (
        ("token", "token", (delivery.token,)),
        ("job-permissions", "permissions of the jobs", (delivery.job_permissions,)),
        ("environment", "environment", (delivery.environment, delivery.branches)),
        ("sign-in", "sign-in to AWS by OIDC", (delivery.sign_in,)),
        ("rollback-workflow", "rollback workflow", (delivery.rollback_workflow,)),
    ),
}
CHECKS = tuple(Check(id_, group, title, parts) for group, checks in _CATALOG.items() for id_, title, parts in checks)

NO_REASON = Unknown("nothing to check", "resolve the failures above first")


@dataclass(frozen=True)
class CheckResult:
    """A check with all its reasons, of which the worst decides."""

    check: Check
    reasons: tuple[Reason, ...]

    @property
    def status(self) -> Status:
        statuses = {reason.status for reason in self.reasons}
        return next(status for status in (Status.FAIL, Status.UNKNOWN, Status.PASS) if status in statuses)


@dataclass(frozen=True)
class Report:
    """``left_out`` are ids of checks that were skipped."""

    scope: Scope
    results: tuple[CheckResult, ...]
    left_out: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[Status, int]:
        counts = Counter(result.status for result in self.results)
        return {status: counts[status] for status in Status}

    @property
    def exit_code(self) -> Exit:
        """PRECONDITION_FAILED where a check failed; an unknown result is no failure."""
        return Exit.PRECONDITION_FAILED if self.counts[Status.FAIL] else Exit.OK


def run_checks(facts: Facts, left_out: Collection[str] = ()) -> Report:
    """Every check but those left out."""
    results = tuple(run_check(check, facts) for check in CHECKS if check.id not in left_out)
    return Report(facts.scope, results, tuple(check.id for check in CHECKS if check.id in left_out))


def run_check(check: Check, facts: Facts) -> CheckResult:
    """A reason that several parts give is reported once."""
    reasons = (reason for part in check.parts for reason in _reasons(part, facts))
    unique = {(reason.status, reason.message, reason.fix): reason for reason in reasons}
    return CheckResult(check, tuple(unique.values()) or (unknown(NO_REASON),))


def _reasons(part: Judge, facts: Facts) -> Iterator[Reason]:
    try:
        yield from part(facts)
    except FactUnavailable as error:
        yield unknown(error.fact)
