from __future__ import annotations

from dataclasses import replace

from deploytool.doctor.facts import Network, Opening, SecurityGroup
from tests.unit.doctor.case import DENIED, GOOD, UNKNOWN, Case
from tests.unit.doctor.healthy import APP, BALANCER, CACHE, DATABASE, GROUPS, NETWORK, WORKER, app, edge, facts

WORLD = Opening(5432, 5432, cidrs=("0.0.0.0/0",))
WORLD_6 = Opening(0, 65535, cidrs=("::/0",))
EVERY_PORT = Opening(None, None, cidrs=("0.0.0.0/0",))
ALL_PUBLIC = Network(
    "vpc-1", "10.0.0.0/16", {name: replace(subnet, public=True) for name, subnet in NETWORK.subnets.items()}
)


def group(name: str, *openings: Opening) -> dict[str, SecurityGroup]:
    return {**GROUPS, name: SecurityGroup(name, openings)}


NETWORK_CASES = (
    Case("services have no network of their own", "vpc", facts(network=None), "no service uses network mode awsvpc"),
    Case("the network may not be read", "vpc", facts(network=DENIED), "access denied", UNKNOWN),
    Case("all tasks are in one zone", "vpc", facts(services=(replace(APP, subnets=("private-a",)),)),
         "use 1 of 2 availability zones (us-east-1a)"),
    Case("a subnet is of another network", "vpc", facts(services=(replace(APP, subnets=("elsewhere",)),)),
         "use 0 of 2 availability zones (none)"),
    Case("tasks are in a public subnet", "vpc", app(subnets=("public-a", "private-b")), "public subnets: public-a"),
    Case("the load balancer has one public subnet", "vpc",
         edge(balancers=(replace(BALANCER, subnets=("public-a", "private-b")),)),
         "has public subnets in 1 of 2 zones"),
    Case("the load balancer is internal", "vpc",
         edge(balancers=(replace(BALANCER, scheme="internal", subnets=()),)), "tasks use 2 subnets", GOOD),
    Case("tasks are open to the internet", "security-groups", facts(groups=group("tasks", WORLD)),
         "app is open to the internet by tasks (port 5432)"),
    Case("tasks are open to the internet by IPv6", "security-groups", facts(groups=group("tasks", WORLD_6)),
         "tasks (ports 0-65535)"),
    Case("a service has no security group", "security-groups", app(groups=()), "service app has no security group"),
    Case("a security group of another network is named", "security-groups", app(groups=("gone",)), "opens no", GOOD),
    Case("the load balancer is open on every port", "security-groups", facts(groups=group("balancer", EVERY_PORT)),
         "open to the internet on every port"),
    Case("the database lets in anybody", "restricted-access", facts(groups=group("database", WORLD)),
         "shop-db is open to the internet by database (port 5432)"),
    Case("the database lets in addresses", "restricted-access",
         facts(groups=group("database", Opening(5432, 5432, cidrs=("10.0.0.0/16",)))),
         "shop-db has no rule that allows a security group of the tasks"),
    Case("a store's group is of another network", "restricted-access", facts(databases=(replace(DATABASE,
         groups=("x",)),)),
         "shop-db has no rule"),
    Case("a task has a public address", "restricted-access", app(public_ip=True), "tasks of app have public IP"),
    Case("there is neither database nor cache", "private-stores", facts(databases=(), caches=()), "nothing to check",
         UNKNOWN),
    Case("the database is publicly accessible", "private-stores", facts(databases=(replace(DATABASE, public=True),)),
         "shop-db is publicly accessible"),
    Case("the cache is in public subnets", "private-stores", facts(caches=(replace(CACHE, subnets=("public-b",)),)),
         "shop-cache is in public subnets public-b"),
    Case("stores are looked at without a network", "private-stores", facts(network=None), "shop-db is in", GOOD),
    Case("the tasks' other database is not theirs", "private-stores",
         facts(databases=(DATABASE, replace(DATABASE, id="other", public=True, groups=("cache-of-others",)))),
         "shop-db is in private subnets", GOOD),
    Case("there is no flow log", "flow-logs", facts(flow_logs=()), "vpc-1 has no active flow log"),
    Case("there is no network to log", "flow-logs", facts(network=None), "no service is in a VPC"),
    Case("every subnet is public", "vpc", facts(network=ALL_PUBLIC), "private-a, private-b"),
    Case("the worker alone is in public", "vpc", facts(services=(APP, replace(WORKER, subnets=("public-a",)))),
         "public-a"),
)  # fmt: skip
