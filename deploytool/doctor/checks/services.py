"""Alarms, and whether anybody hears them."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.doctor import ownership
from deploytool.doctor.facts import Facts
from deploytool.doctor.facts_account import Alarm
from deploytool.doctor.result import Reason, Unknown, failed, judge, known, passed, unknown

# SEG core.doctor.check_alarms
# Alarms, and whether anybody hears them.

SECURITY = ("aws.guardduty", "aws.securityhub")
"""Event sources that tell of attacks."""


def service_alarms(facts: Facts) -> Iterator[Reason]:
    """The CPU of the service behind the load balancer."""
    alarms = known(facts.account.alarms)
    for service in known(facts.services):
        watched = [each for each in alarms if each.dimensions.get("ServiceName") == service.name
                 and each.dimensions.get("ClusterName", facts.scope.cluster) == facts.scope.cluster]  # fmt: skip
        if not watched and not service.target_groups:
            continue
        yield from _alarm_reasons(f"{service.key}'s CPU", watched, "CPUUtilization", facts)


def database_alarms(facts: Facts) -> Iterator[Reason]:
    """The connections of each database."""
    alarms = known(facts.account.alarms)
    for database in ownership.databases(facts):
        watched = [each for each in alarms if each.dimensions.get("DBInstanceIdentifier") == database.id]
        yield from _alarm_reasons(f"{database.id}'s connections", watched, "DatabaseConnections", facts)


def _alarm_reasons(about: str, alarms: list[Alarm], metric: str, facts: Facts) -> Iterator[Reason]:
    watching = [each for each in alarms if each.metric == metric]
    if not watching:
        yield failed(f"no alarm watches {about}", f"make one for the metric {metric}, with an SNS topic as its action")
        return
    heard = ownership.delivered_topics(facts)
    for each in watching:
        if not each.enabled or not each.actions:
            yield failed(
                f"alarm {each.name} tells nobody", "give it an SNS topic as its action, and enable its actions"
            )
            continue
        topics = [action for action in each.actions if ":sns:" in action]
        yield judge(
            not topics or any(topic in heard for topic in topics),
            f"alarm {each.name} watches {about}",
            f"alarm {each.name} goes to {', '.join(topics)}, and nobody has confirmed to listen",
            "subscribe an address to the topic, and confirm it from the message that comes",
        )


def security_alerts(facts: Facts) -> Iterator[Reason]:
    """What GuardDuty finds reaches a person."""
    rules = [each for each in known(facts.account.rules) if not set(SECURITY).isdisjoint(each.sources)]
    heard = ownership.delivered_topics(facts)
    if not rules:
        yield failed(
            "no EventBridge rule passes on what GuardDuty or Security Hub finds",
            "make a rule for the source aws.guardduty with an SNS topic as its target",
        )
    for rule in rules:
        topics = [target for target in rule.targets if ":sns:" in target]
        if not rule.enabled or not rule.targets:
            yield failed(f"rule {rule.name} tells nobody", "enable it, and give it an SNS topic as its target")
        elif topics and heard.isdisjoint(topics):
            yield failed(
                f"rule {rule.name} goes to {', '.join(topics)}, and nobody has confirmed to listen",
                "subscribe an address to the topic, and confirm it from the message that comes",
            )
        else:
            yield passed(f"rule {rule.name} passes findings on")


# SEG core.doctor.check_services
# Cluster, services, logs, health, scaling.


def cluster(facts: Facts) -> Iterator[Reason]:
    """The cluster is there and measures its containers."""
    found = known(facts.cluster)
    if found is None:
        yield failed(
            f"there is no cluster {facts.scope.cluster} in {facts.scope.region}",
            "create the stack platform: deploytool infra apply; or correct cluster or region in deploytool.yml",
        )
        return
    yield judge(
        found.status == "ACTIVE", f"cluster {found.name} is active", f"cluster {found.name} is {found.status}",
        "create it again",
    )  # fmt: skip
    yield judge(
        found.insights,
        f"cluster {found.name} has Container Insights",
        f"cluster {found.name} has no Container Insights",
        f"aws ecs update-cluster-settings --cluster {found.name} --settings name=containerInsights,value=enabled",
    )


def services(facts: Facts) -> Iterator[Reason]:
    """Every service of the configuration runs all its tasks, and goes back by itself."""
    for name in facts.missing_services:
        yield failed(
            f"there is no service {name} in cluster {facts.scope.cluster}",
            "create the stack service: deploytool infra apply; or correct its name in deploytool.yml",
        )
    for each in known(facts.services):
        well = each.status == "ACTIVE" and each.desired > 0 and each.running >= each.desired
        yield judge(
            well,
            f"{each.key}: {each.running} of {each.desired} tasks run",
            f"{each.key} is {each.status}, {each.running} of {each.desired} tasks run",
            f"deploytool status --environment {facts.scope.environment}",
        )
        yield judge(
            each.breaker,
            f"{each.key} has a circuit breaker with rollback",
            f"{each.key} has no deployment circuit breaker with rollback: a crashing version loops for ever",
            f"aws ecs update-service --cluster {facts.scope.cluster} --service {each.name} --deployment-configuration "
            '"deploymentCircuitBreaker={enable=true,rollback=true}"',
        )


def digests(facts: Facts) -> Iterator[Reason]:
    """Images are named by digest, so that a task always runs what was released."""
    for key, task in ownership.tasks(facts):
        loose = [container for container, image in task.images if "@sha256:" not in image]
        yield judge(
            not loose,
            f"{key} runs images by digest",
            f"{key} runs images by tag: {', '.join(loose)}",
            "release once with deploytool: it names images by digest",
        )


def log_groups(facts: Facts) -> Iterator[Reason]:
    """Every container writes to a log group that exists and does not grow for ever."""
    for key, task in ownership.tasks(facts):
        if task.silent:
            yield failed(
                f"{key}: what {', '.join(task.silent)} says is kept nowhere",
                "give the container a logConfiguration with awslogs",
            )
    for group in known(facts.log_groups):
        if not group.exists:
            yield failed(
                f"the log group {group.name} does not exist", f"aws logs create-log-group --log-group-name {group.name}"
            )
        elif group.retention is None:
            yield failed(
                f"the log group {group.name} keeps everything for ever",
                f"aws logs put-retention-policy --log-group-name {group.name} --retention-in-days 30",
            )
        else:
            yield passed(f"{group.name} keeps {group.retention} days")


def target_health(facts: Facts) -> Iterator[Reason]:
    """The load balancer finds every target healthy."""
    for group in known(facts.edge.target_groups):
        told = [target for target in group.targets if target.state not in ("draining", "unused")]
        sick = [f"{target.id} ({target.reason or target.state})" for target in told if target.state != "healthy"]
        if not told:
            yield failed(f"target group {group.name} has no target", "see deploytool status: no task is registered")
            continue
        yield judge(
            not sick,
            f"{group.name}: {len(told)} of {len(told)} targets answer {group.health_path}",
            f"{group.name}: {len(sick)} of {len(told)} targets do not answer {group.health_path}: {', '.join(sick)}",
            f"deploytool logs --environment {facts.scope.environment} app",
        )


def container_health(facts: Facts) -> Iterator[Reason]:
    """Tasks that are asked how they are answer well; one behind no load balancer is asked by its container check."""
    for each in known(facts.services):
        if not each.target_groups and each.task.unchecked:
            yield unknown(
                Unknown(
                    f"{each.key}: nothing asks {', '.join(each.task.unchecked)} whether it still works",
                    "give the container a healthCheck that its image can run",
                )
            )
        if isinstance(each.health, Unknown):
            yield unknown(each.health)
            continue
        sick = each.health.count("UNHEALTHY")
        if each.health:
            yield judge(
                not sick,
                f"{each.key}: {each.health.count('HEALTHY')} of {len(each.health)} tasks say that they are healthy",
                f"{each.key}: {sick} of {len(each.health)} tasks say that they are not healthy",
                f"deploytool logs --environment {facts.scope.environment} {each.key}",
            )


def scaling(facts: Facts) -> Iterator[Reason]:
    """The service behind the load balancer grows with its load, and has done so."""
    targets = {target.service: target for target in known(facts.scaling)}
    for each in known(facts.services):
        target = targets.get(each.name)
        if target is None:
            if each.target_groups:
                yield failed(
                    f"{each.key} does not scale: it is no target of Application Auto Scaling",
                    "register it with a target tracking policy: the stack service does so (deploytool infra apply)",
                )
            continue
        if not target.policies or target.suspended or target.maximum <= target.minimum:
            yield failed(
                f"{each.key} cannot scale: {target.minimum} to {target.maximum} tasks, "
                f"{len(target.policies)} policies{', suspended' if target.suspended else ''}",
                "give it room between minimum and maximum, a target tracking policy, and do not suspend it",
            )
            continue
        yield passed(f"{each.key}: {target.minimum} to {target.maximum} tasks by {', '.join(target.policies)}")
        if target.scaled:
            yield passed(f"{each.key} has scaled within the last six weeks")
        else:
            yield unknown(
                Unknown(
                    f"{each.key} has not scaled in the six weeks that AWS remembers, so nobody has seen it scale",
                    "put load on it until its CPU is above the target, and look again",
                )
            )
