"""Reads a cluster for `deploytool init --from-service`. Every call may raise CloudError."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from deploytool.aws.call import batches, call, paginate
from deploytool.aws.session import Session
from deploytool.ecs.model import ServiceState, TaskDefinition
from deploytool.ecs.parse import parse_service
from deploytool.errors import NotFound
from deploytool.scaffold.existing import ExistingService, is_migration

SERVICES_PER_CALL = 10


def existing_services(session: Session, cluster: str) -> tuple[ExistingService, ...]:
    """Every active service of the cluster with its task definition. Raises NotFound."""
    ecs = session.client("ecs")
    clusters = call(ecs, "describe_clusters", clusters=[cluster])["clusters"]
    if not any(raw["status"] == "ACTIVE" for raw in clusters):
        raise NotFound(f"no active cluster {cluster} in {session.region}", "correct its name or set --region")
    arns = list(paginate(ecs, "list_services", "serviceArns", cluster=cluster))
    states: list[ServiceState] = []
    for batch in batches(arns, SERVICES_PER_CALL):
        states += map(parse_service, call(ecs, "describe_services", cluster=cluster, services=batch)["services"])
    active = [state for state in states if state.status == "ACTIVE" and state.task_definition]
    with ThreadPoolExecutor(max_workers=8) as pool:
        definitions = pool.map(lambda state: _definition(session, state.task_definition), active)
        return tuple(map(ExistingService, active, definitions))


def with_balancer(session: Session, service: ExistingService) -> ExistingService:
    """The service with the health check path of its first target group, and whether a listener has HTTPS."""
    if not service.state.load_balancers:
        return service
    client = session.client("elbv2")
    arn = service.state.load_balancers[0].target_group_arn
    group = call(client, "describe_target_groups", TargetGroupArns=[arn])["TargetGroups"][0]
    protocols = {
        listener.get("Protocol")
        for balancer in group.get("LoadBalancerArns", ())[:1]
        for listener in call(client, "describe_listeners", LoadBalancerArn=balancer)["Listeners"]
    }
    # A network load balancer checks by TCP, without a path.
    return replace(service, health_path=group.get("HealthCheckPath", ""), is_secure="HTTPS" in protocols)


def migration_families(session: Session, prefix: str) -> tuple[TaskDefinition, ...]:
    """The newest revision of each active family with this prefix that is named like a migration."""
    listed = paginate(
        session.client("ecs"), "list_task_definition_families", "families", familyPrefix=prefix, status="ACTIVE"
    )
    return tuple(_definition(session, family) for family in listed if is_migration(family))


def _definition(session: Session, name: str) -> TaskDefinition:
    answer = call(session.client("ecs"), "describe_task_definition", taskDefinition=name)
    definition: TaskDefinition = answer["taskDefinition"]
    return definition
