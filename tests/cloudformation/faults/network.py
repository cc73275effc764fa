"""Faults of the network template."""

from __future__ import annotations

from tests.cloudformation.faults.planted import Planted, drop, our, put

FAULTS = (
    Planted("network", "subnets overlap", "E3060", put("10.0.1.128/25", "PrivateB", "Properties", "CidrBlock")),
    Planted(
        "network",
        "default route to the internet and to NAT",
        "routes_go_one_way",
        put({"Ref": "InternetGateway"}, "PrivateADefaultRoute", "Properties", "GatewayId"),
    ),
    Planted("network", "a subnet for a VPC", "E1041", put({"Ref": "PrivateA"}, "PrivateB", "Properties", "VpcId")),
    our(
        "network",
        "private subnet leads to the internet",
        "private_stays_private",
        put({"Ref": "PublicRoutes"}, "PrivateARoutesToSubnet", "Properties", "RouteTableId"),
    ),
    our(
        "network",
        "NAT gateway in a private subnet",
        "gateways_reach_the_internet",
        put({"Ref": "PrivateA"}, "NatA", "Properties", "SubnetId"),
    ),
    our("network", "no flow log", "traffic_is_logged", drop("FlowLog")),
    our(
        "network",
        "flow log of refused traffic only",
        "traffic_is_logged",
        put("REJECT", "FlowLog", "Properties", "TrafficType"),
    ),
)
