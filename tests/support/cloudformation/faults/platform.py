"""Faults of the platform template."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.cloudformation.faults.planted import Planted, drop, our, put

GROUP = ("LoadBalancerGroup", "Properties")
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


def _standalone_rule(kind: str, description: Any) -> Callable[[dict[str, Any]], None]:
    def plant(resources: dict[str, Any]) -> None:
        resources["OneMoreRule"] = {
            "Type": f"AWS::EC2::SecurityGroup{kind}",
            "Properties": {
                "GroupId": {"Fn::GetAtt": ["LoadBalancerGroup", "GroupId"]},
                "Description": description,
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "CidrIp": "10.0.0.0/16",
            },
        }

    return plant


PORT = {"Fn::If": ["HasDomain", 443, 80]}


def _port_by_domain(resources: dict[str, Any]) -> None:
    rule = resources["LoadBalancerGroup"]["Properties"]["SecurityGroupIngress"][0]
    rule["FromPort"] = rule["ToPort"] = PORT


def _rule_by_domain(resources: dict[str, Any]) -> None:
    rules = resources["HttpsGroup"]["Properties"]["SecurityGroupIngress"]
    rules[0] = {"Fn::If": ["HasDomain", rules[0], {**rules[0], "FromPort": 80, "ToPort": 80}]}


def _both_ports(resources: dict[str, Any]) -> None:
    groups = [resources[name]["Properties"] for name in ("LoadBalancerGroup", "HttpsGroup")]
    groups[0]["SecurityGroupIngress"] += groups[1]["SecurityGroupIngress"]


def _second_rule_apart(resources: dict[str, Any]) -> None:
    rule = dict(resources["HttpsGroup"]["Properties"]["SecurityGroupIngress"][0])
    group = {"GroupId": {"Fn::GetAtt": ["LoadBalancerGroup", "GroupId"]}}
    properties = {**rule, **group}
    resources["Https"] = {"Type": "AWS::EC2::SecurityGroupIngress", "Condition": "HasDomain", "Properties": properties}


def _port_to_tasks(resources: dict[str, Any]) -> None:
    rule = resources["LoadBalancerGroup"]["Properties"]["SecurityGroupEgress"][0]
    rule["FromPort"] = rule["ToPort"] = {"Ref": "ContainerPort"}


FAULTS = (
    Planted(
        "platform", "HTTPS listener without certificate", "E3676", drop("HttpsListener", "Properties", "Certificates")
    ),
    Planted("platform", "HTTP forwards instead of redirecting", "listener_redirects_to_https", _forwards),
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
        "target_group_type_ip",
        put("instance", "AppTargets", "Properties", "TargetType"),
    ),
    our("platform", "port that changes with the domain", "group_holds_prefix_list_once", _port_by_domain),
    our("platform", "rule that changes with the domain", "group_holds_prefix_list_once", _rule_by_domain),
    our("platform", "both ports in one group", "group_holds_prefix_list_once", _both_ports),
    our("platform", "second port in a standalone rule", "group_holds_prefix_list_once", _second_rule_apart),
    our(
        "platform",
        "prefix list of no region",
        "prefix_list_known",
        put("unknown", "HttpsGroup", "Properties", "SecurityGroupIngress", 0, "SourcePrefixListId"),
    ),
    our("platform", "load balancer reaches one port of the tasks", "port_change_keeps_tasks", _port_to_tasks),
    our(
        "platform",
        "region without a prefix list",
        "mapping_has_every_region",
        drop("CloudFront", "ap-northeast-3"),
        section="Mappings",
    ),
    our(
        "platform",
        "new region without a row",
        "mapping_has_every_region",
        drop("CloudFront", "mx-central-1"),
        section="Mappings",
    ),
    our("platform", "bucket policy for everybody", "bucket_not_public", _public_bucket),
    our("platform", "load balancer open to the world", "network_no_open_ingress", _open_load_balancer),
    our(
        "platform",
        "static files over plain HTTP",
        "cdn_viewer_https",
        put("allow-all", *CDN, "CacheBehaviors", 1, "ViewerProtocolPolicy"),
    ),
    our(
        "platform",
        "one user's answer for another",
        "cdn_no_shared_cache",
        put({"CookieBehavior": "none"}, *CACHE, "ParametersInCacheKeyAndForwardedToOrigin", "CookiesConfig"),
    ),
    our(
        "platform",
        "apostrophe in the description of a rule that leads out",
        "security_group_description",
        put("To the app's tasks", *GROUP, "SecurityGroupEgress", 0, "Description"),
    ),
    our(
        "platform",
        "dash of typography in the description of a rule that leads in",
        "security_group_description",
        put("From CloudFront – nobody else", *GROUP, "SecurityGroupIngress", 0, "Description"),
    ),
    our(
        "platform",
        "line break in the description of a group",
        "security_group_description",
        put("The load balancer, for CloudFront alone\n", *GROUP, "GroupDescription"),
    ),
    our(
        "platform",
        "description of a group longer than EC2 takes, once its names are known",
        "security_group_description",
        put({"Fn::Sub": f"{'x' * 240} of ${{App}} in ${{Environment}}"}, *GROUP, "GroupDescription"),
    ),
    our(
        "platform",
        "question mark in the description of a standalone rule that leads in",
        "security_group_description",
        _standalone_rule("Ingress", {"Fn::Sub": "Who is ${App}?"}),
    ),
    our(
        "platform",
        "quotation marks in the description of a standalone rule that leads out",
        "security_group_description",
        _standalone_rule("Egress", {"Fn::Join": [" ", ['"the"', {"Ref": "App"}]]}),
    ),
    our("platform", "bucket read unsigned", "bucket_signed_origin", drop(*CDN, "Origins", 1, "OriginAccessControlId")),
)
