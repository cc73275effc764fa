"""What EC2 takes as the description of a security group and of its rules.

The templates' own schema has no such rule, so CloudFormation finds out when it creates the group.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploytool.infra.checks.model import LITERAL, NAMES, Resource, TemplateFault, TemplateSet, as_text, listed, number

# SEG core.template_checks.descriptions
# What EC2 takes as the description of a security group and of its rules.
#
# The templates' own schema has no such rule, so CloudFormation finds out when it creates the group.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html

_MOST = 255
_REFUSED = re.compile(r"[^a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]")
_ALLOWED = "ASCII letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"
_BY_NAME = {"\n": "a line break", "\r": "a carriage return", "\t": "a tab"}


@dataclass(frozen=True)
class _Text:
    """What a value becomes, as far as the template tells it. What only AWS knows counts as empty text."""

    characters: str
    """Of every text that it may become."""
    length: int
    """Of the longest of them."""


def security_group_description(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """Descriptions of security groups and their rules have 255 characters at most, each of EC2's own set."""
    for resource in cloud.of_type(
        "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"
    ):
        for place, value in _descriptions(resource):
            text = _text(value, cloud.choices.get(resource.stack, {}))
            refused = dict.fromkeys(_REFUSED.findall(text.characters))
            if refused:
                named = ", ".join(_named(character) for character in refused)
                yield TemplateFault(
                    resource.stack, resource.name, f"EC2 refuses its {place}: it has {named}", f"use only {_ALLOWED}"
                )
            if text.length > _MOST:
                yield TemplateFault(
                    resource.stack,
                    resource.name,
                    f"EC2 refuses its {place}: it has {text.length} characters",
                    f"use {_MOST} at most",
                )


def rules_of(value: Any) -> Iterator[Mapping[str, Any]]:
    """Rules that a security group declares: one, a list, or either branch of a condition that cannot be told."""
    match value:
        case {"Fn::If": [_, yes, no]}:
            yield from rules_of(yes)
            yield from rules_of(no)
        case Mapping():
            yield value
        case list():
            for each in value:
                yield from rules_of(each)


def _descriptions(resource: Resource) -> Iterator[tuple[str, Any]]:
    if resource.type != "AWS::EC2::SecurityGroup":
        yield "Description", resource.properties.get("Description", "")
        return
    yield "GroupDescription", resource.properties.get("GroupDescription", "")
    for key in ("SecurityGroupIngress", "SecurityGroupEgress"):
        for rule in rules_of(resource.properties.get(key, [])):
            yield f"Description in {key}", rule.get("Description", "")


def _text(value: Any, choices: Mapping[str, tuple[str, ...]]) -> _Text:
    match value:
        case {"Ref": str(name)}:
            return _any_of([_text(choice, {}) for choice in choices.get(name, ())])
        case {"Fn::If": [_, yes, no]}:
            return _any_of([_text(yes, choices), _text(no, choices)])
        case {"Fn::Join": [between, parts]}:
            return _any_of([_joined(str(between), each, choices) for each in _lists(parts)])
        case {"Fn::Sub": [str(text), Mapping() as named]}:
            inner = [_text(named.get(name, {"Ref": name}), choices) for name in NAMES.findall(text)]
            literal = LITERAL.sub(r"${\1}", NAMES.sub("", text))
            return _in_a_row([_text(literal, {}), *inner])
        case Mapping() | list() | None:
            return _Text("", 0)
        case _:
            text = as_text(value)
            return _Text(text, len(text))


def _named(character: str) -> str:
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return _BY_NAME.get(character, shown)


def _lists(parts: Any) -> Iterator[list[Any]]:
    """The lists that ``Fn::Join`` may join; none where only AWS knows them."""
    match parts:
        case list():
            yield parts
        case {"Fn::If": [_, yes, no]}:
            yield from _lists(yes)
            yield from _lists(no)


def _joined(between: str, parts: list[Any], choices: Mapping[str, tuple[str, ...]]) -> _Text:
    separators = [_text(between, {})] * (len(parts) - 1)
    return _in_a_row([*(_text(part, choices) for part in parts), *separators])


def _in_a_row(texts: list[_Text]) -> _Text:
    return _Text("".join(text.characters for text in texts), sum(text.length for text in texts))


def _any_of(texts: list[_Text]) -> _Text:
    return _Text("".join(text.characters for text in texts), max((text.length for text in texts), default=0))


DESCRIPTION_CHECKS = (security_group_description,)


# SEG core.template_checks.networks
# Who reaches what: routes, security groups, subnets.

_EVERYBODY = ("0.0.0.0/0", "::/0")
_ROUTE_TARGETS = (
    "CarrierGatewayId", "CoreNetworkArn", "EgressOnlyInternetGatewayId", "GatewayId", "InstanceId", "LocalGatewayId",
    "NatGatewayId", "NetworkInterfaceId", "TransitGatewayId", "VpcEndpointId", "VpcPeeringConnectionId",
)  # fmt: skip
_PRIVATE = (
    ("AWS::RDS::DBSubnetGroup", ("SubnetIds",), "the database"),
    ("AWS::ElastiCache::SubnetGroup", ("SubnetIds",), "Redis"),
    ("AWS::ECS::Service", ("NetworkConfiguration", "AwsvpcConfiguration", "Subnets"), "the tasks"),
)


def network_no_open_ingress(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """No security group lets the whole internet in; the load balancer has CloudFront in front of it."""
    for group in cloud.of_type("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"):
        for rule in rules_of(group.properties.get("SecurityGroupIngress", group.properties)):
            if rule.get("CidrIp") in _EVERYBODY or rule.get("CidrIpv6") in _EVERYBODY:
                yield TemplateFault(
                    group.stack,
                    group.name,
                    f"port {rule.get('FromPort', '(any)')} is open to the whole internet",
                    "name a security group, or a prefix list, as the source",
                )


def network_single_default_route(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """A route has one target. EC2 refuses two only when it makes the route."""
    for route in cloud.of_type("AWS::EC2::Route"):
        given = [key for key in _ROUTE_TARGETS if key in route.properties]
        if len(given) != 1:
            yield TemplateFault(
                route.stack,
                route.name,
                f"it has {len(given)} targets: {', '.join(given) or 'none'}",
                "leave exactly one",
            )


def network_private_subnet_isolated(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """Databases and tasks are in subnets that no route leads to from the internet."""
    public = {subnet for subnet in cloud.of_type("AWS::EC2::Subnet") if _is_public(cloud, subnet)}
    for kind, path, who in _PRIVATE:
        for found in cloud.of_type(kind):
            if any(subnet in public for subnet in cloud.targets(found.stack, _at(found.properties, path))):
                yield TemplateFault(
                    found.stack, found.name, f"{who} would be in public subnets", "name the private subnets"
                )


def network_no_public_tasks(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """Nobody reaches a task but through the load balancer."""
    for service in cloud.of_type("AWS::ECS::Service"):
        if _at(service.properties, ("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp")) == "ENABLED":
            yield TemplateFault(
                service.stack, service.name, "its tasks have public addresses", "set AssignPublicIp to DISABLED"
            )


def network_nat_in_public_subnet(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """A NAT gateway in a private subnet routes to itself: nothing gets out."""
    for gateway in cloud.of_type("AWS::EC2::NatGateway"):
        subnet = cloud.target(gateway.stack, gateway.properties.get("SubnetId"))
        if subnet and not _is_public(cloud, subnet):
            yield TemplateFault(
                gateway.stack, gateway.name, "it is in a private subnet, and reaches nothing", "put it in a public one"
            )


def network_flow_logs(cloud: TemplateSet) -> Iterator[TemplateFault]:
    """Every VPC has a flow log of all its traffic."""
    logged = {
        cloud.target(log.stack, log.properties.get("ResourceId"))
        for log in cloud.of_type("AWS::EC2::FlowLog")
        if log.properties.get("TrafficType") == "ALL"
    }
    for vpc in cloud.of_type("AWS::EC2::VPC"):
        if vpc not in logged:
            yield TemplateFault(vpc.stack, vpc.name, "no flow log tells who came and went", "add a flow log of ALL")


def _is_public(cloud: TemplateSet, subnet: Resource) -> bool:
    tables = {
        cloud.target(link.stack, link.properties.get("RouteTableId"))
        for link in cloud.of_type("AWS::EC2::SubnetRouteTableAssociation")
        if cloud.target(link.stack, link.properties.get("SubnetId")) == subnet
    }
    return any(
        _leads_out(cloud, route) and cloud.target(route.stack, route.properties.get("RouteTableId")) in tables
        for route in cloud.of_type("AWS::EC2::Route")
    )


def _leads_out(cloud: TemplateSet, route: Resource) -> bool:
    gateway = cloud.target(route.stack, route.properties.get("GatewayId"))
    return gateway is not None and gateway.type == "AWS::EC2::InternetGateway"


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value.get(key, {})
    return value


NETWORK_CHECKS = (
    network_no_open_ingress,
    network_single_default_route,
    network_private_subnet_isolated,
    network_no_public_tasks,
    network_nat_in_public_subnet,
    network_flow_logs,
)


# SEG core.template_checks.web
# The way from a browser to the app and to files.


def listener_redirects_to_https(cloud: TemplateSet) -> Iterator[TemplateFault]:
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


def cdn_viewer_https(cloud: TemplateSet) -> Iterator[TemplateFault]:
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


def cdn_no_shared_cache(cloud: TemplateSet) -> Iterator[TemplateFault]:
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


def bucket_signed_origin(cloud: TemplateSet) -> Iterator[TemplateFault]:
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


def bucket_not_public(cloud: TemplateSet) -> Iterator[TemplateFault]:
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


WEB_CHECKS = (
    listener_redirects_to_https,
    cdn_viewer_https,
    cdn_no_shared_cache,
    bucket_signed_origin,
    bucket_not_public,
)
