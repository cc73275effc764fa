"""Cluster, services, logs, health, scaling and alarms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from deploytool.doctor import ownership
from deploytool.doctor.facts import Facts
from deploytool.doctor.facts_account import Alarm
from deploytool.doctor.result import (
    Reason,
    Unknown,
    create_stack,
    failed,
    judge,
    judge_all,
    known,
    passed,
    undecidable,
    unknown,
)

SECURITY = ("aws.guardduty", "aws.securityhub")
"""Event sources of security findings."""
SUBSCRIBE = "subscribe an address to the topic, and confirm the message that it gets"


def service_alarms(facts: Facts) -> Iterator[Reason]:
    """The CPU of the service behind the load balancer has an alarm."""
    cluster = facts.scope.cluster
    alarms = [alarm for alarm in known(facts.account.alarms) if alarm.dimensions.get("ClusterName", cluster) == cluster]
    for service in known(facts.services):
        own = [alarm for alarm in alarms if alarm.dimensions.get("ServiceName") == service.name]
        if own or service.target_groups:
            yield from _alarm_reasons(f"CPU of {service.key}", own, "CPUUtilization", facts)


def database_alarms(facts: Facts) -> Iterator[Reason]:
    """The connections of each database have an alarm."""
    alarms = known(facts.account.alarms)
    for database in ownership.databases(facts):
        own = [alarm for alarm in alarms if alarm.dimensions.get("DBInstanceIdentifier") == database.id]
        yield from _alarm_reasons(f"connections of {database.id}", own, "DatabaseConnections", facts)


def _alarm_reasons(watched: str, alarms: list[Alarm], metric: str, facts: Facts) -> Iterator[Reason]:
    alarms = [alarm for alarm in alarms if alarm.metric == metric]
    if not alarms:
        yield failed(f"no alarm for the {watched}", f"add one for metric {metric}, with an SNS topic as its action")
    for alarm in alarms:
        if not alarm.enabled or not alarm.actions:
            yield failed(f"alarm {alarm.name} has no enabled action", "add an SNS topic, and enable the actions")
        else:
            yield _delivered(f"alarm {alarm.name}", f"watches the {watched}", alarm.actions, facts)


def security_alerts(facts: Facts) -> Iterator[Reason]:
    """Findings of GuardDuty or Security Hub are forwarded."""
    rules = [rule for rule in known(facts.account.rules) if not set(SECURITY).isdisjoint(rule.sources)]
    if not rules:
        yield failed(
            "no EventBridge rule forwards findings of GuardDuty or Security Hub",
            "add a rule for the source aws.guardduty with an SNS topic as its target",
        )
    for rule in rules:
        if not rule.enabled or not rule.targets:
            yield failed(f"rule {rule.name} is disabled or has no target", "enable it, and add an SNS topic as target")
        else:
            yield _delivered(f"rule {rule.name}", "forwards findings", rule.targets, facts)


def _delivered(sender: str, success: str, targets: Sequence[str], facts: Facts) -> Reason:
    topics = [target for target in targets if ":sns:" in target]
    confirmed = {topic.arn for topic in known(facts.account.topics) if topic.confirmed}
    return judge(
        not topics or not confirmed.isdisjoint(topics),
        sender,
        success,
        f"notifies {', '.join(topics)}, which has no confirmed subscription",
        SUBSCRIBE,
    )


def cluster(facts: Facts) -> Iterator[Reason]:
    state, name = known(facts.cluster), facts.scope.cluster
    if state is None:
        yield failed(
            f"cluster {name} does not exist in {facts.scope.region}",
            f"{create_stack('platform')}; or correct cluster or region in deploytool.yml",
        )
        return
    insights = f"aws ecs update-cluster-settings --cluster {name} --settings name=containerInsights,value=enabled"
    yield from judge_all(
        f"cluster {name}",
        (state.status == "ACTIVE", "is active", f"is {state.status}", "create it again"),
        (state.insights, "has Container Insights", "has no Container Insights", insights),
    )


def services(facts: Facts) -> Iterator[Reason]:
    """Every configured service runs all its tasks, with a circuit breaker that rolls back."""
    scope = facts.scope
    for name in facts.missing_services:
        yield failed(
            f"service {name} does not exist in cluster {scope.cluster}",
            f"{create_stack('service')}; or correct its name in deploytool.yml",
        )
    for service in known(facts.services):
        tasks = f"{service.running} of {service.desired} tasks running"
        is_up = service.status == "ACTIVE" and 0 < service.desired <= service.running
        update = (
            f"aws ecs update-service --cluster {scope.cluster} --service {service.name} --deployment-configuration "
            '"deploymentCircuitBreaker={enable=true,rollback=true}"'
        )
        yield from judge_all(
            f"{service.key}:",
            (is_up, tasks, f"{service.status}, {tasks}", f"deploytool status --environment {scope.environment}"),
            (service.breaker, "circuit breaker with rollback", "no circuit breaker with rollback", update),
        )


def digests(facts: Facts) -> Iterator[Reason]:
    """Images are named by digest, so that a task always runs what was released."""
    for key, task in ownership.tasks(facts):
        tags = [container for container, image in task.images if "@sha256:" not in image]
        fix = "release once with deploytool: it names images by digest"
        yield judge(not tags, key, "runs images by digest", f"runs images by tag: {', '.join(tags)}", fix)


def log_groups(facts: Facts) -> Iterator[Reason]:
    """Every container writes to a log group that exists and expires."""
    for key, task in ownership.tasks(facts):
        if task.silent:
            yield failed(f"{key} has no logs of {', '.join(task.silent)}", "add a logConfiguration with awslogs")
    for group in known(facts.log_groups):
        name = group.name
        if not group.exists:
            yield failed(f"log group {name} does not exist", f"aws logs create-log-group --log-group-name {name}")
        elif group.retention is None:
            yield failed(
                f"log group {name} never expires",
                f"aws logs put-retention-policy --log-group-name {name} --retention-in-days 30",
            )
        else:
            yield passed(f"{name} keeps {group.retention} days")


def target_health(facts: Facts) -> Iterator[Reason]:
    """The load balancer sees every target healthy."""
    for group in known(facts.edge.target_groups):
        targets = [target for target in group.targets if target.state not in ("draining", "unused")]
        sick = [f"{target.id} ({target.reason or target.state})" for target in targets if target.state != "healthy"]
        if not targets:
            yield failed(f"target group {group.name} has no target", "see deploytool status: no task is registered")
            continue
        yield judge(
            not sick,
            f"target group {group.name}:",
            f"{len(targets)} of {len(targets)} targets are healthy at {group.health_path}",
            f"{len(sick)} of {len(targets)} targets are not healthy at {group.health_path}: {', '.join(sick)}",
            f"deploytool logs --environment {facts.scope.environment} app",
        )


def container_health(facts: Facts) -> Iterator[Reason]:
    """Tasks with a health check are healthy; a service without a load balancer has one."""
    for service in known(facts.services):
        if not service.target_groups and service.task.unchecked:
            yield undecidable(
                f"{', '.join(service.task.unchecked)} has no health check (service {service.key})",
                "add a healthCheck to the container that its image can run",
            )
        if isinstance(service.health, Unknown):
            yield unknown(service.health)
        elif service.health:
            sick, of_all = service.health.count("UNHEALTHY"), f"of {len(service.health)} tasks are"
            yield judge(
                not sick,
                f"{service.key}:",
                f"{service.health.count('HEALTHY')} {of_all} healthy",
                f"{sick} {of_all} unhealthy",
                f"deploytool logs --environment {facts.scope.environment} {service.key}",
            )


def scaling(facts: Facts) -> Iterator[Reason]:
    """The service behind the load balancer scales with its load, and has done so."""
    targets = {target.service: target for target in known(facts.scaling)}
    for service in known(facts.services):
        target = targets.get(service.name)
        if target is None:
            if service.target_groups:
                yield failed(
                    f"{service.key} does not scale: it is no target of Application Auto Scaling",
                    f"register it with a target tracking policy; or {create_stack('service')}",
                )
            continue
        limits = f"{target.minimum} to {target.maximum} tasks"
        if not target.policies or target.suspended or target.maximum <= target.minimum:
            yield failed(
                f"{service.key} cannot scale: {limits}, {len(target.policies)} policies"
                f"{', suspended' if target.suspended else ''}",
                "set a minimum below the maximum, add a target tracking policy, and do not suspend it",
            )
            continue
        yield passed(f"{service.key}: {limits} by {', '.join(target.policies)}")
        if target.scaled:
            yield passed(f"{service.key} has scaled within the last six weeks")
        else:
            yield undecidable(
                f"{service.key} has not scaled in the six weeks that AWS records",
                "put load on it until its CPU is above the target, then check again",
            )
