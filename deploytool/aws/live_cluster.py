"""A cluster as `deploytool init --from-service` reads it. Every call may raise CloudError."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from deploytool.aws import parse
from deploytool.aws.call import call
from deploytool.aws.session import Session
from deploytool.core.init.live import LiveService, is_migration
from deploytool.core.observed import ServiceState, TaskDefinition
from deploytool.errors import NotFound

SERVICES_PER_CALL = 10


def services(session: Session, cluster: str) -> tuple[LiveService, ...]:
    """Every active service of the cluster with what it runs (ListServices, DescribeServices). Raises NotFound."""
    ecs = session.client("ecs")
    clusters = call(ecs, "describe_clusters", clusters=[cluster])["clusters"]
    if not any(each["status"] == "ACTIVE" for each in clusters):
        raise NotFound(f"there is no active cluster {cluster} in {session.region}", "correct its name or give --region")
    arns = list(_pages(session, "list_services", "serviceArns", cluster=cluster))
    states: list[ServiceState] = []
    for start in range(0, len(arns), SERVICES_PER_CALL):
        batch = arns[start : start + SERVICES_PER_CALL]
        states += map(parse.service, call(ecs, "describe_services", cluster=cluster, services=batch)["services"])
    active = [state for state in states if state.status == "ACTIVE" and state.task_definition]
    with ThreadPoolExecutor(max_workers=8) as pool:
        definitions = pool.map(lambda state: _definition(session, state.task_definition), active)
        return tuple(LiveService(*each) for each in zip(active, definitions, strict=True))


def with_balancer(session: Session, service: LiveService) -> LiveService:
    """The service, and what the first load balancer in front of it asks (DescribeTargetGroups, DescribeListeners)."""
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
    # A network load balancer asks by TCP, and has no path.
    return replace(service, health_path=group.get("HealthCheckPath", ""), is_secure="HTTPS" in protocols)


def migration_families(session: Session, prefix: str) -> tuple[TaskDefinition, ...]:
    """The newest revision of each active family with this prefix that is called like a migration."""
    listed = _pages(session, "list_task_definition_families", "families", familyPrefix=prefix, status="ACTIVE")
    return tuple(_definition(session, family) for family in listed if is_migration(family))


def _definition(session: Session, name: str) -> TaskDefinition:
    found: TaskDefinition = call(session.client("ecs"), "describe_task_definition", taskDefinition=name)
    definition: TaskDefinition = found["taskDefinition"]
    return definition


def _pages(session: Session, operation: str, key: str, **parameters: Any) -> Iterator[str]:
    token: dict[str, str] = {}
    while True:
        answer = call(session.client("ecs"), operation, **parameters, **token)
        yield from answer[key]
        if not answer.get("nextToken"):
            return
        token = {"nextToken": answer["nextToken"]}
