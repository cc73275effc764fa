"""Reads all facts of one environment, many at the same time; some need others first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from deploytool.aws.session import Session
from deploytool.config.model import EnvironmentConfig
from deploytool.doctor.collect import account, edge, services
from deploytool.doctor.collect.reader import WORKERS, FactCollector, Reader, need
from deploytool.doctor.facts import DnsRecord, Edge, Facts, Network, Scope, ServiceFact, TaskShape
from deploytool.doctor.facts_account import Account, Github
from deploytool.doctor.result import FactUnavailable, Unknown
from deploytool.ledger.record import Record

GLOBAL_REGION = "us-east-1"
"""Where CloudFront, Route 53 and CloudFront's certificates are."""
NO_VPC = Unknown("no service names a subnet, so there is no VPC to check", "resolve the failures above first")


def collect(
    session: Session,
    session_of: Callable[[str], Session],
    settings: EnvironmentConfig,
    scope: Scope,
    releases: Callable[[], tuple[Record, ...]],
    github: Callable[[], Github],
) -> Facts:
    """``session_of`` makes a session of another region.

    Raises CredentialsMissing; everything else that cannot be read becomes an Unknown.
    """
    reader = Reader(session)
    names = {key: service.service for key, service in settings.services.items()}
    with ThreadPoolExecutor(WORKERS) as pool:
        collector = FactCollector(pool)
        begin = collector.begin
        running = begin(lambda: services.collect_services(reader, settings.cluster, names))
        migrate = begin(lambda: services.collect_migrate_task(reader, scope.migrate))
        network = begin(lambda: services.collect_network(reader, _subnets(need(running))))
        images = {image.repository for image in settings.images.values()}
        facts: Mapping[str, Future[Any]] = {
            "services": running,
            "migrate": migrate,
            "network": network,
            "cluster": begin(lambda: services.collect_cluster(reader, settings.cluster)),
            "seeds": begin(lambda: services.collect_seeds(reader, scope.app)),
            "releases": begin(releases),
            "github": pool.submit(github),
            "repositories": begin(lambda: services.collect_repositories(reader, images)),
            "secrets": begin(lambda: account.collect_secrets(reader, _tasks(need(running), migrate))),
            "log_groups": begin(lambda: account.collect_log_groups(reader, _tasks(need(running), migrate))),
            "scaling": begin(lambda: services.collect_scaling(reader, settings.cluster, need(running))),
            "groups": begin(lambda: services.collect_security_groups(reader, _vpc(network))),
            "flow_logs": begin(lambda: services.collect_flow_logs(reader, _vpc(network))),
            "databases": begin(lambda: services.collect_databases(reader, _vpc(network))),
            "caches": begin(lambda: services.collect_caches(reader, _vpc(network))),
        }
        account_facts = _begin_account(collector, reader)
        edge_facts = _begin_edge(collector, reader, lambda: Reader(session_of(GLOBAL_REGION)), scope, running)
        state = running.result()
        existing = set(names.values()) if isinstance(state, Unknown) else {service.name for service in state}
        return Facts(
            scope=scope,
            missing_services=tuple(sorted(set(names.values()) - existing)),
            account=Account(**_results(account_facts)),
            edge=Edge(**_results(edge_facts)),
            **_results(facts),
        )


def _results(facts: Mapping[str, Future[Any]]) -> dict[str, Any]:
    return {name: future.result() for name, future in facts.items()}


def _begin_account(collector: FactCollector, reader: Reader) -> Mapping[str, Future[Any]]:
    alarms = collector.begin(lambda: account.collect_alarms(reader))
    rules = collector.begin(lambda: account.collect_event_rules(reader))

    def notified() -> frozenset[str]:
        targets = (*(alarm.actions for alarm in need(alarms)), *(rule.targets for rule in need(rules)))
        return frozenset(arn for arns in targets for arn in arns if ":sns:" in arn)

    return {
        "alarms": alarms,
        "rules": rules,
        "roles": collector.begin(lambda: account.collect_roles(reader)),
        "mfa": collector.begin(lambda: account.collect_mfa(reader)),
        "trails": collector.begin(lambda: account.collect_trails(reader)),
        "detectors": collector.begin(lambda: account.collect_detectors(reader)),
        "topics": collector.begin(lambda: account.collect_topics(reader, notified())),
    }


def _begin_edge(
    collector: FactCollector,
    reader: Reader,
    global_reader: Callable[[], Reader],
    scope: Scope,
    running: Future[tuple[ServiceFact, ...] | Unknown],
) -> Mapping[str, Future[Any]]:
    def groups() -> frozenset[str]:
        return frozenset(arn for service in need(running) for arn in service.target_groups)

    hosts = (scope.host,) if scope.host else ()
    records = collector.begin(lambda: edge.collect_dns_records(reader, hosts))
    balancers = collector.begin(lambda: edge.collect_load_balancers(reader, groups()))

    def known_records() -> tuple[DnsRecord, ...]:
        # Without DNS, a distribution is still found by the load balancer's own name.
        state = records.result()
        return () if isinstance(state, Unknown) else state

    distributions = collector.begin(
        lambda: edge.collect_distributions(reader, scope.app, scope.host, need(balancers), known_records())
    )

    def own_records() -> tuple[DnsRecord, ...]:
        dns_records = need(records)
        targets = {balancer.dns for balancer in need(balancers)} | {cdn.domain for cdn in need(distributions)}
        return tuple(record for record in dns_records if record.target in targets)

    return {
        "balancers": balancers,
        "distributions": distributions,
        "target_groups": collector.begin(lambda: edge.collect_target_groups(reader, groups())),
        "certificates": collector.begin(
            lambda: edge.collect_certificates(reader, global_reader, need(balancers), need(distributions))
        ),
        "records": collector.begin(own_records),
    }


def _subnets(running: tuple[ServiceFact, ...]) -> frozenset[str]:
    return frozenset(subnet for service in running for subnet in service.subnets)


def _vpc(network: Future[Network | Unknown | None]) -> str:
    state = need(network)
    if state is None:
        raise FactUnavailable(NO_VPC)
    return state.vpc


def _tasks(running: tuple[ServiceFact, ...], migrate: Future[TaskShape | Unknown | None]) -> list[TaskShape]:
    """Those of the services; also the migrate task where it can be read."""
    task = migrate.result()
    return [*(service.task for service in running), *([task] if isinstance(task, TaskShape) else ())]
