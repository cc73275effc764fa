"""VPC, subnets, security groups, flow logs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from deploytool.aws.survey.reader import Reader
from deploytool.core.doctor.facts_network import Network, Opening, SecurityGroup, Subnet

Json = Mapping[str, Any]


def network(reader: Reader, subnets: Collection[str]) -> Network | None:
    """The VPC of ``subnets``; ``None`` without any."""
    if not subnets:
        return None
    vpc = reader.every("ec2", "describe_subnets", "Subnets", SubnetIds=sorted(subnets)[:1])[0]["VpcId"]
    within = [{"Name": "vpc-id", "Values": [vpc]}]
    listed = reader.every("ec2", "describe_subnets", "Subnets", Filters=within)
    tables = reader.every("ec2", "describe_route_tables", "RouteTables", Filters=within)
    described = reader.every("ec2", "describe_vpcs", "Vpcs", VpcIds=[vpc])[0]
    public = {table["RouteTableId"] for table in tables if _to_internet(table)}
    of = {
        association["SubnetId"]: table["RouteTableId"]
        for table in tables
        for association in table.get("Associations", ())
        if association.get("SubnetId")
    }
    main = next((table["RouteTableId"] for table in tables if _is_main(table)), "")
    return Network(
        vpc=vpc,
        cidr=described.get("CidrBlock", ""),
        subnets={
            each["SubnetId"]: Subnet(
                id=each["SubnetId"],
                zone=each.get("AvailabilityZone", ""),
                public=of.get(each["SubnetId"], main) in public,
            )
            for each in listed
        },
    )


def _to_internet(table: Json) -> bool:
    return any(
        str(route.get("GatewayId", "")).startswith("igw-")
        and (route.get("DestinationCidrBlock") == "0.0.0.0/0" or route.get("DestinationIpv6CidrBlock") == "::/0")
        for route in table.get("Routes", ())
    )


def _is_main(table: Json) -> bool:
    return any(association.get("Main") for association in table.get("Associations", ()))


def security_groups(reader: Reader, vpc: str) -> dict[str, SecurityGroup]:
    """Every security group of the VPC."""
    within = [{"Name": "vpc-id", "Values": [vpc]}]
    return {
        each["GroupId"]: SecurityGroup(each["GroupId"], tuple(_openings(each.get("IpPermissions", ()))))
        for each in reader.every("ec2", "describe_security_groups", "SecurityGroups", Filters=within)
    }


def _openings(permissions: Iterable[Json]) -> Iterable[Opening]:
    for each in permissions:
        yield Opening(
            first=each.get("FromPort"),
            last=each.get("ToPort"),
            cidrs=(
                *(one["CidrIp"] for one in each.get("IpRanges", ())),
                *(one["CidrIpv6"] for one in each.get("Ipv6Ranges", ())),
            ),
            groups=tuple(pair["GroupId"] for pair in each.get("UserIdGroupPairs", ()) if pair.get("GroupId")),
        )


def flow_logs(reader: Reader, vpc: str) -> tuple[str, ...]:
    """Ids of the VPC's flow logs that are active and arrive."""
    of_it = [{"Name": "resource-id", "Values": [vpc]}]
    return tuple(
        each["FlowLogId"]
        for each in reader.every("ec2", "describe_flow_logs", "FlowLogs", Filters=of_it)
        if each.get("FlowLogStatus") == "ACTIVE" and each.get("DeliverLogsStatus", "SUCCESS") == "SUCCESS"
    )
