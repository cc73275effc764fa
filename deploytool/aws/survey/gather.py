"""All facts of one environment, read at the same time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor

from deploytool.aws.session import Session
from deploytool.aws.survey import network, secrets, services, stores
from deploytool.aws.survey.gather_account import begin_account
from deploytool.aws.survey.gather_edge import begin_edge
from deploytool.aws.survey.reader import WORKERS, Gathering, Reader, need
from deploytool.core.config.model import Settings
from deploytool.core.doctor.facts import Facts, Scope
from deploytool.core.doctor.facts_github import Github
from deploytool.core.doctor.facts_network import Network
from deploytool.core.doctor.facts_services import ServiceFact, TaskShape
from deploytool.core.doctor.finding import CannotTell, Unseen
from deploytool.core.ledger import Record

NO_VPC = CannotTell("no service names a subnet, so there is no VPC to look in", "see what the checks above miss")


def gather(
    session: Session,
    elsewhere: Callable[[str], Session],
    settings: Settings,
    scope: Scope,
    releases: Callable[[], tuple[Record, ...]],
    github: Callable[[], Github],
) -> Facts:
    """``elsewhere`` makes a session of another region: certificates of CloudFront are in us-east-1.

    Raises CredentialsMissing; everything else that cannot be read is a CannotTell in its place.
    """
    reader = Reader(session)
    names = {key: service.service for key, service in settings.services.items()}
    with ThreadPoolExecutor(WORKERS) as pool:
        reading = Gathering(pool)
        running = reading.begin(lambda: services.services(reader, settings.cluster, names))
        migrate = reading.begin(lambda: services.migrate(reader, scope.migrate))
        cluster = reading.begin(lambda: services.cluster(reader, settings.cluster))
        seeds = reading.begin(lambda: services.seeds(reader, scope.app))
        past = reading.begin(releases)
        hub = pool.submit(github)
        images = {image.repository for image in settings.images.values()}
        repositories = reading.begin(lambda: stores.repositories(reader, images))
        account = begin_account(reading, reader)
        place = reading.begin(lambda: network.network(reader, _subnets(need(running))))
        edge = begin_edge(reading, reader, elsewhere, scope, running)
        kept = reading.begin(lambda: secrets.secrets(reader, _tasks(need(running), migrate)))
        logs = reading.begin(lambda: secrets.log_groups(reader, _tasks(need(running), migrate)))
        scaling = reading.begin(lambda: services.scaling(reader, settings.cluster, need(running)))
        groups = reading.begin(lambda: network.security_groups(reader, _vpc(place)))
        flows = reading.begin(lambda: network.flow_logs(reader, _vpc(place)))
        databases = reading.begin(lambda: stores.databases(reader, _vpc(place)))
        caches = reading.begin(lambda: stores.caches(reader, _vpc(place)))
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


def _vpc(place: Future[Network | CannotTell | None]) -> str:
    found = need(place)
    if found is None:
        raise Unseen(NO_VPC)
    return found.vpc


def _tasks(found: tuple[ServiceFact, ...], migrate: Future[TaskShape | CannotTell | None]) -> list[TaskShape]:
    """Those of the services; the migrate task's too where it can be read."""
    last = migrate.result()
    return [*(service.task for service in found), *([last] if isinstance(last, TaskShape) else ())]


def _missing(names: Collection[str], found: tuple[ServiceFact, ...] | CannotTell) -> tuple[str, ...]:
    if isinstance(found, CannotTell):
        return ()
    return tuple(sorted(set(names) - {service.name for service in found}))
