"""VPC, subnets, security groups, flow logs."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from deploytool.doctor.facts import Cache, Database, Facts
from deploytool.doctor.ownership import caches, databases, task_groups
from deploytool.doctor.result import Reason, create_stack, failed, judge, known

ZONES = 2
"""Fewest availability zones: the outage of one must leave another."""
WEB_PORTS = frozenset({80, 443})
ALLOW_GROUP_ONLY = "instead of 0.0.0.0/0"


def subnets(facts: Facts) -> Iterator[Reason]:
    """The tasks' subnets: of one VPC, private, in two zones at least."""
    network = known(facts.network)
    ids = sorted({subnet for service in known(facts.services) for subnet in service.subnets})
    if network is None:
        yield failed(
            "no service uses network mode awsvpc, so there is no VPC to check",
            "run the services on Fargate, in private subnets",
        )
        return
    zones = network.zones(ids)
    yield judge(
        len(zones) >= ZONES,
        "the tasks",
        f"use {len(ids)} subnets of {network.vpc} in {len(zones)} zones",
        f"use {len(zones)} of {ZONES} availability zones ({', '.join(sorted(zones)) or 'none'})",
        f"give the services private subnets in {ZONES} zones or more",
    )
    public = network.public(ids)
    yield judge(
        not public,
        "the tasks",
        "run in private subnets",
        f"run in public subnets: {', '.join(public)}",
        "move the services to subnets whose default route is a NAT gateway",
    )


def public_subnets(facts: Facts) -> Iterator[Reason]:
    """The subnets of a load balancer that faces the internet."""
    network = known(facts.network)
    for balancer in known(facts.edge.balancers):
        if network is None or balancer.scheme != "internet-facing":
            continue
        public = network.public(balancer.subnets)
        zones = network.zones(public)
        yield judge(
            len(zones) >= ZONES,
            f"load balancer {balancer.name}",
            f"is in {len(public)} public subnets",
            f"has public subnets in {len(zones)} of {ZONES} zones",
            f"give it a public subnet, routed to an internet gateway, in {ZONES} zones or more",
        )


def task_security_groups(facts: Facts) -> Iterator[Reason]:
    """The tasks are reachable for the load balancer only."""
    for service in known(facts.services):
        if not service.groups:
            yield failed(f"service {service.key} has no security group", "set one in networkConfiguration")
            continue
        openings = _openings(facts, service.groups)
        yield judge(
            not openings,
            service.key,
            "opens no port to the internet",
            f"is open to the internet by {', '.join(openings)}",
            f"allow the load balancer's security group {ALLOW_GROUP_ONLY}",
        )


def balancer_security_groups(facts: Facts) -> Iterator[Reason]:
    """The load balancer opens the ports of the web only."""
    groups = known(facts.groups)
    for balancer in known(facts.edge.balancers):
        ports = [
            opening.ports
            for name in balancer.groups
            if name in groups
            for opening in groups[name].to_world
            if not (opening.first == opening.last and opening.first in WEB_PORTS)
        ]
        yield judge(
            not ports,
            f"load balancer {balancer.name}",
            "opens ports 80 and 443 at most",
            f"is open to the internet on {', '.join(ports)}",
            "close every port but 80 and 443",
        )


def store_security_groups(facts: Facts) -> Iterator[Reason]:
    """Databases and caches allow the tasks, by security group."""
    groups, callers = known(facts.groups), task_groups(facts)
    for store in _stores(facts):
        if openings := _openings(facts, store.groups):
            yield failed(
                f"{store.id} is open to the internet by {', '.join(openings)}",
                f"allow the tasks' security group {ALLOW_GROUP_ONLY}",
            )
            continue
        yield judge(
            any(groups[name].admits(callers) for name in store.groups if name in groups),
            store.id,
            "allows the tasks by their security group",
            "has no rule that allows a security group of the tasks",
            "allow the tasks' security group on the port of the store, instead of addresses",
        )


def store_subnets(facts: Facts) -> Iterator[Reason]:
    """Databases and caches are in private subnets and have no public address."""
    network = known(facts.network)
    for store in _stores(facts):
        has_address = isinstance(store, Database) and store.public
        public = network.public(store.subnets) if network else ()
        yield judge(
            not has_address and not public,
            store.id,
            "is in private subnets",
            "is publicly accessible" if has_address else f"is in public subnets {', '.join(public)}",
            "disable public access, and use a subnet group of private subnets",
        )


def flow_logs(facts: Facts) -> Iterator[Reason]:
    network, logs = known(facts.network), known(facts.flow_logs)
    if network is None:
        yield failed("no service is in a VPC", "run the services on Fargate, in private subnets")
        return
    yield judge(
        bool(logs),
        network.vpc,
        f"has flow log {', '.join(logs)}",
        "has no active flow log",
        f"{create_stack('network')}; or create one of all traffic in the VPC console",
    )


def public_addresses(facts: Facts) -> Iterator[Reason]:
    exposed = sorted(service.key for service in known(facts.services) if service.public_ip)
    yield judge(
        not exposed,
        f"tasks of {', '.join(exposed) or 'all services'}",
        "have no public IP address",
        "have public IP addresses",
        "set assignPublicIp to DISABLED; private subnets use a NAT gateway",
    )


def _stores(facts: Facts) -> tuple[Database | Cache, ...]:
    return (*databases(facts), *caches(facts))


def _openings(facts: Facts, names: Collection[str]) -> list[str]:
    """What these security groups open to the internet."""
    groups = known(facts.groups)
    return [f"{name} ({opening.ports})" for name in names if name in groups for opening in groups[name].to_world]
