"""PostgreSQL and Redis: what keeps the data, and who may read it."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.infra.checks.model import Resource, TemplateSet, check
from deploytool.infra.intrinsics import is_true, number

DATABASE, REDIS = "AWS::RDS::DBInstance", "AWS::ElastiCache::ReplicationGroup"
OLDEST_POSTGRES = 14
"""RDS ended standard support for 13 in February 2026: extended support is charged by the vCPU and hour.

https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html
"""
_KEPT = ("Retain", "RetainExceptOnCreate", "Snapshot")
_IN_SNAPSHOT = ("DBName", "MasterUsername", "MasterUserPassword", "KmsKeyId")
_PASSWORDS = {DATABASE: "MasterUserPassword", REDIS: "AuthToken"}


@check(DATABASE)
def database_deletion_protection(_: TemplateSet, database: Resource) -> Iterator[tuple[str, str]]:
    """RDS refuses to delete it until its protection is turned off."""
    if not is_true(database.properties.get("DeletionProtection", False)):
        yield "deletion protection is off", "set DeletionProtection to true"


@check(DATABASE, REDIS)
def database_retained(_: TemplateSet, store: Resource) -> Iterator[tuple[str, str]]:
    """A deletion or a replacement leaves the data, or a snapshot of it."""
    if store.deletion_policy not in _KEPT or store.update_replace_policy not in _KEPT:
        yield (
            "its data is lost when it is deleted or replaced",
            "set DeletionPolicy and UpdateReplacePolicy to Snapshot",
        )


@check(DATABASE)
def database_backups(_: TemplateSet, database: Resource) -> Iterator[tuple[str, str]]:
    """Zero days turn backups off, and with them point-in-time recovery."""
    if number(database.properties.get("BackupRetentionPeriod", 1)) == 0:
        yield "automated backups are off", "set BackupRetentionPeriod to 7"


@check(DATABASE)
def database_engine_supported(_: TemplateSet, database: Resource) -> Iterator[tuple[str, str]]:
    """A major version of PostgreSQL that RDS still makes."""
    version = str(database.properties.get("EngineVersion", ""))
    major = number(version.partition(".")[0])
    if database.properties.get("Engine") == "postgres" and major is not None and major < OLDEST_POSTGRES:
        yield f"PostgreSQL {version} is out of standard support", f"use {OLDEST_POSTGRES} or newer"


@check(DATABASE, REDIS)
def database_no_literal_password(_: TemplateSet, store: Resource) -> Iterator[tuple[str, str]]:
    """No password stands in a template, or in the parameters of a stack."""
    key = _PASSWORDS[store.type]
    value = store.properties.get(key)
    if isinstance(value, str) and "{{resolve:" not in value:
        yield (
            f"{key} is readable to everyone who may read the stack",
            "let RDS manage the password, or generate it in Secrets Manager and resolve it",
        )


@check(DATABASE)
def database_restore_consistent(_: TemplateSet, database: Resource) -> Iterator[tuple[str, str]]:
    """A snapshot brings its user, its database and its key along, and others beside it are refused or ignored.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html
    """
    if not database.properties.get("DBSnapshotIdentifier"):
        return
    given = [key for key in _IN_SNAPSHOT if key in database.properties]
    if given:
        yield (
            f"it is restored from a snapshot, which has {', '.join(given)} of its own",
            "leave them out with the snapshot, by Fn::If and AWS::NoValue",
        )


@check(REDIS)
def redis_keeps_keys(templates: TemplateSet, group: Resource) -> Iterator[tuple[str, str]]:
    """A queue loses jobs where Redis evicts keys: the locks of jobs expire, so that volatile-lru takes them.

    https://github.com/taskforcesh/bullmq/issues/2215
    """
    name = group.properties.get("CacheParameterGroupName", "default")
    parameters = templates.target(group.stack, name)
    if parameters is not None:
        policy = (parameters.properties.get("Properties") or {}).get("maxmemory-policy")
        evicts = policy is None or (isinstance(policy, str) and policy != "noeviction")
    else:
        evicts = isinstance(name, str) and name.startswith("default")
    if evicts:
        yield (
            "it evicts keys when its memory is full, and a job queue loses jobs",
            "give it a parameter group with maxmemory-policy noeviction",
        )


@check(REDIS)
def redis_failover_has_replica(_: TemplateSet, group: Resource) -> Iterator[tuple[str, str]]:
    """Failover needs a second node to go to."""
    nodes = number(group.properties.get("NumCacheClusters", 1))
    if not is_true(group.properties.get("AutomaticFailoverEnabled", False)) or nodes in (0, 1):
        yield (
            f"with {nodes} node(s) and no failover, Redis is unavailable while a node is replaced",
            "set NumCacheClusters to 2 or more, and AutomaticFailoverEnabled to true",
        )


@check(REDIS)
def redis_auth_requires_tls(_: TemplateSet, group: Resource) -> Iterator[tuple[str, str]]:
    """Neither a token in clear text nor TLS without one."""
    encrypted = is_true(group.properties.get("TransitEncryptionEnabled", False))
    if not encrypted or not group.properties.get("AuthToken"):
        yield (
            "Redis requires no token, or gets it in clear text",
            "set AuthToken, and TransitEncryptionEnabled to true",
        )
