"""Who reaches what: security groups, routes, subnets, and the way from a browser to the app and to files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploytool.infra.checks.model import Resource, TemplateSet, check
from deploytool.infra.intrinsics import LITERAL, NAMES, as_text, listed, number

_LONGEST = 255
_REFUSED = re.compile(r"[^a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]")
_ALLOWED = "ASCII letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"
_BY_NAME = {"\n": "a line break", "\r": "a carriage return", "\t": "a tab"}
_EVERYBODY = ("0.0.0.0/0", "::/0")
_ROUTE_TARGETS = (
    "CarrierGatewayId", "CoreNetworkArn", "EgressOnlyInternetGatewayId", "GatewayId", "InstanceId", "LocalGatewayId",
    "NatGatewayId", "NetworkInterfaceId", "TransitGatewayId", "VpcEndpointId", "VpcPeeringConnectionId",
)  # fmt: skip
_PRIVATE = {
    "AWS::RDS::DBSubnetGroup": (("SubnetIds",), "the database"),
    "AWS::ElastiCache::SubnetGroup": (("SubnetIds",), "Redis"),
    "AWS::ECS::Service": (("NetworkConfiguration", "AwsvpcConfiguration", "Subnets"), "the tasks"),
}
"""By type: where it names its subnets, and who is in them."""


@dataclass(frozen=True)
class _Text:
    """What a value becomes, where the template tells it. What only AWS knows counts as empty text."""

    characters: str
    """Of every text that it may become."""
    length: int
    """Of the longest of them."""


@check("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")
def security_group_description(templates: TemplateSet, group: Resource) -> Iterator[tuple[str, str]]:
    """Descriptions of security groups and their rules have 255 characters at most, each of EC2's own set.

    The templates' own schema has no such rule, so CloudFormation finds out when it creates the group.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
    """
    for place, value in _descriptions(group):
        text = _text(value, templates.choices.get(group.stack, {}))
        refused = dict.fromkeys(_REFUSED.findall(text.characters))
        if refused:
            characters = ", ".join(map(_character_name, refused))
            yield f"EC2 refuses its {place}: it has {characters}", f"use only {_ALLOWED}"
        if text.length > _LONGEST:
            yield f"EC2 refuses its {place}: it has {text.length} characters", f"use {_LONGEST} at most"


@check("AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress")
def network_no_open_ingress(_: TemplateSet, group: Resource) -> Iterator[tuple[str, str]]:
    """No security group lets the whole internet in; the load balancer has CloudFront in front of it."""
    for rule in rules_of(group.properties.get("SecurityGroupIngress", group.properties)):
        if rule.get("CidrIp") in _EVERYBODY or rule.get("CidrIpv6") in _EVERYBODY:
            yield (
                f"port {rule.get('FromPort', '(any)')} is open to the whole internet",
                "name a security group, or a prefix list, as the source",
            )


@check("AWS::EC2::Route")
def network_single_default_route(_: TemplateSet, route: Resource) -> Iterator[tuple[str, str]]:
    """A route has one target. EC2 refuses two only when it makes the route."""
    targets = [key for key in _ROUTE_TARGETS if key in route.properties]
    if len(targets) != 1:
        yield f"it has {len(targets)} targets: {', '.join(targets) or 'none'}", "leave exactly one"


@check(*_PRIVATE)
def network_private_subnet_isolated(templates: TemplateSet, resource: Resource) -> Iterator[tuple[str, str]]:
    """Databases and tasks are in subnets that no route from the internet leads to."""
    path, who = _PRIVATE[resource.type]
    subnets = templates.targets(resource.stack, _at(resource.properties, path))
    if any(subnet.type == "AWS::EC2::Subnet" and _is_public(templates, subnet) for subnet in subnets):
        yield f"{who} would be in public subnets", "name the private subnets"


@check("AWS::ECS::Service")
def network_no_public_tasks(_: TemplateSet, service: Resource) -> Iterator[tuple[str, str]]:
    """A task is reached through the load balancer alone."""
    if _at(service.properties, ("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp")) == "ENABLED":
        yield "its tasks have public addresses", "set AssignPublicIp to DISABLED"


@check("AWS::EC2::NatGateway")
def network_nat_in_public_subnet(templates: TemplateSet, gateway: Resource) -> Iterator[tuple[str, str]]:
    """A NAT gateway in a private subnet routes to itself: nothing gets out."""
    subnet = templates.target(gateway.stack, gateway.properties.get("SubnetId"))
    if subnet and not _is_public(templates, subnet):
        yield "it is in a private subnet, and reaches nothing", "put it in a public one"


@check("AWS::EC2::VPC")
def network_flow_logs(templates: TemplateSet, vpc: Resource) -> Iterator[tuple[str, str]]:
    """Every VPC has a flow log of all its traffic."""
    logs = templates.of_type("AWS::EC2::FlowLog")
    if not any(
        log.properties.get("TrafficType") == "ALL"
        and templates.target(log.stack, log.properties.get("ResourceId")) is vpc
        for log in logs
    ):
        yield "VPC flow logs are off", "add a flow log with TrafficType ALL"


@check("AWS::ElasticLoadBalancingV2::Listener")
def listener_redirects_to_https(templates: TemplateSet, listener: Resource) -> Iterator[tuple[str, str]]:
    """A load balancer with an HTTPS listener serves nothing over plain HTTP."""
    balancer = templates.target(listener.stack, listener.properties.get("LoadBalancerArn"))
    has_https = any(
        other.properties.get("Protocol") == "HTTPS"
        and templates.target(other.stack, other.properties.get("LoadBalancerArn")) is balancer
        for other in templates.of_type(listener.type)
    )
    actions = listener.properties.get("DefaultActions") or [{}]
    if listener.properties.get("Protocol") == "HTTP" and has_https and actions[0].get("Type") != "redirect":
        yield "it serves plain HTTP beside HTTPS", "let it redirect to HTTPS"


@check("AWS::CloudFront::Distribution")
def cdn_viewer_https(_: TemplateSet, cdn: Resource) -> Iterator[tuple[str, str]]:
    """Each behavior, not only the default one."""
    config = _config(cdn)
    for behavior in (config.get("DefaultCacheBehavior") or {}, *(config.get("CacheBehaviors") or [])):
        if behavior.get("ViewerProtocolPolicy") not in ("redirect-to-https", "https-only"):
            yield (
                f"{behavior.get('PathPattern', 'the default behavior')} is served over plain HTTP",
                "set ViewerProtocolPolicy to redirect-to-https",
            )


@check("AWS::CloudFront::CachePolicy")
def cdn_no_shared_cache(_: TemplateSet, policy: Resource) -> Iterator[tuple[str, str]]:
    """A cache keeps only what the app allows, and separately for each user."""
    config = policy.properties.get("CachePolicyConfig") or {}
    key = config.get("ParametersInCacheKeyAndForwardedToOrigin") or {}
    ignores_cookies = (key.get("CookiesConfig") or {}).get("CookieBehavior") == "none"
    if ignores_cookies or number(config.get("DefaultTTL", 86400)) != 0:
        yield (
            "one user's response may be served to another",
            "set DefaultTTL to 0, and let cookies be part of the key",
        )


@check("AWS::CloudFront::Distribution")
def bucket_signed_origin(_: TemplateSet, cdn: Resource) -> Iterator[tuple[str, str]]:
    """CloudFront reads a bucket with an origin access control: without one the bucket would have to be public."""
    for origin in _config(cdn).get("Origins") or []:
        if "S3OriginConfig" in origin and not origin.get("OriginAccessControlId"):
            yield f"origin {origin.get('Id')} is read unsigned", "give it an OriginAccessControlId"


@check("AWS::S3::BucketPolicy")
def bucket_not_public(_: TemplateSet, policy: Resource) -> Iterator[tuple[str, str]]:
    """No bucket policy allows everyone."""
    for statement in listed((policy.properties.get("PolicyDocument") or {}).get("Statement", [])):
        if statement.get("Effect") == "Allow" and statement.get("Principal") in ("*", {"AWS": "*"}):
            yield "everyone may use the bucket", "name who may, and from where"


def rules_of(value: Any) -> Iterator[Mapping[str, Any]]:
    """Rules that a security group declares: one, a list, or either branch of a condition that is unknown."""
    match value:
        case {"Fn::If": [_, yes, no]}:
            yield from rules_of([yes, no])
        case Mapping():
            yield value
        case list():
            for rule in value:
                yield from rules_of(rule)


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
            return _any_of([_joined(str(between), items, choices) for items in _lists(parts)])
        case {"Fn::Sub": [str(text), Mapping() as named]}:
            inner = [_text(named.get(name, {"Ref": name}), choices) for name in NAMES.findall(text)]
            literal = LITERAL.sub(r"${\1}", NAMES.sub("", text))
            return _in_a_row([_text(literal, {}), *inner])
        case Mapping() | list() | None:
            return _Text("", 0)
        case _:
            text = as_text(value)
            return _Text(text, len(text))


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


def _character_name(character: str) -> str:
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    return _BY_NAME.get(character, shown)


def _is_public(templates: TemplateSet, subnet: Resource) -> bool:
    tables = {
        templates.target(link.stack, link.properties.get("RouteTableId"))
        for link in templates.of_type("AWS::EC2::SubnetRouteTableAssociation")
        if templates.target(link.stack, link.properties.get("SubnetId")) == subnet
    }
    return any(
        _leads_out(templates, route) and templates.target(route.stack, route.properties.get("RouteTableId")) in tables
        for route in templates.of_type("AWS::EC2::Route")
    )


def _leads_out(templates: TemplateSet, route: Resource) -> bool:
    gateway = templates.target(route.stack, route.properties.get("GatewayId"))
    return gateway is not None and gateway.type == "AWS::EC2::InternetGateway"


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value.get(key, {})
    return value


def _config(cdn: Resource) -> Mapping[str, Any]:
    config: Mapping[str, Any] = cdn.properties.get("DistributionConfig") or {}
    return config
