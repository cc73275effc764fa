"""PostgreSQL and Redis: what keeps the data, and who may read it."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.infra.checks.model import TemplateFault, TemplateSet, is_true, number

OLDEST_POSTGRES = 14
"""RDS ended standard support for 13 in February 2026: extended support is charged by the vCPU and hour.

https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html
"""
_KEPT = ("Retain", "RetainExceptOnCreate", "Snapshot")


def database_deletion_protection(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """RDS refuses to delete it until somebody takes the protection away first."""
    for database in cloud.of_type("AWS::RDS::DBInstance"):
        if not is_true(database.properties.get("DeletionProtection", False)):
            yield TemplateFault(
                database.stack,
                database.name,
                "anybody who may delete the database can do so in one step",
                "set DeletionProtection to true",
            )


def database_retained(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """A deletion or a replacement leaves the data, or a snapshot of it."""
    for kept in cloud.of_type("AWS::RDS::DBInstance", "AWS::ElastiCache::ReplicationGroup"):
        if kept.deletion_policy not in _KEPT or kept.update_replace_policy not in _KEPT:
            yield TemplateFault(
                kept.stack,
                kept.name,
                "its data is gone when it is deleted or replaced",
                "set DeletionPolicy and UpdateReplacePolicy to Snapshot",
            )


def database_backups(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """Zero days switch backups off, and with them the way back to any second of the last days."""
    for database in cloud.of_type("AWS::RDS::DBInstance"):
        if number(database.properties.get("BackupRetentionPeriod", 1)) == 0:
            yield TemplateFault(
                database.stack, database.name, "nothing of it is backed up", "set BackupRetentionPeriod to 7"
            )


def database_engine_supported(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """A major version of PostgreSQL that RDS still makes."""
    for database in cloud.of_type("AWS::RDS::DBInstance"):
        version = str(database.properties.get("EngineVersion", ""))
        major = number(version.partition(".")[0])
        if database.properties.get("Engine") == "postgres" and major is not None and major < OLDEST_POSTGRES:
            yield TemplateFault(
                database.stack,
                database.name,
                f"PostgreSQL {version} is out of standard support",
                f"take {OLDEST_POSTGRES} or newer",
            )


def database_no_literal_password(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """Nobody reads a password in a template, or in the parameters of a stack."""
    secrets = (("AWS::RDS::DBInstance", "MasterUserPassword"), ("AWS::ElastiCache::ReplicationGroup", "AuthToken"))
    for kind, key in secrets:
        for found in cloud.of_type(kind):
            value = found.properties.get(key)
            if isinstance(value, str) and "{{resolve:" not in value:
                yield TemplateFault(
                    found.stack,
                    found.name,
                    f"{key} is there for all to read who may read the stack",
                    "let RDS manage the password, or generate it in Secrets Manager and resolve it",
                )


def redis_failover_has_replica(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """Failover needs a second node to go to."""
    for group in cloud.of_type("AWS::ElastiCache::ReplicationGroup"):
        nodes = number(group.properties.get("NumCacheClusters", 1))
        if not is_true(group.properties.get("AutomaticFailoverEnabled", False)) or nodes in (0, 1):
            yield TemplateFault(
                group.stack,
                group.name,
                f"with {nodes} node(s) and no failover, Redis is gone while a node is replaced",
                "set NumCacheClusters to 2 or more, and AutomaticFailoverEnabled to true",
            )


def redis_auth_requires_tls(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """Neither a token in clear text nor TLS without one."""
    for group in cloud.of_type("AWS::ElastiCache::ReplicationGroup"):
        encrypted = is_true(group.properties.get("TransitEncryptionEnabled", False))
        if not encrypted or not group.properties.get("AuthToken"):
            yield TemplateFault(
                group.stack,
                group.name,
                "Redis lets in whoever reaches it, or sends its token in clear text",
                "set AuthToken, and TransitEncryptionEnabled to true",
            )


DATABASE_CHECKS = (
    database_deletion_protection,
    database_retained,
    database_backups,
    database_engine_supported,
    database_no_literal_password,
    redis_failover_has_replica,
    redis_auth_requires_tls,
)
