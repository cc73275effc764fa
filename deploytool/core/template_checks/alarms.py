"""Alarms that look at what is there, and tell somebody."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.core.template_checks.cloud import Cloud
from deploytool.core.template_checks.fault import TemplateFault

_DIMENSIONS = {
    "AWS/ApplicationELB": ({"LoadBalancer"}, {"LoadBalancer", "TargetGroup"}),
    "AWS/ECS": ({"ClusterName"}, {"ClusterName", "ServiceName"}),
    "AWS/ElastiCache": ({"CacheClusterId"}, {"CacheClusterId", "CacheNodeId"}),
    "AWS/RDS": ({"DBInstanceIdentifier"},),
    "AWS/States": ({"StateMachineArn"},),
    "ECS/ContainerInsights": ({"ClusterName"}, {"ClusterName", "ServiceName"}),
}
"""By namespace, the sets of dimensions that metrics are kept under. Under any other an alarm waits for ever."""

_NAMES = {
    "ClusterName": ("AWS::ECS::Cluster", "ClusterName"),
    "DBInstanceIdentifier": ("AWS::RDS::DBInstance", "DBInstanceIdentifier"),
    "LoadBalancer": ("AWS::ElasticLoadBalancingV2::LoadBalancer", ""),
    "ServiceName": ("AWS::ECS::Service", "ServiceName"),
    "StateMachineArn": ("AWS::StepFunctions::StateMachine", ""),
    "TargetGroup": ("AWS::ElasticLoadBalancingV2::TargetGroup", ""),
}
"""What a dimension names: the type of resource, and its property that has the name."""


def dimensions_are_metrics(cloud: Cloud) -> Iterator[TemplateFault]:
    """CloudWatch takes any dimension, and an alarm on one that does not exist never rings."""
    for alarm in cloud.of_type("AWS::CloudWatch::Alarm"):
        namespace = str(alarm.properties.get("Namespace", ""))
        named = {str(each.get("Name")) for each in alarm.properties.get("Dimensions") or []}
        known = _DIMENSIONS.get(namespace)
        if known is not None and named not in known:
            allowed = " or ".join(" with ".join(sorted(each)) for each in known)
            yield TemplateFault(
                alarm.stack,
                alarm.name,
                f"{namespace} has no metric by {', '.join(sorted(named)) or 'nothing'}: it never rings",
                f"use {allowed}",
            )


def dimensions_name_what_is_there(cloud: Cloud) -> Iterator[TemplateFault]:
    """The service, cluster, database or load balancer of a dimension is one of these stacks'."""
    for alarm in cloud.of_type("AWS::CloudWatch::Alarm"):
        for dimension in alarm.properties.get("Dimensions") or []:
            kind, key = _NAMES.get(str(dimension.get("Name")), ("", ""))
            value = dimension.get("Value")
            there = list(cloud.of_type(kind))
            if not there or any(found in there for found in cloud.targets(alarm.stack, value)):
                continue
            if value not in [found.properties.get(key) for found in there]:
                yield TemplateFault(
                    alarm.stack,
                    alarm.name,
                    f"no {kind} here is called {value}: it never rings",
                    f"name {there[0].name}",
                )


def alarms_tell_somebody(cloud: Cloud) -> Iterator[TemplateFault]:
    """An alarm without an action is red in a console that nobody looks at."""
    for alarm in cloud.of_type("AWS::CloudWatch::Alarm"):
        if not alarm.properties.get("AlarmActions"):
            yield TemplateFault(alarm.stack, alarm.name, "it tells nobody", "name the alerts' topic under AlarmActions")


CHECKS = (dimensions_are_metrics, dimensions_name_what_is_there, alarms_tell_somebody)
