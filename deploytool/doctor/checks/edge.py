"""Load balancer, CDN, DNS, certificates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from deploytool.doctor.facts import Certificate, Facts
from deploytool.doctor.result import Reason, create_stack, failed, judge, known, passed, undecidable

SOON = timedelta(days=30)
"""ACM renews 60 days ahead: a certificate that expires before this has a problem."""
OLD_TLS = ("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016")
OLD_POLICIES = (
    "ELBSecurityPolicy-2016-08",
    "ELBSecurityPolicy-2015-05",
    "ELBSecurityPolicy-TLS-1-0-2015-04",
    "ELBSecurityPolicy-TLS-1-1-2017-01",
    "ELBSecurityPolicy-FS-2018-06",
    "ELBSecurityPolicy-FS-1-1-2019-08",
)
"""Those that still accept TLS 1.0 or 1.1."""


def load_balancer(facts: Facts) -> Iterator[Reason]:
    """A load balancer that forwards to the tasks and redirects HTTP to HTTPS."""
    balancers = known(facts.edge.balancers)
    if not balancers:
        yield failed("no service is behind a load balancer", create_stack("platform"))
    for balancer in balancers:
        ports = ", ".join(f"{listener.protocol} {listener.port}" for listener in balancer.listeners) or "no listener"
        yield judge(
            balancer.state == "active",
            balancer.name,
            f"({balancer.dns}) is active: {ports}",
            f"is {balancer.state}",
            "wait until it is active",
        )
        yield judge(
            bool(balancer.tls) and not balancer.plain,
            balancer.name,
            "redirects HTTP to HTTPS",
            "does not redirect HTTP to HTTPS",
            "add an HTTPS listener with a certificate, and redirect port 80 to 443",
        )


def target_groups(facts: Facts) -> Iterator[Reason]:
    for group in known(facts.edge.target_groups):
        yield judge(
            group.type == "ip",
            f"target group {group.name}",
            f"has {len(group.targets)} targets of type ip",
            f"has targets of type {group.type}; Fargate needs ip",
            "replace it by one with target type ip",
        )


def distribution(facts: Facts) -> Iterator[Reason]:
    """A CloudFront distribution that is enabled and deployed."""
    distributions = known(facts.edge.distributions)
    if not distributions:
        yield failed(
            "no CloudFront distribution points to the load balancer or to the assets",
            f"{create_stack('platform')}; or leave this check out: --skip cdn",
        )
    for cdn in distributions:
        origins = ", ".join(origin.domain for origin in cdn.origins)
        yield judge(
            cdn.enabled and cdn.status == "Deployed",
            cdn.id,
            f"({cdn.domain}) is deployed for {origins}",
            f"is {cdn.status}{'' if cdn.enabled else ' and disabled'}",
            "enable it, and wait until it is deployed",
        )
        open_buckets = [origin.domain for origin in cdn.origins if origin.bucket and not origin.signed]
        if open_buckets:
            yield failed(
                f"{cdn.id} reads {', '.join(open_buckets)} without signing: the bucket is public or unreadable",
                "add an origin access control, and block public access to the bucket",
            )


def dns(facts: Facts) -> Iterator[Reason]:
    """A Route 53 record points to the distribution or the load balancer."""
    records = known(facts.edge.records)
    host = facts.scope.host
    if not records:
        yield failed(
            "no Route 53 record points to the load balancer or its distribution",
            "add an alias record; or, where DNS is elsewhere, leave this check out: --skip dns",
        )
    elif host and host not in {record.name for record in records}:
        yield failed(
            f"no Route 53 record of {host} points to the load balancer or its distribution",
            f"make {host} an alias of {records[0].target}",
        )
    else:
        for record in records:
            yield passed(f"{record.name} points to {record.target}")


def certificates(facts: Facts) -> Iterator[Reason]:
    """Each TLS listener and distribution has a certificate that is issued and does not expire soon."""
    in_use = [
        (f"load balancer {balancer.name}", arn)
        for balancer in known(facts.edge.balancers)
        for listener in balancer.tls
        for arn in listener.certificates
    ]
    if not in_use:
        yield failed(
            "no certificate is in use: no load balancer has an HTTPS listener",
            "request one in ACM, validate it by DNS, and add an HTTPS listener",
        )
    distributions = known(facts.edge.distributions)
    in_use += [(f"distribution {cdn.id}", cdn.certificate) for cdn in distributions if cdn.certificate]
    by_arn = {certificate.arn: certificate for certificate in known(facts.edge.certificates)}
    for holder, arn in dict.fromkeys(in_use):
        if arn in by_arn:
            yield from _certificate(facts, holder, by_arn[arn])
        else:
            yield failed(f"{holder} uses a certificate that does not exist: {arn}", "choose a certificate of ACM")


def _certificate(facts: Facts, holder: str, certificate: Certificate) -> Iterator[Reason]:
    yield judge(
        certificate.status == "ISSUED",
        f"{holder}: certificate of {certificate.domain}",
        "is issued",
        f"is {certificate.status}",
        "add the DNS records that ACM asks for to validate it",
    )
    if certificate.not_after is None:
        return
    expires = f"expires on {certificate.not_after:%Y-%m-%d}"
    yield judge(
        certificate.not_after - facts.scope.now > SOON,
        f"{holder}: certificate",
        f"{expires}{'; ACM renews it' if certificate.renews else ''}",
        expires,
        "see in ACM why it was not renewed" if certificate.renews else "import the next one: ACM does not renew it",
    )


def tls(facts: Facts) -> Iterator[Reason]:
    """The load balancer speaks TLS 1.2 or newer, and redirects everything else."""
    for balancer in known(facts.edge.balancers):
        ports = ", ".join(str(listener.port) for listener in balancer.plain) or "(no TLS listener)"
        yield judge(
            not balancer.plain and bool(balancer.tls),
            balancer.name,
            "encrypts all traffic",
            f"serves unencrypted traffic on port {ports}",
            "redirect HTTP to HTTPS",
        )
        old = [listener.policy for listener in balancer.tls if listener.policy in OLD_POLICIES]
        yield judge(
            not old,
            balancer.name,
            "requires TLS 1.2 or newer",
            f"accepts TLS 1.0 or 1.1 ({', '.join(old)})",
            "set the listener's policy to ELBSecurityPolicy-TLS13-1-2-2021-06",
        )


def https_only(facts: Facts) -> Iterator[Reason]:
    """CloudFront uses HTTPS only, for viewers and to its origins."""
    for cdn in known(facts.edge.distributions):
        plain = "allow-all" in cdn.viewers
        yield judge(
            not plain,
            cdn.id,
            "accepts HTTPS only",
            "accepts HTTP too",
            "set the viewer protocol policy of every behavior to redirect-to-https",
        )
        protocols = ("http-only", "match-viewer") if plain else ("http-only",)
        origins = [origin.domain for origin in cdn.origins if origin.protocol in protocols]
        yield judge(
            not origins,
            cdn.id,
            "connects to its origins by HTTPS",
            f"may connect without encryption to {', '.join(origins)}",
            "set the origin protocol policy to https-only",
        )
        if cdn.certificate:
            yield judge(
                cdn.tls not in OLD_TLS,
                cdn.id,
                f"requires {cdn.tls.partition('_')[0]} or newer",
                f"accepts {cdn.tls}",
                "set its security policy to TLSv1.2_2021",
            )
        else:
            yield undecidable(
                f"{cdn.id} uses CloudFront's default certificate, which accepts TLS 1.0 too",
                "add an alias with its own certificate, and the policy TLSv1.2_2021",
            )
