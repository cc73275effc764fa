"""Load balancer, CDN, DNS, certificates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from deploytool.doctor import ownership
from deploytool.doctor.facts import Certificate, Facts
from deploytool.doctor.result import Reason, Unknown, failed, judge, known, passed, unknown

SOON = timedelta(days=30)
"""A certificate that ends before this is told: ACM renews 60 days ahead, so then something is wrong."""
OLD_TLS = ("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016")
OLD_POLICIES = (
    "ELBSecurityPolicy-2016-08",
    "ELBSecurityPolicy-2015-05",
    "ELBSecurityPolicy-TLS-1-0-2015-04",
    "ELBSecurityPolicy-TLS-1-1-2017-01",
    "ELBSecurityPolicy-FS-2018-06",
    "ELBSecurityPolicy-FS-1-1-2019-08",
)
"""Those that still speak TLS 1.0 or 1.1."""


def load_balancer(facts: Facts) -> Iterator[Reason]:
    """A load balancer that forwards to the tasks, with HTTP led to HTTPS."""
    balancers = known(facts.edge.balancers)
    if not balancers:
        yield failed(
            "no service is behind a load balancer", "create the stacks platform and service: deploytool infra apply"
        )
    for each in balancers:
        ports = ", ".join(f"{listener.protocol} {listener.port}" for listener in each.listeners) or "no listener"
        yield judge(
            each.state == "active",
            f"{each.name} ({each.dns}) is active: {ports}",
            f"{each.name} is {each.state}",
            "wait until it is active",
        )
        plain = [listener for listener in each.listeners if listener.protocol == "HTTP"]
        yield judge(
            bool(each.tls) and all(listener.redirects for listener in plain),
            f"{each.name} leads HTTP to HTTPS",
            f"{each.name} serves without HTTPS",
            "give it an HTTPS listener with a certificate, and let the listener on 80 redirect to 443",
        )


def target_groups(facts: Facts) -> Iterator[Reason]:
    """Target groups hold tasks by address, as Fargate needs."""
    for group in known(facts.edge.target_groups):
        yield judge(
            group.type == "ip",
            f"target group {group.name} holds {len(group.targets)} targets by address",
            f"target group {group.name} holds targets of type {group.type}; Fargate tasks are addresses",
            "replace it by one with target type ip",
        )


def distribution(facts: Facts) -> Iterator[Reason]:
    """A CloudFront distribution that is enabled and deployed."""
    found = known(facts.edge.distributions)
    if not found:
        yield failed(
            "no CloudFront distribution leads to the load balancer or to the assets",
            "create the stack platform: deploytool infra apply; or leave this out: --skip cdn",
        )
    for each in found:
        origins = ", ".join(origin.domain for origin in each.origins)
        yield judge(
            each.enabled and each.status == "Deployed",
            f"{each.id} ({each.domain}) serves {origins}",
            f"{each.id} is {each.status}{'' if each.enabled else ' and disabled'}",
            "enable it, and wait until it is deployed",
        )
        open_buckets = [origin.domain for origin in each.origins if origin.bucket and not origin.signed]
        if open_buckets:
            yield failed(
                f"{each.id} reads {', '.join(open_buckets)} like anybody: the bucket is public, or nothing is served",
                "give the origin an origin access control, and block public access to the bucket",
            )


def dns(facts: Facts) -> Iterator[Reason]:
    """A Route 53 record leads to the distribution or the load balancer."""
    records = known(facts.edge.records)
    host = facts.scope.host
    if not records:
        yield failed(
            "no Route 53 record leads to the load balancer or its distribution",
            "add an alias record, or leave this out where DNS is elsewhere: --skip dns",
        )
    elif host and host not in {record.name for record in records}:
        yield failed(
            f"no Route 53 record of {host} leads to the load balancer or its distribution",
            f"make {host} an alias of {records[0].target}",
        )
    else:
        for record in records:
            yield passed(f"{record.name} leads to {record.target}")


def certificates(facts: Facts) -> Iterator[Reason]:
    """Each TLS listener and distribution has a certificate that is issued and goes on."""
    named = [
        (f"load balancer {balancer.name}", arn)
        for balancer in known(facts.edge.balancers)
        for listener in balancer.tls
        for arn in listener.certificates
    ]
    if not named:
        yield failed(
            "no certificate is in use: no load balancer has an HTTPS listener",
            "request one in ACM, validate it by DNS, and name it in an HTTPS listener",
        )
    named += [
        (f"distribution {each.id}", each.certificate) for each in known(facts.edge.distributions) if each.certificate
    ]
    for holder, arn in dict.fromkeys(named):
        found = ownership.certificate(facts, arn)
        if found is None:
            yield failed(f"{holder} names a certificate that is not there: {arn}", "name one that ACM has")
        else:
            yield from _certificate(facts, holder, found)


def _certificate(facts: Facts, holder: str, found: Certificate) -> Iterator[Reason]:
    yield judge(
        found.status == "ISSUED",
        f"{holder}: certificate of {found.domain} is issued",
        f"{holder}: certificate of {found.domain} is {found.status}",
        "add the DNS records that ACM asks for to validate it",
    )
    if found.not_after is None:
        return
    left = found.not_after - facts.scope.now
    yield judge(
        left > SOON,
        f"{holder}: it ends on {found.not_after:%Y-%m-%d}{', and renews itself' if found.renews else ''}",
        f"{holder}: its certificate ends on {found.not_after:%Y-%m-%d}",
        "see in ACM why it was not renewed" if found.renews else "import the next one: ACM does not renew it",
    )


def tls(facts: Facts) -> Iterator[Reason]:
    """The load balancer speaks TLS 1.2 or newer, and nothing is served in the clear."""
    for each in known(facts.edge.balancers):
        open_ports = [
            str(listener.port) for listener in each.listeners if listener.protocol == "HTTP" and not listener.redirects
        ]
        yield judge(
            not open_ports and bool(each.tls),
            f"{each.name} serves nothing in the clear",
            f"{each.name} serves in the clear on port {', '.join(open_ports) or '(no TLS listener)'}",
            "redirect HTTP to HTTPS",
        )
        old = [listener.policy for listener in each.tls if listener.policy in OLD_POLICIES]
        yield judge(
            not old,
            f"{each.name} speaks TLS 1.2 or newer",
            f"{each.name} still speaks TLS 1.0 or 1.1 ({', '.join(old)})",
            "set the listener's policy to ELBSecurityPolicy-TLS13-1-2-2021-06",
        )


def https_only(facts: Facts) -> Iterator[Reason]:
    """CloudFront serves HTTPS alone, and fetches by it."""
    for each in known(facts.edge.distributions):
        loose = "allow-all" in each.viewers
        yield judge(
            not loose,
            f"{each.id} serves HTTPS alone",
            f"{each.id} serves HTTP too",
            "set the viewer protocol policy of every behaviour to redirect-to-https",
        )
        in_clear = ("http-only", "match-viewer") if loose else ("http-only",)
        clear = [origin.domain for origin in each.origins if origin.protocol in in_clear]
        yield judge(
            not clear,
            f"{each.id} fetches by HTTPS",
            f"{each.id} may fetch in the clear from {', '.join(clear)}",
            "set the origin protocol policy to https-only",
        )
        if each.certificate:
            yield judge(
                each.tls not in OLD_TLS,
                f"{each.id} speaks {each.tls.partition('_')[0]} or newer",
                f"{each.id} still speaks {each.tls}",
                "set its security policy to TLSv1.2_2021",
            )
        else:
            yield unknown(
                Unknown(
                    f"{each.id} has CloudFront's own certificate, under which it speaks TLS 1.0 too",
                    "give it an alias with a certificate of its own, and the policy TLSv1.2_2021",
                )
            )
