"""Every check, in the order in which it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from deploytool.core.doctor import (
    check_account,
    check_alarms,
    check_edge,
    check_github,
    check_network,
    check_releases,
    check_secrets,
    check_services,
    check_stores,
)
from deploytool.core.doctor.facts import Facts
from deploytool.core.doctor.finding import Reason

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
    _check(Group.CHECKLIST, "vpc", "VPC and subnets", check_network.subnets, check_network.public_subnets),
    _check(
        Group.CHECKLIST, "security-groups", "security groups", check_network.task_groups, check_network.balancer_groups
    ),
    _check(Group.CHECKLIST, "database", "RDS instance", check_stores.database),
    _check(Group.CHECKLIST, "cache", "ElastiCache", check_stores.cache),
    _check(Group.CHECKLIST, "repository", "ECR repository", check_stores.repository),
    _check(
        Group.CHECKLIST, "services", "ECS cluster and services",
        check_services.cluster, check_services.services, check_services.digests,
    ),
    _check(
        Group.CHECKLIST, "load-balancer", "load balancer and target groups",
        check_edge.load_balancer, check_edge.target_groups,
    ),
    _check(Group.CHECKLIST, "cdn", "CloudFront distribution", check_edge.distribution),
    _check(Group.CHECKLIST, "dns", "Route 53 DNS", check_edge.dns),
    _check(Group.CHECKLIST, "certificates", "certificates", check_edge.certificates),
    _check(Group.CHECKLIST, "secrets", "secrets in Secrets Manager", check_secrets.stored),
    _check(Group.CHECKLIST, "log-groups", "CloudWatch log groups", check_services.log_groups),
    _check(
        Group.CHECKLIST, "alarms", "alarms and notifications", check_alarms.service_alarms, check_alarms.database_alarms
    ),
    _check(Group.CHECKLIST, "pipeline", "pipeline tried", check_releases.pipeline),
    _check(Group.CHECKLIST, "migrations", "migrations run", check_releases.migrations),
    _check(Group.CHECKLIST, "seed-data", "seed data", check_releases.seeds),
    _check(
        Group.CHECKLIST, "health", "health checks", check_services.target_health, check_services.container_health
    ),
    _check(Group.CHECKLIST, "scaling", "auto scaling", check_services.scaling),
    _check(Group.ISOLATION, "private-stores", "database and cache in private subnets", check_network.store_subnets),
    _check(
        Group.ISOLATION, "restricted-access", "access restricted by security groups",
        check_network.store_groups, check_network.public_addresses,
    ),
    _check(Group.ISOLATION, "flow-logs", "VPC flow logs", check_network.flow_logs),
    _check(Group.SECRETS, "no-plain-secrets", "no secret outside Secrets Manager", check_secrets.none_in_the_clear),
    _check(Group.SECRETS, "rotation", "database passwords rotate", check_secrets.rotation),
    _check(Group.SECRETS, "secrets-in-git", "no secret in git", check_secrets.not_in_git),
    _check(Group.ENCRYPTION, "at-rest", "database and cache encrypted at rest", check_stores.at_rest),
    _check(Group.ENCRYPTION, "tls", "TLS on every connection", check_edge.tls, check_stores.in_transit),
    _check(Group.ENCRYPTION, "https-only", "CloudFront serves HTTPS alone", check_edge.https_only),
    _check(
        Group.ACCESS, "least-privilege", "least privilege",
        check_account.least_privilege, check_account.job_privilege,
    ),
    _check(Group.ACCESS, "separate-roles", "a role for each service", check_account.separate_roles),
    _check(Group.ACCESS, "mfa", "MFA for every user", check_account.mfa),
    _check(Group.MONITORING, "trail", "CloudTrail", check_account.trail),
    _check(Group.MONITORING, "guardduty", "GuardDuty", check_account.guard),
    _check(Group.MONITORING, "security-alerts", "alerts for security events", check_alarms.security_alerts),
    _check(Group.GITHUB, "token", "token", check_github.token),
    _check(Group.GITHUB, "job-permissions", "permissions of the jobs", check_github.job_permissions),
    _check(Group.GITHUB, "environment", "environment", check_github.environment),
    _check(Group.GITHUB, "sign-in", "sign-in to AWS by OIDC", check_github.sign_in),
    _check(Group.GITHUB, "rollback-workflow", "rollback workflow", check_github.rollback_workflow),
)  # fmt: skip
