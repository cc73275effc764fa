"""The way from a browser to the app and to files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.core.template_checks.cloud import Cloud
from deploytool.core.template_checks.fault import TemplateFault
from deploytool.core.template_checks.simplify import listed, number


def http_leads_to_https(cloud: Cloud) -> Iterator[TemplateFault]:
    """A load balancer that speaks HTTPS serves nothing without it."""
    listeners = list(cloud.of_type("AWS::ElasticLoadBalancingV2::Listener"))
    secured = [
        cloud.target(each.stack, each.properties.get("LoadBalancerArn"))
        for each in listeners
        if each.properties.get("Protocol") == "HTTPS"
    ]
    for listener in listeners:
        balancer = cloud.target(listener.stack, listener.properties.get("LoadBalancerArn"))
        actions = listener.properties.get("DefaultActions") or [{}]
        if (
            listener.properties.get("Protocol") == "HTTP"
            and balancer in secured
            and actions[0].get("Type") != "redirect"
        ):
            yield TemplateFault(
                listener.stack, listener.name, "it serves plain HTTP beside HTTPS", "let it redirect to HTTPS"
            )


def viewers_use_https(cloud: Cloud) -> Iterator[TemplateFault]:
    """Each behaviour, not only the default one."""
    for cdn in cloud.of_type("AWS::CloudFront::Distribution"):
        for behaviour in _behaviours(cdn.properties):
            if behaviour.get("ViewerProtocolPolicy") not in ("redirect-to-https", "https-only"):
                yield TemplateFault(
                    cdn.stack,
                    cdn.name,
                    f"{behaviour.get('PathPattern', 'the default behaviour')} is served over plain HTTP",
                    "set ViewerProtocolPolicy to redirect-to-https",
                )


def answers_are_not_shared(cloud: Cloud) -> Iterator[TemplateFault]:
    """What a cache keeps without being told to, it keeps apart for each user."""
    for policy in cloud.of_type("AWS::CloudFront::CachePolicy"):
        config = policy.properties.get("CachePolicyConfig") or {}
        key = config.get("ParametersInCacheKeyAndForwardedToOrigin") or {}
        blind = (key.get("CookiesConfig") or {}).get("CookieBehavior") == "none"
        if blind or number(config.get("DefaultTTL", 86400)) != 0:
            yield TemplateFault(
                policy.stack,
                policy.name,
                "one user's answer may be served to another",
                "set DefaultTTL to 0, and let cookies be part of the key",
            )


def buckets_are_read_signed(cloud: Cloud) -> Iterator[TemplateFault]:
    """CloudFront reads a bucket with an origin access control: without one the bucket would have to be public."""
    for cdn in cloud.of_type("AWS::CloudFront::Distribution"):
        for origin in _config(cdn.properties).get("Origins") or []:
            if "S3OriginConfig" in origin and not origin.get("OriginAccessControlId"):
                yield TemplateFault(
                    cdn.stack,
                    cdn.name,
                    f"origin {origin.get('Id')} is read unsigned",
                    "give it an OriginAccessControlId",
                )


def buckets_are_not_public(cloud: Cloud) -> Iterator[TemplateFault]:
    """No bucket policy allows everybody."""
    for policy in cloud.of_type("AWS::S3::BucketPolicy"):
        for statement in listed((policy.properties.get("PolicyDocument") or {}).get("Statement", [])):
            if statement.get("Effect") == "Allow" and statement.get("Principal") in ("*", {"AWS": "*"}):
                yield TemplateFault(
                    policy.stack, policy.name, "everybody may use the bucket", "name who may, and from where"
                )


def _behaviours(properties: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    config = _config(properties)
    return [config.get("DefaultCacheBehavior") or {}, *(config.get("CacheBehaviors") or [])]


def _config(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = properties.get("DistributionConfig") or {}
    return found


CHECKS = (
    http_leads_to_https,
    viewers_use_https,
    answers_are_not_shared,
    buckets_are_read_signed,
    buckets_are_not_public,
)
