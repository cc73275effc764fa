"""RDS, ElastiCache, ECR."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from deploytool.aws.survey.reader import Reader, told
from deploytool.core.doctor.facts_stores import Cache, Database, Repository
from deploytool.core.doctor.finding import CannotTell
from deploytool.errors import NotFound

Json = Mapping[str, Any]
FORCES_TLS = {"postgres": "rds.force_ssl", "mysql": "require_secure_transport", "mariadb": "require_secure_transport"}
ON = frozenset({"1", "ON", "on", "true"})


def databases(reader: Reader, vpc: str) -> tuple[Database, ...]:
    """RDS instances of the VPC."""
    return tuple(
        _database(reader, each)
        for each in reader.every("rds", "describe_db_instances", "DBInstances")
        if (each.get("DBSubnetGroup") or {}).get("VpcId") == vpc
    )


def _database(reader: Reader, raw: Json) -> Database:
    engine = raw.get("Engine", "")
    parameter = next((name for begin, name in FORCES_TLS.items() if begin in engine), "")
    groups = raw.get("DBParameterGroups") or ()
    forced: bool | CannotTell | None = None
    if parameter and groups:
        forced = told(lambda: _on(reader, groups[0]["DBParameterGroupName"], parameter))
    return Database(
        id=raw["DBInstanceIdentifier"],
        engine=engine,
        version=raw.get("EngineVersion", ""),
        status=raw.get("DBInstanceStatus", ""),
        multi_az=bool(raw.get("MultiAZ")),
        encrypted=bool(raw.get("StorageEncrypted")),
        public=bool(raw.get("PubliclyAccessible")),
        backup_days=int(raw.get("BackupRetentionPeriod") or 0),
        deletion_protection=bool(raw.get("DeletionProtection")),
        insights=bool(raw.get("PerformanceInsightsEnabled")),
        subnets=tuple(each["SubnetIdentifier"] for each in raw["DBSubnetGroup"].get("Subnets", ())),
        groups=tuple(each["VpcSecurityGroupId"] for each in raw.get("VpcSecurityGroups") or ()),
        master_secret=(raw.get("MasterUserSecret") or {}).get("SecretArn", ""),
        force_ssl=forced,
    )


def _on(reader: Reader, group: str, parameter: str) -> bool | None:
    listed = reader.every("rds", "describe_db_parameters", "Parameters", DBParameterGroupName=group)
    values = (each.get("ParameterValue") for each in listed if each.get("ParameterName") == parameter)
    value = next(values, None)
    return None if value is None else value in ON


def caches(reader: Reader, vpc: str) -> tuple[Cache, ...]:
    """ElastiCache replication groups of the VPC."""
    subnet_groups = {
        each["CacheSubnetGroupName"]: each
        for each in reader.every("elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups")
        if each.get("VpcId") == vpc
    }
    members = {
        each["CacheClusterId"]: each for each in reader.every("elasticache", "describe_cache_clusters", "CacheClusters")
    }
    found = []
    for raw in reader.every("elasticache", "describe_replication_groups", "ReplicationGroups"):
        nodes = [members[name] for name in raw.get("MemberClusters", ()) if name in members]
        placed = next((each.get("CacheSubnetGroupName") for each in nodes), None)
        if placed in subnet_groups:
            found.append(_cache(raw, nodes, subnet_groups[placed]))
    return tuple(found)


def _cache(raw: Json, nodes: Collection[Json], placed: Json) -> Cache:
    return Cache(
        id=raw["ReplicationGroupId"],
        status=raw.get("Status", ""),
        nodes=len(raw.get("MemberClusters", ())),
        failover=raw.get("AutomaticFailover") == "enabled",
        at_rest=bool(raw.get("AtRestEncryptionEnabled")),
        transit=bool(raw.get("TransitEncryptionEnabled")),
        auth=bool(raw.get("AuthTokenEnabled") or raw.get("UserGroupIds")),
        snapshot_days=int(raw.get("SnapshotRetentionLimit") or 0),
        subnets=tuple(each["SubnetIdentifier"] for each in placed.get("Subnets", ())),
        groups=tuple(
            dict.fromkeys(each["SecurityGroupId"] for node in nodes for each in node.get("SecurityGroups") or ())
        ),
    )


def repositories(reader: Reader, names: Collection[str]) -> dict[str, Repository | None]:
    """Each repository that the configuration names; ``None`` for one that is not there."""
    return {name: _repository(reader, name) for name in sorted(names)}


def _repository(reader: Reader, name: str) -> Repository | None:
    try:
        (raw,) = reader.every("ecr", "describe_repositories", "repositories", repositoryNames=[name])
    except NotFound:
        return None
    return Repository(
        name=name,
        immutable=str(raw.get("imageTagMutability", "")).startswith("IMMUTABLE"),
        scans=bool((raw.get("imageScanningConfiguration") or {}).get("scanOnPush")),
        lifecycle=told(lambda: _has_lifecycle(reader, name)),
    )


def _has_lifecycle(reader: Reader, name: str) -> bool:
    try:
        return bool(reader.ask("ecr", "get_lifecycle_policy", repositoryName=name).get("lifecyclePolicyText"))
    except NotFound:
        return False
