"""Events that reach whom they are for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.core.template_checks.cloud import Cloud, Resource
from deploytool.core.template_checks.fault import TemplateFault
from deploytool.core.template_checks.simplify import listed

_EVENTS = "events.amazonaws.com"


def events_reach_their_topics(cloud: Cloud) -> Iterator[TemplateFault]:
    """The topic lets EventBridge publish, on no condition.

    EventBridge says nothing to SNS that a condition could be held against, so that one is never met, and what a rule
    sends is lost without a word.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    for rule in cloud.of_type("AWS::Events::Rule"):
        for target in rule.properties.get("Targets") or []:
            topic = cloud.target(rule.stack, target.get("Arn"))
            if topic and topic.type == "AWS::SNS::Topic" and not _lets_in(cloud, topic):
                yield TemplateFault(
                    rule.stack,
                    rule.name,
                    f"{topic.name} does not take what it sends, and nobody is told",
                    f"let {_EVENTS} publish there with a statement that has no Condition",
                )


def _lets_in(cloud: Cloud, topic: Resource) -> bool:
    return any(
        _is_for_events(statement)
        for policy in cloud.of_type("AWS::SNS::TopicPolicy")
        if topic in cloud.targets(policy.stack, policy.properties.get("Topics"))
        for statement in listed(policy.properties["PolicyDocument"]["Statement"])
    )


def _is_for_events(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    services = listed(principal.get("Service")) if isinstance(principal, Mapping) else []
    return statement["Effect"] == "Allow" and _EVENTS in services and "Condition" not in statement


CHECKS = (events_reach_their_topics,)
