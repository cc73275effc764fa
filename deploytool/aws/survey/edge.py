"""Load balancers and their targets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from deploytool.aws.survey.reader import Reader
from deploytool.core.doctor.facts_edge import Listener, LoadBalancer, Target, TargetGroup

Json = Mapping[str, Any]


def target_groups(reader: Reader, arns: Collection[str]) -> tuple[TargetGroup, ...]:
    """Target groups with how their targets are."""
    if not arns:
        return ()
    return tuple(
        TargetGroup(
            arn=each["TargetGroupArn"],
            name=each["TargetGroupName"],
            type=each.get("TargetType", ""),
            health_path=each.get("HealthCheckPath", "/"),
            targets=_targets(reader, each["TargetGroupArn"]),
        )
        for each in reader.every("elbv2", "describe_target_groups", "TargetGroups", TargetGroupArns=sorted(arns))
    )


def _targets(reader: Reader, arn: str) -> tuple[Target, ...]:
    listed = reader.every("elbv2", "describe_target_health", "TargetHealthDescriptions", TargetGroupArn=arn)
    return tuple(
        Target(each["Target"]["Id"], each["TargetHealth"]["State"], each["TargetHealth"].get("Description", ""))
        for each in listed
    )


def balancers(reader: Reader, groups: Collection[str]) -> tuple[LoadBalancer, ...]:
    """The load balancers that forward to these target groups."""
    if not groups:
        return ()
    listed = reader.every("elbv2", "describe_target_groups", "TargetGroups", TargetGroupArns=sorted(groups))
    arns = sorted({arn for each in listed for arn in each.get("LoadBalancerArns", ())})
    if not arns:
        return ()
    found = reader.every("elbv2", "describe_load_balancers", "LoadBalancers", LoadBalancerArns=arns)
    return tuple(_balancer(reader, each) for each in found)


def _balancer(reader: Reader, raw: Json) -> LoadBalancer:
    listeners = reader.every("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=raw["LoadBalancerArn"])
    return LoadBalancer(
        arn=raw["LoadBalancerArn"],
        name=raw["LoadBalancerName"],
        dns=raw["DNSName"].lower(),
        state=(raw.get("State") or {}).get("Code", ""),
        scheme=raw.get("Scheme", ""),
        subnets=tuple(each["SubnetId"] for each in raw.get("AvailabilityZones", ()) if each.get("SubnetId")),
        groups=tuple(raw.get("SecurityGroups") or ()),
        listeners=tuple(_listener(each) for each in listeners),
    )


def _listener(raw: Json) -> Listener:
    redirects = [each.get("RedirectConfig") or {} for each in raw.get("DefaultActions", ())
                 if each.get("Type") == "redirect"]  # fmt: skip
    return Listener(
        port=raw.get("Port", 0),
        protocol=raw.get("Protocol", ""),
        redirects=any(each.get("Protocol") == "HTTPS" for each in redirects),
        policy=raw.get("SslPolicy", ""),
        certificates=tuple(each["CertificateArn"] for each in raw.get("Certificates") or () if each),
    )
