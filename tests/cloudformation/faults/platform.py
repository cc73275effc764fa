"""Faults of the platform template."""

from __future__ import annotations

from typing import Any

from tests.cloudformation.faults.planted import Planted, drop, our, put

CDN = ("Cdn", "Properties", "DistributionConfig")
CACHE = ("ApiCaching", "Properties", "CachePolicyConfig")


def _forwards(resources: dict[str, Any]) -> None:
    resources["HttpListener"]["Properties"]["DefaultActions"] = [
        {"Type": "forward", "TargetGroupArn": {"Ref": "AppTargets"}}
    ]


def _public_bucket(resources: dict[str, Any]) -> None:
    resources["AssetsPolicy"]["Properties"]["PolicyDocument"]["Statement"][1]["Principal"] = "*"


def _open_load_balancer(resources: dict[str, Any]) -> None:
    rule = resources["LoadBalancerGroup"]["Properties"]["SecurityGroupIngress"][0]
    del rule["SourcePrefixListId"]
    rule["CidrIp"] = "0.0.0.0/0"


FAULTS = (
    Planted(
        "platform", "HTTPS listener without certificate", "E3676", drop("HttpsListener", "Properties", "Certificates")
    ),
    Planted("platform", "HTTP forwards instead of redirecting", "http_leads_to_https", _forwards),
    Planted(
        "platform",
        "weak TLS policy",
        "CKV_AWS_103",
        put("ELBSecurityPolicy-2016-08", "HttpsListener", "Properties", "SslPolicy"),
    ),
    Planted(
        "platform",
        "assets bucket public",
        "CKV_AWS_53",
        put(False, "Assets", "Properties", "PublicAccessBlockConfiguration", "BlockPublicAcls"),
    ),
    Planted(
        "platform",
        "container insights off",
        "CKV_AWS_65",
        put([{"Name": "containerInsights", "Value": "disabled"}], "TheCluster", "Properties", "ClusterSettings"),
    ),
    Planted(
        "platform",
        "target type instance on Fargate",
        "targets_are_addresses",
        put("instance", "AppTargets", "Properties", "TargetType"),
    ),
    our("platform", "bucket policy for everybody", "buckets_are_not_public", _public_bucket),
    our("platform", "load balancer open to the world", "nothing_is_open_to_everybody", _open_load_balancer),
    our(
        "platform",
        "static files over plain HTTP",
        "viewers_use_https",
        put("allow-all", *CDN, "CacheBehaviors", 1, "ViewerProtocolPolicy"),
    ),
    our(
        "platform",
        "one user's answer for another",
        "answers_are_not_shared",
        put({"CookieBehavior": "none"}, *CACHE, "ParametersInCacheKeyAndForwardedToOrigin", "CookiesConfig"),
    ),
    our(
        "platform", "bucket read unsigned", "buckets_are_read_signed", drop(*CDN, "Origins", 1, "OriginAccessControlId")
    ),
)
