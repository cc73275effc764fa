"""Alarms, and whether anybody hears them."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.core.doctor import mine
from deploytool.core.doctor.facts import Facts
from deploytool.core.doctor.facts_account import Alarm
from deploytool.core.doctor.finding import Reason, bad, good, known, verdict

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
        yield from _told(f"{service.key}'s CPU", watched, "CPUUtilization", facts)


def database_alarms(facts: Facts) -> Iterator[Reason]:
    """The connections of each database."""
    alarms = known(facts.account.alarms)
    for database in mine.databases(facts):
        watched = [each for each in alarms if each.dimensions.get("DBInstanceIdentifier") == database.id]
        yield from _told(f"{database.id}'s connections", watched, "DatabaseConnections", facts)


def _told(about: str, alarms: list[Alarm], metric: str, facts: Facts) -> Iterator[Reason]:
    watching = [each for each in alarms if each.metric == metric]
    if not watching:
        yield bad(f"no alarm watches {about}", f"make one for the metric {metric}, with an SNS topic as its action")
        return
    heard = mine.heard(facts)
    for each in watching:
        if not each.enabled or not each.actions:
            yield bad(f"alarm {each.name} tells nobody", "give it an SNS topic as its action, and enable its actions")
            continue
        topics = [action for action in each.actions if ":sns:" in action]
        yield verdict(
            not topics or any(topic in heard for topic in topics),
            f"alarm {each.name} watches {about}",
            f"alarm {each.name} goes to {', '.join(topics)}, and nobody has confirmed to listen",
            "subscribe an address to the topic, and confirm it from the message that comes",
        )


def security_alerts(facts: Facts) -> Iterator[Reason]:
    """What GuardDuty finds reaches a person."""
    rules = [each for each in known(facts.account.rules) if not set(SECURITY).isdisjoint(each.sources)]
    heard = mine.heard(facts)
    if not rules:
        yield bad(
            "no EventBridge rule passes on what GuardDuty or Security Hub finds",
            "make a rule for the source aws.guardduty with an SNS topic as its target",
        )
    for rule in rules:
        topics = [target for target in rule.targets if ":sns:" in target]
        if not rule.enabled or not rule.targets:
            yield bad(f"rule {rule.name} tells nobody", "enable it, and give it an SNS topic as its target")
        elif topics and heard.isdisjoint(topics):
            yield bad(
                f"rule {rule.name} goes to {', '.join(topics)}, and nobody has confirmed to listen",
                "subscribe an address to the topic, and confirm it from the message that comes",
            )
        else:
            yield good(f"rule {rule.name} passes findings on")
