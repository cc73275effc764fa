"""Database, cache, image repository."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.doctor import ownership
from deploytool.doctor.facts import Facts
from deploytool.doctor.result import Reason, Unknown, failed, judge, known, passed, unknown

BACKUP_DAYS = 7


def database(facts: Facts) -> Iterator[Reason]:
    """An RDS instance that survives the loss of a zone, of its disk and of a careless command."""
    found = ownership.databases(facts)
    if not found:
        yield failed("no RDS instance is in the services' VPC", "create the stack data: deploytool infra apply")
    for each in found:
        yield judge(
            each.status == "available",
            f"{each.id}: {each.engine} {each.version}, available",
            f"{each.id} is {each.status}",
            "wait until it is available; see the events of the instance",
        )
        yield judge(
            each.multi_az,
            f"{each.id} has a standby in another zone",
            f"{each.id} is in one zone only",
            f"aws rds modify-db-instance --db-instance-identifier {each.id} --multi-az",
        )
        yield judge(
            each.backup_days >= BACKUP_DAYS,
            f"{each.id} keeps backups for {each.backup_days} days",
            f"{each.id} keeps backups for {each.backup_days} days",
            f"set its backup retention to {BACKUP_DAYS} days or more",
        )
        yield judge(
            each.deletion_protection,
            f"{each.id} is protected from deletion",
            f"{each.id} can be deleted by one command",
            f"aws rds modify-db-instance --db-instance-identifier {each.id} --deletion-protection",
        )
        yield judge(
            each.insights,
            f"{each.id} has Performance Insights",
            f"{each.id} has no Performance Insights",
            f"aws rds modify-db-instance --db-instance-identifier {each.id} --enable-performance-insights",
        )


def cache(facts: Facts) -> Iterator[Reason]:
    """A replication group that survives the loss of a node."""
    found = ownership.caches(facts)
    if not found:
        yield failed(
            "no ElastiCache replication group is in the services' VPC", "create the stack data: deploytool infra apply"
        )
    for each in found:
        yield judge(
            each.status == "available",
            f"{each.id}: {each.nodes} nodes, available",
            f"{each.id} is {each.status}",
            "wait until it is available; see the events of the group",
        )
        yield judge(
            each.failover and each.nodes > 1,
            f"{each.id} fails over by itself",
            f"{each.id} does not fail over by itself ({each.nodes} nodes)",
            "give it two nodes, automatic failover and Multi-AZ",
        )
        yield judge(
            each.snapshot_days > 0,
            f"{each.id} keeps snapshots for {each.snapshot_days} days",
            f"{each.id} keeps no snapshots",
            f"set its snapshot retention to {BACKUP_DAYS} days",
        )


def repository(facts: Facts) -> Iterator[Reason]:
    """ECR repositories whose tags do not move, that scan, and that do not grow for ever."""
    for name, each in known(facts.repositories).items():
        if each is None:
            yield failed(f"there is no ECR repository {name}", "create the stack bootstrap: deploytool infra apply")
            continue
        yield judge(
            each.immutable,
            f"{name}: a tag never moves",
            f"{name}: a tag can be pushed again over another image",
            f"aws ecr put-image-tag-mutability --repository-name {name} --image-tag-mutability IMMUTABLE",
        )
        yield judge(
            each.scans,
            f"{name} scans what is pushed",
            f"{name} does not scan what is pushed",
            f"aws ecr put-image-scanning-configuration --repository-name {name} "
            "--image-scanning-configuration scanOnPush=true",
        )
        if isinstance(each.lifecycle, Unknown):
            yield unknown(each.lifecycle)
        else:
            yield judge(
                each.lifecycle,
                f"{name} has a lifecycle policy",
                f"{name} keeps every image for ever",
                "give it a lifecycle policy, and use deploytool prune",
            )


def at_rest(facts: Facts) -> Iterator[Reason]:
    """Database and cache are encrypted on disk."""
    for each in ownership.databases(facts):
        yield judge(
            each.encrypted,
            f"{each.id} is encrypted at rest",
            f"{each.id} is not encrypted at rest",
            "restore an encrypted copy of a snapshot, and move to it: it cannot be switched on",
        )
    for store in ownership.caches(facts):
        yield judge(
            store.at_rest,
            f"{store.id} is encrypted at rest",
            f"{store.id} is not encrypted at rest",
            "create an encrypted group from a snapshot, and move to it: it cannot be switched on",
        )


def in_transit(facts: Facts) -> Iterator[Reason]:
    """Database and cache take TLS connections alone."""
    for each in ownership.databases(facts):
        if isinstance(each.force_ssl, Unknown):
            yield unknown(each.force_ssl)
        elif each.force_ssl is None:
            told = f"{each.id}: whether {each.engine} insists on TLS is not in its parameters"
            yield unknown(Unknown(told, "see the engine's documentation"))
        else:
            yield judge(
                each.force_ssl,
                f"{each.id} insists on TLS",
                f"{each.id} takes connections without TLS",
                "set rds.force_ssl to 1 in its parameter group",
            )
    for store in ownership.caches(facts):
        yield judge(
            store.transit,
            f"{store.id} insists on TLS",
            f"{store.id} takes connections without TLS",
            "switch on encryption in transit, mode required",
        )
        yield (
            passed(f"{store.id} asks for a password")
            if store.auth
            else failed(f"{store.id} asks nobody for a password", "set an AUTH token, or users by RBAC")
        )
