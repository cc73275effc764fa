"""VPC, subnets, security groups, flow logs."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.doctor.facts import Cache, Database, Facts
from deploytool.doctor.ownership import caches, databases
from deploytool.doctor.result import Reason, failed, judge, known

ZONES = 2
"""Fewest availability zones: an outage of one must leave another."""
WEB_PORTS = frozenset({80, 443})


def subnets(facts: Facts) -> Iterator[Reason]:
    """The tasks' subnets: of one VPC, private, in two zones at least."""
    network, services = known(facts.network), known(facts.services)
    if network is None:
        yield failed(
            "no service has a network of its own (network mode awsvpc), so there is no VPC to look at",
            "run the services on Fargate, in private subnets",
        )
        return
    mine = sorted({subnet for service in services for subnet in service.subnets})
    zones = network.zones(mine)
    yield judge(
        len(zones) >= ZONES,
        f"{network.vpc} ({network.cidr}): tasks in {len(mine)} subnets of {len(zones)} zones",
        f"the tasks reach {len(zones)} of {ZONES} availability zones ({', '.join(sorted(zones)) or 'none'})",
        f"give the services private subnets in {ZONES} zones or more",
    )
    public = network.public(mine)
    yield judge(
        not public,
        "the tasks' subnets are private",
        f"tasks run in public subnets: {', '.join(public)}",
        "move the services to subnets whose default route is a NAT gateway",
    )


def public_subnets(facts: Facts) -> Iterator[Reason]:
    """The load balancer's subnets, where it faces the internet."""
    network = known(facts.network)
    if network is None:
        return
    for balancer in known(facts.edge.balancers):
        if balancer.scheme != "internet-facing":
            continue
        public = network.public(balancer.subnets)
        yield judge(
            len(network.zones(public)) >= ZONES,
            f"load balancer {balancer.name} in {len(public)} public subnets",
            f"load balancer {balancer.name} reaches {len(network.zones(public))} of {ZONES} zones by public subnets",
            f"give it a public subnet, routed to an internet gateway, in {ZONES} zones or more",
        )


def task_groups(facts: Facts) -> Iterator[Reason]:
    """The tasks let in the load balancer and nobody else."""
    groups = known(facts.groups)
    for service in known(facts.services):
        if not service.groups:
            yield failed(
                f"service {service.key} has no security group of its own", "give it one in networkConfiguration"
            )
            continue
        opened = [
            f"{name} ({opening.ports})"
            for name in service.groups
            if name in groups
            for opening in groups[name].to_world
        ]
        yield judge(
            not opened,
            f"{service.key}: no port of a task is open to the internet",
            f"{service.key}: anybody may come in by {', '.join(opened)}",
            "allow the load balancer's security group instead of 0.0.0.0/0",
        )


def balancer_groups(facts: Facts) -> Iterator[Reason]:
    """The load balancer is open on the ports of the web alone."""
    groups = known(facts.groups)
    for balancer in known(facts.edge.balancers):
        opened = [
            opening.ports
            for name in balancer.groups
            if name in groups
            for opening in groups[name].to_world
            if not (opening.first == opening.last and opening.first in WEB_PORTS)
        ]
        yield judge(
            not opened,
            f"load balancer {balancer.name} is open on 80 and 443 at most",
            f"load balancer {balancer.name} is open to the internet on {', '.join(opened)}",
            "leave 80 and 443 open, and no more",
        )


def store_groups(facts: Facts) -> Iterator[Reason]:
    """Databases and caches let in the tasks, by security group."""
    groups = known(facts.groups)
    callers = {group for service in known(facts.services) for group in service.groups}
    for store in _stores(facts):
        opened = [
            f"{name} ({opening.ports})" for name in store.groups if name in groups for opening in groups[name].to_world
        ]
        if opened:
            yield failed(
                f"{store.id} lets in anybody by {', '.join(opened)}",
                "allow the tasks' security group instead of 0.0.0.0/0",
            )
            continue
        admitted = any(groups[name].admits(callers) for name in store.groups if name in groups)
        yield judge(
            admitted,
            f"{store.id} lets in the tasks by their security group",
            f"no rule of {store.id} names a security group of the tasks",
            "allow the tasks' security group on the port of the store, instead of addresses",
        )


def store_subnets(facts: Facts) -> Iterator[Reason]:
    """Databases and caches are in private subnets and have no public address."""
    network = known(facts.network)
    for store in _stores(facts):
        open_by_address = isinstance(store, Database) and store.public
        public = network.public(store.subnets) if network else ()
        where = "is publicly accessible" if open_by_address else f"is in public subnets {', '.join(public)}"
        yield judge(
            not open_by_address and not public,
            f"{store.id} is in private subnets",
            f"{store.id} {where}",
            "switch public access off, and use a subnet group of private subnets",
        )


def flow_logs(facts: Facts) -> Iterator[Reason]:
    """The VPC's flow logs are on."""
    network, logs = known(facts.network), known(facts.flow_logs)
    if network is None:
        yield failed("no service is in a VPC", "run the services on Fargate, in private subnets")
        return
    yield judge(
        bool(logs),
        f"{network.vpc} has flow log {', '.join(logs)}",
        f"{network.vpc} has no active flow log",
        "create the stack network: deploytool infra apply; or let the VPC's page make one, of all traffic",
    )


def public_addresses(facts: Facts) -> Iterator[Reason]:
    """No task gets a public address."""
    exposed = sorted(service.key for service in known(facts.services) if service.public_ip)
    yield judge(
        not exposed,
        "no task has a public IP address",
        f"tasks of {', '.join(exposed)} get public IP addresses",
        "set assignPublicIp to DISABLED; private subnets reach out by a NAT gateway",
    )


def _stores(facts: Facts) -> tuple[Database | Cache, ...]:
    return (*databases(facts), *caches(facts))
