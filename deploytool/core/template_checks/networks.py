"""Who reaches what: routes, security groups, subnets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploytool.core.template_checks.cloud import Cloud, Resource
from deploytool.core.template_checks.descriptions import rules_of
from deploytool.core.template_checks.fault import TemplateFault

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


def nothing_is_open_to_everybody(cloud: Cloud) -> Iterator[TemplateFault]:
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


def routes_go_one_way(cloud: Cloud) -> Iterator[TemplateFault]:
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


def private_stays_private(cloud: Cloud) -> Iterator[TemplateFault]:
    """Databases and tasks are in subnets that no route leads to from the internet."""
    public = {subnet for subnet in cloud.of_type("AWS::EC2::Subnet") if _is_public(cloud, subnet)}
    for kind, path, who in _PRIVATE:
        for found in cloud.of_type(kind):
            if any(subnet in public for subnet in cloud.targets(found.stack, _at(found.properties, path))):
                yield TemplateFault(
                    found.stack, found.name, f"{who} would be in public subnets", "name the private subnets"
                )


def tasks_have_no_public_address(cloud: Cloud) -> Iterator[TemplateFault]:
    """Nobody reaches a task but through the load balancer."""
    for service in cloud.of_type("AWS::ECS::Service"):
        if _at(service.properties, ("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp")) == "ENABLED":
            yield TemplateFault(
                service.stack, service.name, "its tasks have public addresses", "set AssignPublicIp to DISABLED"
            )


def gateways_reach_the_internet(cloud: Cloud) -> Iterator[TemplateFault]:
    """A NAT gateway in a private subnet routes to itself: nothing gets out."""
    for gateway in cloud.of_type("AWS::EC2::NatGateway"):
        subnet = cloud.target(gateway.stack, gateway.properties.get("SubnetId"))
        if subnet and not _is_public(cloud, subnet):
            yield TemplateFault(
                gateway.stack, gateway.name, "it is in a private subnet, and reaches nothing", "put it in a public one"
            )


def traffic_is_logged(cloud: Cloud) -> Iterator[TemplateFault]:
    """Every VPC has a flow log of all its traffic."""
    logged = {
        cloud.target(log.stack, log.properties.get("ResourceId"))
        for log in cloud.of_type("AWS::EC2::FlowLog")
        if log.properties.get("TrafficType") == "ALL"
    }
    for vpc in cloud.of_type("AWS::EC2::VPC"):
        if vpc not in logged:
            yield TemplateFault(vpc.stack, vpc.name, "no flow log tells who came and went", "add a flow log of ALL")


def _is_public(cloud: Cloud, subnet: Resource) -> bool:
    tables = {
        cloud.target(link.stack, link.properties.get("RouteTableId"))
        for link in cloud.of_type("AWS::EC2::SubnetRouteTableAssociation")
        if cloud.target(link.stack, link.properties.get("SubnetId")) == subnet
    }
    return any(
        _leads_out(cloud, route) and cloud.target(route.stack, route.properties.get("RouteTableId")) in tables
        for route in cloud.of_type("AWS::EC2::Route")
    )


def _leads_out(cloud: Cloud, route: Resource) -> bool:
    gateway = cloud.target(route.stack, route.properties.get("GatewayId"))
    return gateway is not None and gateway.type == "AWS::EC2::InternetGateway"


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value.get(key, {})
    return value


CHECKS = (
    nothing_is_open_to_everybody,
    routes_go_one_way,
    private_stays_private,
    tasks_have_no_public_address,
    gateways_reach_the_internet,
    traffic_is_logged,
)
