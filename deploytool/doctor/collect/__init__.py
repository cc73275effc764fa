"""The facts of the whole account."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor

from deploytool.aws.session import Session
from deploytool.config.model import EnvironmentConfig
from deploytool.doctor.collect import account, edge, services
from deploytool.doctor.collect.account import collect_log_groups, collect_roles, collect_secrets
from deploytool.doctor.collect.edge import collect_certificate, collect_distributions, collect_dns_records
from deploytool.doctor.collect.reader import WORKERS, FactCollector, Reader, need
from deploytool.doctor.collect.services import (
    collect_caches,
    collect_databases,
    collect_flow_logs,
    collect_network,
    collect_repositories,
    collect_security_groups,
)
from deploytool.doctor.facts import (
    Certificate,
    Distribution,
    DnsRecord,
    Edge,
    Facts,
    LoadBalancer,
    Network,
    Scope,
    ServiceFact,
    TaskShape,
)
from deploytool.doctor.facts_account import Account, Github
from deploytool.doctor.result import FactUnavailable, Unknown
from deploytool.ledger.record import Record

# SEG aws.survey.gather_account
# The facts of the whole account.


def start_account(reading: FactCollector, reader: Reader) -> Callable[[], Account]:
    """Start reading; the answer waits for it."""
    held = reading.begin(lambda: collect_roles(reader))
    mfa = reading.begin(lambda: account.collect_mfa(reader))
    trails = reading.begin(lambda: account.collect_trails(reader))
    detectors = reading.begin(lambda: account.collect_detectors(reader))
    alarms = reading.begin(lambda: account.collect_alarms(reader))
    rules = reading.begin(lambda: account.collect_event_rules(reader))

    def told_to() -> frozenset[str]:
        named = (*(each.actions for each in need(alarms)), *(each.targets for each in need(rules)))
        return frozenset(arn for arns in named for arn in arns if ":sns:" in arn)

    topics = reading.begin(lambda: account.collect_topics(reader, told_to()))
    return lambda: Account(
        roles=held.result(),
        mfa=mfa.result(),
        trails=trails.result(),
        detectors=detectors.result(),
        alarms=alarms.result(),
        topics=topics.result(),
        rules=rules.result(),
    )


# SEG aws.survey.gather_edge
# The facts of the way in, each found from the one before it.

ALL_REGIONS = "us-east-1"
"""Where CloudFront, Route 53 and CloudFront's certificates are."""


def start_edge(
    reading: FactCollector,
    reader: Reader,
    elsewhere: Callable[[str], Session],
    scope: Scope,
    running: Future[tuple[ServiceFact, ...] | Unknown],
) -> Callable[[], Edge]:
    """Start reading; the answer waits for it."""

    def groups() -> frozenset[str]:
        return frozenset(arn for service in need(running) for arn in service.target_groups)

    hosts = (scope.host,) if scope.host else ()
    named = reading.begin(lambda: collect_dns_records(reader, hosts))
    targets = reading.begin(lambda: edge.collect_target_groups(reader, groups()))
    balancers = reading.begin(lambda: edge.collect_load_balancers(reader, groups()))
    distributions = reading.begin(
        lambda: collect_distributions(reader, scope.app, scope.host, need(balancers), _or_none(named))
    )
    certificates = reading.begin(lambda: _certificates(reader, elsewhere, need(balancers), need(distributions)))
    leading = reading.begin(lambda: _leading(need(named), need(balancers), need(distributions)))
    return lambda: Edge(
        target_groups=targets.result(),
        balancers=balancers.result(),
        distributions=distributions.result(),
        certificates=certificates.result(),
        records=leading.result(),
    )


def _or_none(named: Future[tuple[DnsRecord, ...] | Unknown]) -> tuple[DnsRecord, ...]:
    """Without DNS, a distribution is still found by the load balancer's own name."""
    found = named.result()
    return () if isinstance(found, Unknown) else found


def _certificates(
    reader: Reader,
    elsewhere: Callable[[str], Session],
    balancers: tuple[LoadBalancer, ...],
    distributions: tuple[Distribution, ...],
) -> tuple[Certificate, ...]:
    here = {arn for each in balancers for listener in each.tls for arn in listener.certificates}
    there = {each.certificate for each in distributions if each.certificate}
    found = [collect_certificate(reader, arn) for arn in sorted(here)]
    if there:
        far = Reader(elsewhere(ALL_REGIONS))
        found += [collect_certificate(far, arn) for arn in sorted(there - here)]
    return tuple(each for each in found if each is not None)


def _leading(
    named: tuple[DnsRecord, ...], balancers: tuple[LoadBalancer, ...], distributions: tuple[Distribution, ...]
) -> tuple[DnsRecord, ...]:
    targets = {each.dns for each in balancers} | {each.domain for each in distributions}
    return tuple(record for record in named if record.target in targets)


# SEG aws.survey.gather
# All facts of one environment, read at the same time.

NO_VPC = Unknown("no service names a subnet, so there is no VPC to look in", "see what the checks above miss")


def collect(
    session: Session,
    elsewhere: Callable[[str], Session],
    settings: EnvironmentConfig,
    scope: Scope,
    releases: Callable[[], tuple[Record, ...]],
    github: Callable[[], Github],
) -> Facts:
    """``elsewhere`` makes a session of another region: certificates of CloudFront are in us-east-1.

    Raises CredentialsMissing; everything else that cannot be read is a Unknown in its place.
    """
    reader = Reader(session)
    names = {key: service.service for key, service in settings.services.items()}
    with ThreadPoolExecutor(WORKERS) as pool:
        reading = FactCollector(pool)
        running = reading.begin(lambda: services.collect_services(reader, settings.cluster, names))
        migrate = reading.begin(lambda: services.collect_migrate_task(reader, scope.migrate))
        cluster = reading.begin(lambda: services.collect_cluster(reader, settings.cluster))
        seeds = reading.begin(lambda: services.collect_seeds(reader, scope.app))
        past = reading.begin(releases)
        hub = pool.submit(github)
        images = {image.repository for image in settings.images.values()}
        repositories = reading.begin(lambda: collect_repositories(reader, images))
        account = start_account(reading, reader)
        place = reading.begin(lambda: collect_network(reader, _subnets(need(running))))
        edge = start_edge(reading, reader, elsewhere, scope, running)
        kept = reading.begin(lambda: collect_secrets(reader, _tasks(need(running), migrate)))
        logs = reading.begin(lambda: collect_log_groups(reader, _tasks(need(running), migrate)))
        scaling = reading.begin(lambda: services.collect_scaling(reader, settings.cluster, need(running)))
        groups = reading.begin(lambda: collect_security_groups(reader, _vpc(place)))
        flows = reading.begin(lambda: collect_flow_logs(reader, _vpc(place)))
        databases = reading.begin(lambda: collect_databases(reader, _vpc(place)))
        caches = reading.begin(lambda: collect_caches(reader, _vpc(place)))
        found = running.result()
        return Facts(
            scope=scope,
            cluster=cluster.result(),
            services=found,
            missing_services=_missing(names.values(), found),
            migrate=migrate.result(),
            network=place.result(),
            groups=groups.result(),
            flow_logs=flows.result(),
            databases=databases.result(),
            caches=caches.result(),
            repositories=repositories.result(),
            secrets=kept.result(),
            log_groups=logs.result(),
            scaling=scaling.result(),
            releases=past.result(),
            seeds=seeds.result(),
            edge=edge(),
            account=account(),
            github=hub.result(),
        )


def _subnets(found: tuple[ServiceFact, ...]) -> frozenset[str]:
    return frozenset(subnet for service in found for subnet in service.subnets)


def _vpc(place: Future[Network | Unknown | None]) -> str:
    found = need(place)
    if found is None:
        raise FactUnavailable(NO_VPC)
    return found.vpc


def _tasks(found: tuple[ServiceFact, ...], migrate: Future[TaskShape | Unknown | None]) -> list[TaskShape]:
    """Those of the services; the migrate task's too where it can be read."""
    last = migrate.result()
    return [*(service.task for service in found), *([last] if isinstance(last, TaskShape) else ())]


def _missing(names: Collection[str], found: tuple[ServiceFact, ...] | Unknown) -> tuple[str, ...]:
    if isinstance(found, Unknown):
        return ()
    return tuple(sorted(set(names) - {service.name for service in found}))
