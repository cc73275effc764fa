"""A network as awsvpc tasks name it, and a load balancer in front of each stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deploytool.sandbox.cloud.account import Account
    from deploytool.sandbox.cloud.stack import Stack

APP_PORT = 8080


@dataclass(frozen=True)
class Network:
    """Ids; MiniStack keeps them, and puts the containers on Docker's default bridge."""

    vpc: str
    subnets: list[str]
    security_group: str


def make_network(account: Account) -> Network:
    """One VPC with a subnet in each of two zones, shared by all stacks."""
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{account.region}{zone}")
        for number, zone in enumerate("ab")
    ]
    subnets = [subnet["Subnet"]["SubnetId"] for subnet in made]
    group = ec2.create_security_group(GroupName="architecturedeck-tasks", Description="tasks", VpcId=vpc)["GroupId"]
    return Network(vpc, subnets, group)


def make_load_balancer(account: Account, stack: Stack, network: Network) -> str:
    """An ALB whose listener forwards to a target group of the app's tasks; the ARN of that target group."""
    elb = account.client("elbv2")
    balancer = elb.create_load_balancer(
        Name=stack.name,
        Subnets=network.subnets,
        SecurityGroups=[network.security_group],
        Scheme="internet-facing",
        Type="application",
    )["LoadBalancers"][0]["LoadBalancerArn"]
    target_group = elb.create_target_group(
        Name=stack.family("app"),
        Protocol="HTTP",
        Port=APP_PORT,
        VpcId=network.vpc,
        TargetType="ip",
        HealthCheckPath="/api/health",
        HealthCheckIntervalSeconds=5,
        HealthyThresholdCount=2,
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.modify_target_group_attributes(
        TargetGroupArn=target_group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}]
    )
    elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target_group}],
    )
    return str(target_group)


def app_url(endpoint: str, stack: Stack) -> str:
    """Where the load balancer of a stack is reached: its name resolves in AWS only, so MiniStack forwards a path."""
    return f"{endpoint}/_alb/{stack.name}"
