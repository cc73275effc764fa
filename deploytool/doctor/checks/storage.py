"""Database, cache, image repository."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.doctor import ownership
from deploytool.doctor.facts import Facts
from deploytool.doctor.result import Reason, create_stack, failed, judge, judge_all, known, undecidable

BACKUP_DAYS = 7
WAIT = "wait until it is available; see its events"
EXPIRE = "add a lifecycle policy, and use deploytool prune"


def database(facts: Facts) -> Iterator[Reason]:
    """An RDS instance that survives the loss of a zone, of its disk and of a careless command."""
    databases = ownership.databases(facts)
    if not databases:
        yield failed("no RDS instance is in the services' VPC", create_stack("data"))
    protection = "has deletion protection", "has no deletion protection"
    insights = "has Performance Insights", "has no Performance Insights"
    for instance in databases:
        modify = f"aws rds modify-db-instance --db-instance-identifier {instance.id}"
        ready, backups = instance.status == "available", f"keeps backups for {instance.backup_days} days"
        yield from judge_all(
            instance.id,
            (ready, f"({instance.engine} {instance.version}) is available", f"is {instance.status}", WAIT),
            (instance.multi_az, "has a standby in another zone", "is in one zone only", f"{modify} --multi-az"),
            (instance.backup_days >= BACKUP_DAYS, backups, backups, f"keep backups for {BACKUP_DAYS} days or more"),
            (instance.deletion_protection, *protection, f"{modify} --deletion-protection"),
            (instance.insights, *insights, f"{modify} --enable-performance-insights"),
        )


def cache(facts: Facts) -> Iterator[Reason]:
    """A replication group that survives the loss of a node."""
    caches = ownership.caches(facts)
    if not caches:
        yield failed("no ElastiCache replication group is in the services' VPC", create_stack("data"))
    for group in caches:
        ready, nodes = group.status == "available", f"{group.nodes} nodes"
        failover = "has automatic failover", f"has no automatic failover ({nodes})", "use two nodes and Multi-AZ"
        snapshots = f"keeps snapshots for {group.snapshot_days} days"
        yield from judge_all(
            group.id,
            (ready, f"({nodes}) is available", f"is {group.status}", WAIT),
            (group.failover and group.nodes > 1, *failover),
            (group.snapshot_days > 0, snapshots, "keeps no snapshots", f"keep snapshots for {BACKUP_DAYS} days"),
        )


def repository(facts: Facts) -> Iterator[Reason]:
    """ECR repositories with immutable tags, image scans and a lifecycle policy."""
    for name, state in known(facts.repositories).items():
        if state is None:
            yield failed(f"ECR repository {name} does not exist", create_stack("bootstrap"))
            continue
        set_tags = f"aws ecr put-image-tag-mutability --repository-name {name} --image-tag-mutability IMMUTABLE"
        scan = (
            f"aws ecr put-image-scanning-configuration --repository-name {name} "
            "--image-scanning-configuration scanOnPush=true"
        )
        yield from judge_all(
            name,
            (state.immutable, "has immutable tags", "has mutable tags: a push can replace an image", set_tags),
            (state.scans, "scans images on push", "does not scan images on push", scan),
            (state.lifecycle, "has a lifecycle policy", "has no lifecycle policy: it keeps every image", EXPIRE),
        )


def at_rest(facts: Facts) -> Iterator[Reason]:
    """Database and cache are encrypted on disk, which cannot be switched on later."""
    stores = [(instance.id, instance.encrypted) for instance in ownership.databases(facts)]
    stores += [(group.id, group.at_rest) for group in ownership.caches(facts)]
    for name, encrypted in stores:
        yield judge(
            encrypted,
            name,
            "is encrypted at rest",
            "is not encrypted at rest",
            "create an encrypted copy from a snapshot and switch to it",
        )


def in_transit(facts: Facts) -> Iterator[Reason]:
    """Database and cache accept TLS connections only."""
    success, problem = "requires TLS", "accepts connections without TLS"
    for instance in ownership.databases(facts):
        if instance.force_ssl is None:
            yield undecidable(
                f"{instance.id}: no parameter of {instance.engine} says whether it requires TLS",
                "see the engine's documentation",
            )
        else:
            fix = "set rds.force_ssl to 1 in its parameter group"
            yield judge(instance.force_ssl, instance.id, success, problem, fix)
    for group in ownership.caches(facts):
        yield judge(group.transit, group.id, success, problem, "enable encryption in transit with mode required")
        yield judge(
            group.auth,
            group.id,
            "requires authentication",
            "accepts unauthenticated connections",
            "set an AUTH token, or use RBAC",
        )
