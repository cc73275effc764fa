"""The facts of the way in, each found from the one before it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from deploytool.aws.session import Session
from deploytool.aws.survey import cdn, edge
from deploytool.aws.survey.reader import Gathering, Reader, need
from deploytool.core.doctor.facts import Scope
from deploytool.core.doctor.facts_edge import Certificate, Distribution, Edge, LoadBalancer, Record
from deploytool.core.doctor.facts_services import ServiceFact
from deploytool.core.doctor.finding import CannotTell

ALL_REGIONS = "us-east-1"
"""Where CloudFront, Route 53 and CloudFront's certificates are."""


def begin_edge(
    reading: Gathering,
    reader: Reader,
    elsewhere: Callable[[str], Session],
    scope: Scope,
    running: Future[tuple[ServiceFact, ...] | CannotTell],
) -> Callable[[], Edge]:
    """Start reading; the answer waits for it."""

    def groups() -> frozenset[str]:
        return frozenset(arn for service in need(running) for arn in service.target_groups)

    hosts = (scope.host,) if scope.host else ()
    named = reading.begin(lambda: cdn.records(reader, hosts))
    targets = reading.begin(lambda: edge.target_groups(reader, groups()))
    balancers = reading.begin(lambda: edge.balancers(reader, groups()))
    distributions = reading.begin(
        lambda: cdn.distributions(reader, scope.app, scope.host, need(balancers), _or_none(named))
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


def _or_none(named: Future[tuple[Record, ...] | CannotTell]) -> tuple[Record, ...]:
    """Without DNS, a distribution is still found by the load balancer's own name."""
    found = named.result()
    return () if isinstance(found, CannotTell) else found


def _certificates(
    reader: Reader,
    elsewhere: Callable[[str], Session],
    balancers: tuple[LoadBalancer, ...],
    distributions: tuple[Distribution, ...],
) -> tuple[Certificate, ...]:
    here = {arn for each in balancers for listener in each.tls for arn in listener.certificates}
    there = {each.certificate for each in distributions if each.certificate}
    found = [cdn.certificate(reader, arn) for arn in sorted(here)]
    if there:
        far = Reader(elsewhere(ALL_REGIONS))
        found += [cdn.certificate(far, arn) for arn in sorted(there - here)]
    return tuple(each for each in found if each is not None)


def _leading(
    named: tuple[Record, ...], balancers: tuple[LoadBalancer, ...], distributions: tuple[Distribution, ...]
) -> tuple[Record, ...]:
    targets = {each.dns for each in balancers} | {each.domain for each in distributions}
    return tuple(record for record in named if record.target in targets)
