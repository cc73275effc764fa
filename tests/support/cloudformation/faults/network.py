"""Faults of the network template."""

from __future__ import annotations

from tests.support.cloudformation.faults.planted import Planted, drop, our, put

FAULTS = (
    Planted("network", "subnets overlap", "E3060", put("10.0.1.128/25", "PrivateB", "Properties", "CidrBlock")),
    Planted(
        "network",
        "default route to the internet and to NAT",
        "network_single_default_route",
        put({"Ref": "InternetGateway"}, "PrivateADefaultRoute", "Properties", "GatewayId"),
    ),
    Planted("network", "a subnet for a VPC", "E1041", put({"Ref": "PrivateA"}, "PrivateB", "Properties", "VpcId")),
    our(
        "network",
        "private subnet leads to the internet",
        "network_private_subnet_isolated",
        put({"Ref": "PublicRoutes"}, "PrivateARoutesToSubnet", "Properties", "RouteTableId"),
    ),
    our(
        "network",
        "NAT gateway in a private subnet",
        "network_nat_in_public_subnet",
        put({"Ref": "PrivateA"}, "NatA", "Properties", "SubnetId"),
    ),
    our(
        "network",
        "zones that nobody can choose",
        "zones_can_be_chosen",
        put({"Fn::Select": [1, {"Fn::GetAZs": ""}]}, "PrivateB", "Properties", "AvailabilityZone"),
    ),
    our("network", "no flow log", "network_flow_logs", drop("FlowLog")),
    our(
        "network",
        "flow log of refused traffic only",
        "network_flow_logs",
        put("REJECT", "FlowLog", "Properties", "TrafficType"),
    ),
)
