"""The network, the services with their tasks and scaling, databases, caches and image repositories."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
from deploytool.ecs.model import ServiceState
from deploytool.ecs.parse import parse_service as parsed
from deploytool.errors import NotFound

Json = Mapping[str, Any]


def collect_network(reader: Reader, subnets: Collection[str]) -> Network | None:
    """The VPC of ``subnets``; ``None`` without any."""
    if not subnets:
        return None
    vpc = reader.every("ec2", "describe_subnets", "Subnets", SubnetIds=sorted(subnets)[:1])[0]["VpcId"]
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    listed = reader.every("ec2", "describe_subnets", "Subnets", Filters=filters)
    tables = reader.every("ec2", "describe_route_tables", "RouteTables", Filters=filters)
    described = reader.every("ec2", "describe_vpcs", "Vpcs", VpcIds=[vpc])[0]
    public = {table["RouteTableId"] for table in tables if _to_internet(table)}
    table_of = {
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
            raw["SubnetId"]: Subnet(
                id=raw["SubnetId"],
                zone=raw.get("AvailabilityZone", ""),
                public=table_of.get(raw["SubnetId"], main) in public,
            )
            for raw in listed
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
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    return {
        raw["GroupId"]: SecurityGroup(raw["GroupId"], tuple(map(_opening, raw.get("IpPermissions", ()))))
        for raw in reader.every("ec2", "describe_security_groups", "SecurityGroups", Filters=filters)
    }


def _opening(raw: Json) -> Opening:
    return Opening(
        first=raw.get("FromPort"),
        last=raw.get("ToPort"),
        cidrs=(
            *(item["CidrIp"] for item in raw.get("IpRanges", ())),
            *(item["CidrIpv6"] for item in raw.get("Ipv6Ranges", ())),
        ),
        groups=tuple(pair["GroupId"] for pair in raw.get("UserIdGroupPairs", ()) if pair.get("GroupId")),
    )


def collect_flow_logs(reader: Reader, vpc: str) -> tuple[str, ...]:
    """Ids of the VPC's flow logs that are active and delivered."""
    filters = [{"Name": "resource-id", "Values": [vpc]}]
    return tuple(
        raw["FlowLogId"]
        for raw in reader.every("ec2", "describe_flow_logs", "FlowLogs", Filters=filters)
        if raw.get("FlowLogStatus") == "ACTIVE" and raw.get("DeliverLogsStatus", "SUCCESS") == "SUCCESS"
    )


SERVICES_PER_CALL = 10
TASKS_PER_CALL = 100


def collect_cluster(reader: Reader, name: str) -> Cluster | None:
    """DescribeClusters; ``None`` where there is none of that name."""
    clusters = reader.every("ecs", "describe_clusters", "clusters", clusters=[name], include=["SETTINGS"])
    if not clusters:
        return None
    settings = {item.get("name"): item.get("value") for item in clusters[0].get("settings", ())}
    has_insights = settings.get("containerInsights") in ("enabled", "enhanced")
    return Cluster(name, clusters[0].get("status", ""), has_insights)


def collect_services(reader: Reader, cluster_name: str, names: Mapping[str, str]) -> tuple[ServiceFact, ...]:
    """Those of ``names``, key to ECS name, that exist."""
    unique = sorted(set(names.values()))
    states: dict[str, ServiceState] = {}
    for batch in batches(unique, SERVICES_PER_CALL):
        try:
            listed = reader.every("ecs", "describe_services", "services", cluster=cluster_name, services=batch)
        except NotFound:
            return ()  # the cluster does not exist
        states |= {state.name: state for state in map(parsed, listed) if state.status != "INACTIVE"}
    return tuple(_service(reader, cluster_name, key, states[name]) for key, name in names.items() if name in states)


def _service(reader: Reader, cluster_name: str, key: str, state: ServiceState) -> ServiceFact:
    network = state.network.get("awsvpcConfiguration") or {}
    return ServiceFact(
        key=key,
        name=state.name,
        task=_task(reader, state.task_definition),
        status=state.status,
        desired=state.desired,
        running=state.running,
        controller=state.controller,
        breaker=state.circuit_breaker and state.circuit_breaker_rollback,
        public_ip=network.get("assignPublicIp") == "ENABLED",
        subnets=tuple(network.get("subnets") or ()),
        groups=tuple(network.get("securityGroups") or ()),
        target_groups=tuple(balancer.target_group_arn for balancer in state.load_balancers),
        health=message_of(lambda: _health(reader, cluster_name, state.name)),
    )


def _task(reader: Reader, name: str) -> TaskShape:
    """A task definition by ARN or family. Raises CloudError."""
    return shape(reader.ask("ecs", "describe_task_definition", taskDefinition=name)["taskDefinition"])


def collect_migrate_task(reader: Reader, family: str) -> TaskShape | None:
    """The migrate task's definition; ``None`` where there is none, or none is configured."""
    if not family:
        return None
    if not reader.every("ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE"):
        return None
    return _task(reader, family)


def collect_seeds(reader: Reader, app: str) -> tuple[str, ...]:
    """Task definition families of the app with `seed` in their name."""
    listed = reader.every("ecs", "list_task_definition_families", "families", familyPrefix=app, status="ACTIVE")
    return tuple(name for name in listed if "seed" in name.lower())


def _health(reader: Reader, cluster_name: str, service: str) -> tuple[str, ...]:
    arns = reader.every("ecs", "list_tasks", "taskArns", cluster=cluster_name, serviceName=service)[:TASKS_PER_CALL]
    if not arns:
        return ()
    tasks = reader.every("ecs", "describe_tasks", "tasks", cluster=cluster_name, tasks=arns)
    return tuple(task.get("healthStatus", "UNKNOWN") for task in tasks)


def collect_scaling(reader: Reader, cluster_name: str, running: tuple[ServiceFact, ...]) -> tuple[Scaling, ...]:
    """The scalable targets of the services."""
    states = (_scaling(reader, f"service/{cluster_name}/{service.name}", service.name) for service in running)
    return tuple(state for state in states if state is not None)


def _scaling(reader: Reader, resource: str, name: str) -> Scaling | None:
    kind = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
    target = {**kind, "ResourceId": resource}
    targets = reader.every(
        "application-autoscaling", "describe_scalable_targets", "ScalableTargets", **kind, ResourceIds=[resource]
    )
    if not targets:
        return None
    policies = reader.every("application-autoscaling", "describe_scaling_policies", "ScalingPolicies", **target)
    activities = reader.every("application-autoscaling", "describe_scaling_activities", "ScalingActivities", **target)
    raw = targets[0]
    return Scaling(
        service=name,
        minimum=raw["MinCapacity"],
        maximum=raw["MaxCapacity"],
        policies=tuple(policy["PolicyName"] for policy in policies),
        suspended=any((raw.get("SuspendedState") or {}).values()),
        scaled=any(activity.get("StatusCode") == "Successful" for activity in activities),
    )


FORCES_TLS = {"postgres": "rds.force_ssl", "mysql": "require_secure_transport", "mariadb": "require_secure_transport"}
ON = frozenset({"1", "ON", "on", "true"})


def collect_databases(reader: Reader, vpc: str) -> tuple[Database, ...]:
    """RDS instances of the VPC."""
    return tuple(
        _database(reader, raw)
        for raw in reader.every("rds", "describe_db_instances", "DBInstances")
        if (raw.get("DBSubnetGroup") or {}).get("VpcId") == vpc
    )


def _database(reader: Reader, raw: Json) -> Database:
    engine = raw.get("Engine", "")
    parameter = next((name for begin, name in FORCES_TLS.items() if begin in engine), "")
    groups = raw.get("DBParameterGroups") or ()
    forced: bool | Unknown | None = None
    if parameter and groups:
        forced = message_of(lambda: _is_on(reader, groups[0]["DBParameterGroupName"], parameter))
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
        subnets=tuple(subnet["SubnetIdentifier"] for subnet in raw["DBSubnetGroup"].get("Subnets", ())),
        groups=tuple(group["VpcSecurityGroupId"] for group in raw.get("VpcSecurityGroups") or ()),
        master_secret=(raw.get("MasterUserSecret") or {}).get("SecretArn", ""),
        force_ssl=forced,
    )


def _is_on(reader: Reader, group: str, parameter: str) -> bool | None:
    listed = reader.every("rds", "describe_db_parameters", "Parameters", DBParameterGroupName=group)
    values = (item.get("ParameterValue") for item in listed if item.get("ParameterName") == parameter)
    value = next(values, None)
    return None if value is None else value in ON


def collect_caches(reader: Reader, vpc: str) -> tuple[Cache, ...]:
    """ElastiCache replication groups of the VPC."""
    subnet_groups = {
        group["CacheSubnetGroupName"]: group
        for group in reader.every("elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups")
        if group.get("VpcId") == vpc
    }
    members = {
        node["CacheClusterId"]: node for node in reader.every("elasticache", "describe_cache_clusters", "CacheClusters")
    }
    caches = []
    for raw in reader.every("elasticache", "describe_replication_groups", "ReplicationGroups"):
        nodes = [members[name] for name in raw.get("MemberClusters", ()) if name in members]
        subnet_group = nodes[0].get("CacheSubnetGroupName") if nodes else None
        if subnet_group in subnet_groups:
            caches.append(_cache(raw, nodes, subnet_groups[subnet_group]))
    return tuple(caches)


def _cache(raw: Json, nodes: Collection[Json], subnet_group: Json) -> Cache:
    return Cache(
        id=raw["ReplicationGroupId"],
        status=raw.get("Status", ""),
        nodes=len(raw.get("MemberClusters", ())),
        failover=raw.get("AutomaticFailover") == "enabled",
        at_rest=bool(raw.get("AtRestEncryptionEnabled")),
        transit=bool(raw.get("TransitEncryptionEnabled")),
        auth=bool(raw.get("AuthTokenEnabled") or raw.get("UserGroupIds")),
        snapshot_days=int(raw.get("SnapshotRetentionLimit") or 0),
        subnets=tuple(subnet["SubnetIdentifier"] for subnet in subnet_group.get("Subnets", ())),
        groups=tuple(
            dict.fromkeys(group["SecurityGroupId"] for node in nodes for group in node.get("SecurityGroups") or ())
        ),
    )


def collect_repositories(reader: Reader, names: Collection[str]) -> dict[str, Repository | None]:
    """Each repository that the configuration names; ``None`` for one that does not exist."""
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
