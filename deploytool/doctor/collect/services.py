"""VPC, subnets, security groups, flow logs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from deploytool.aws.call import batches
from deploytool.doctor.collect.reader import Reader, message_of
from deploytool.doctor.facts import (
    Cache,
    Cluster,
    Database,
    Network,
    Opening,
    Repository,
    Scaling,
    SecurityGroup,
    ServiceFact,
    Subnet,
    TaskShape,
)
from deploytool.doctor.ownership import shape
from deploytool.doctor.result import Unknown
from deploytool.ecs.client import parse_service as parsed
from deploytool.ecs.model import ServiceState
from deploytool.errors import NotFound

# SEG aws.survey.network
# VPC, subnets, security groups, flow logs.

Json = Mapping[str, Any]


def collect_network(reader: Reader, subnets: Collection[str]) -> Network | None:
    """The VPC of ``subnets``; ``None`` without any."""
    if not subnets:
        return None
    vpc = reader.every("ec2", "describe_subnets", "Subnets", SubnetIds=sorted(subnets)[:1])[0]["VpcId"]
    within = [{"Name": "vpc-id", "Values": [vpc]}]
    listed = reader.every("ec2", "describe_subnets", "Subnets", Filters=within)
    tables = reader.every("ec2", "describe_route_tables", "RouteTables", Filters=within)
    described = reader.every("ec2", "describe_vpcs", "Vpcs", VpcIds=[vpc])[0]
    public = {table["RouteTableId"] for table in tables if _to_internet(table)}
    of = {
        association["SubnetId"]: table["RouteTableId"]
        for table in tables
        for association in table.get("Associations", ())
        if association.get("SubnetId")
    }
    main = next((table["RouteTableId"] for table in tables if _is_main(table)), "")
    return Network(
        vpc=vpc,
        cidr=described.get("CidrBlock", ""),
        subnets={
            each["SubnetId"]: Subnet(
                id=each["SubnetId"],
                zone=each.get("AvailabilityZone", ""),
                public=of.get(each["SubnetId"], main) in public,
            )
            for each in listed
        },
    )


def _to_internet(table: Json) -> bool:
    return any(
        str(route.get("GatewayId", "")).startswith("igw-")
        and (route.get("DestinationCidrBlock") == "0.0.0.0/0" or route.get("DestinationIpv6CidrBlock") == "::/0")
        for route in table.get("Routes", ())
    )


def _is_main(table: Json) -> bool:
    return any(association.get("Main") for association in table.get("Associations", ()))


def collect_security_groups(reader: Reader, vpc: str) -> dict[str, SecurityGroup]:
    """Every security group of the VPC."""
    within = [{"Name": "vpc-id", "Values": [vpc]}]
    return {
        each["GroupId"]: SecurityGroup(each["GroupId"], tuple(_openings(each.get("IpPermissions", ()))))
        for each in reader.every("ec2", "describe_security_groups", "SecurityGroups", Filters=within)
    }


def _openings(permissions: Iterable[Json]) -> Iterable[Opening]:
    for each in permissions:
        yield Opening(
            first=each.get("FromPort"),
            last=each.get("ToPort"),
            cidrs=(
                *(one["CidrIp"] for one in each.get("IpRanges", ())),
                *(one["CidrIpv6"] for one in each.get("Ipv6Ranges", ())),
            ),
            groups=tuple(pair["GroupId"] for pair in each.get("UserIdGroupPairs", ()) if pair.get("GroupId")),
        )


def collect_flow_logs(reader: Reader, vpc: str) -> tuple[str, ...]:
    """Ids of the VPC's flow logs that are active and arrive."""
    of_it = [{"Name": "resource-id", "Values": [vpc]}]
    return tuple(
        each["FlowLogId"]
        for each in reader.every("ec2", "describe_flow_logs", "FlowLogs", Filters=of_it)
        if each.get("FlowLogStatus") == "ACTIVE" and each.get("DeliverLogsStatus", "SUCCESS") == "SUCCESS"
    )


# SEG aws.survey.services
# Cluster, services, task definitions, scaling.

SERVICES_PER_CALL = 10
TASKS_PER_CALL = 100


def collect_cluster(reader: Reader, name: str) -> Cluster | None:
    """DescribeClusters; ``None`` where there is none of that name."""
    found = reader.every("ecs", "describe_clusters", "clusters", clusters=[name], include=["SETTINGS"])
    if not found:
        return None
    insights = {each.get("name"): each.get("value") for each in found[0].get("settings", ())}.get("containerInsights")
    return Cluster(name, found[0].get("status", ""), insights in ("enabled", "enhanced"))


def collect_services(reader: Reader, cluster_name: str, names: Mapping[str, str]) -> tuple[ServiceFact, ...]:
    """Those of ``names``, key to ECS name, that exist."""
    wanted = sorted(set(names.values()))
    states: dict[str, ServiceState] = {}
    for batch in batches(wanted, SERVICES_PER_CALL):
        try:
            listed = reader.every("ecs", "describe_services", "services", cluster=cluster_name, services=batch)
        except NotFound:
            return ()  # the cluster itself is not there
        states |= {state.name: state for state in map(parsed, listed) if state.status != "INACTIVE"}
    return tuple(_service(reader, cluster_name, key, states[name]) for key, name in names.items() if name in states)


def _service(reader: Reader, cluster_name: str, key: str, state: ServiceState) -> ServiceFact:
    placed = state.network.get("awsvpcConfiguration") or {}
    return ServiceFact(
        key=key,
        name=state.name,
        task=collect_task(reader, state.task_definition),
        status=state.status,
        desired=state.desired,
        running=state.running,
        controller=state.controller,
        breaker=state.circuit_breaker and state.circuit_breaker_rollback,
        public_ip=placed.get("assignPublicIp") == "ENABLED",
        subnets=tuple(placed.get("subnets") or ()),
        groups=tuple(placed.get("securityGroups") or ()),
        target_groups=tuple(each.target_group_arn for each in state.load_balancers),
        health=message_of(lambda: _health(reader, cluster_name, state.name)),
    )


def collect_task(reader: Reader, name: str) -> TaskShape:
    """A task definition by ARN or family. Raises CloudError."""
    return shape(reader.ask("ecs", "describe_task_definition", taskDefinition=name)["taskDefinition"])


def collect_migrate_task(reader: Reader, family: str) -> TaskShape | None:
    """The migrate task's definition; ``None`` where there is none, or none is configured."""
    if not family:
        return None
    if not reader.every("ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE"):
        return None
    return collect_task(reader, family)


def collect_seeds(reader: Reader, app: str) -> tuple[str, ...]:
    """Task definition families of the app that are called after seeding."""
    listed = reader.every("ecs", "list_task_definition_families", "families", familyPrefix=app, status="ACTIVE")
    return tuple(name for name in listed if "seed" in name.lower())


def _health(reader: Reader, cluster_name: str, service: str) -> tuple[str, ...]:
    arns = reader.every("ecs", "list_tasks", "taskArns", cluster=cluster_name, serviceName=service)[:TASKS_PER_CALL]
    if not arns:
        return ()
    tasks = reader.every("ecs", "describe_tasks", "tasks", cluster=cluster_name, tasks=arns)
    return tuple(each.get("healthStatus", "UNKNOWN") for each in tasks)


def collect_scaling(reader: Reader, cluster_name: str, found: tuple[ServiceFact, ...]) -> tuple[Scaling, ...]:
    """The scalable targets of the services."""
    names = {f"service/{cluster_name}/{each.name}": each.name for each in found}
    return tuple(each for resource, name in names.items() for each in _targets(reader, resource, name))


def _targets(reader: Reader, resource: str, name: str) -> Collection[Scaling]:
    of_it = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
    targets = reader.every(
        "application-autoscaling", "describe_scalable_targets", "ScalableTargets", ResourceIds=[resource], **of_it
    )
    if not targets:
        return ()
    policies = reader.every(
        "application-autoscaling", "describe_scaling_policies", "ScalingPolicies", ResourceId=resource, **of_it
    )
    activities = reader.every(
        "application-autoscaling", "describe_scaling_activities", "ScalingActivities", ResourceId=resource, **of_it
    )
    raw = targets[0]
    return (
        Scaling(
            service=name,
            minimum=raw["MinCapacity"],
            maximum=raw["MaxCapacity"],
            policies=tuple(each["PolicyName"] for each in policies),
            suspended=any((raw.get("SuspendedState") or {}).values()),
            scaled=any(each.get("StatusCode") == "Successful" for each in activities),
        ),
    )


# SEG aws.survey.stores
# RDS, ElastiCache, ECR.

FORCES_TLS = {"postgres": "rds.force_ssl", "mysql": "require_secure_transport", "mariadb": "require_secure_transport"}
ON = frozenset({"1", "ON", "on", "true"})


def collect_databases(reader: Reader, vpc: str) -> tuple[Database, ...]:
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
    forced: bool | Unknown | None = None
    if parameter and groups:
        forced = message_of(lambda: _on(reader, groups[0]["DBParameterGroupName"], parameter))
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


def collect_caches(reader: Reader, vpc: str) -> tuple[Cache, ...]:
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


def collect_repositories(reader: Reader, names: Collection[str]) -> dict[str, Repository | None]:
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
        lifecycle=message_of(lambda: _has_lifecycle(reader, name)),
    )


def _has_lifecycle(reader: Reader, name: str) -> bool:
    try:
        return bool(reader.ask("ecr", "get_lifecycle_policy", repositoryName=name).get("lifecyclePolicyText"))
    except NotFound:
        return False
