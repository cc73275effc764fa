from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from deploytool.doctor.facts import Certificate, DnsRecord, Facts, Listener, Origin, TargetGroup
from tests.unit.doctor.case import DENIED, GOOD, UNKNOWN, Case
from tests.unit.doctor.healthy import BALANCER, DISTRIBUTION, HERE, NOW, THERE, edge, facts, scope

PLAIN = Listener(80, "HTTP")
OLD = Listener(443, "HTTPS", policy="ELBSecurityPolicy-2016-08", certificates=(HERE,))
BUCKET = Origin("shop-assets.s3.amazonaws.com", bucket=True)


def balancer(*listeners: Listener, **changes: Any) -> Facts:
    return edge(balancers=(replace(BALANCER, listeners=listeners or BALANCER.listeners, **changes),))


def cdn(**changes: Any) -> Facts:
    return edge(distributions=(replace(DISTRIBUTION, **changes),))


def certificate(**changes: Any) -> Facts:
    return edge(certificates=(replace(Certificate(HERE, "shop"), **changes), Certificate(THERE, "shop")))


EDGE_CASES = (
    Case("there is no load balancer", "load-balancer", edge(balancers=()), "no service is behind a load balancer"),
    Case("the load balancer is being made", "load-balancer", balancer(state="provisioning"), "shop is provisioning"),
    Case("the load balancer has no listener", "load-balancer", edge(balancers=(replace(BALANCER, listeners=()),)),
         "shop does not redirect HTTP to HTTPS"),
    Case("HTTP is not led to HTTPS", "load-balancer", balancer(PLAIN, *BALANCER.listeners[1:]),
         "does not redirect HTTP to HTTPS"),
    Case("targets are instances", "load-balancer", edge(target_groups=(TargetGroup("t", "shop", type="instance"),)),
         "has targets of type instance"),
    Case("target groups may not be read", "load-balancer", edge(target_groups=DENIED), "access denied",
         UNKNOWN),
    Case("there is no distribution", "cdn", edge(distributions=()), "no CloudFront distribution points"),
    Case("the distribution is being deployed", "cdn", cdn(status="InProgress"), "E1 is InProgress"),
    Case("the distribution is disabled", "cdn", cdn(enabled=False), "E1 is Deployed and disabled"),
    Case("the assets are public", "cdn", cdn(origins=(BUCKET,)), "without signing: the bucket is public"),
    Case("no name leads here", "dns", edge(records=()), "no Route 53 record points"),
    Case("the host leads elsewhere", "dns", edge(records=(DnsRecord("other.example.com", "d1.cloudfront.net"),)),
         "no Route 53 record of shop.example.com points"),
    Case("no host is configured", "dns", scope(host=""), "shop.example.com points to d1.cloudfront.net", GOOD),
    Case("no listener has a certificate", "certificates", balancer(PLAIN), "no load balancer has an HTTPS listener"),
    Case("a certificate waits for validation", "certificates", certificate(status="PENDING_VALIDATION"),
         "is PENDING_VALIDATION"),
    Case("a certificate ends soon", "certificates", certificate(not_after=NOW + timedelta(days=29)),
         "certificate expires on 2026-12-23"),
    Case("an imported certificate ends soon", "certificates",
         certificate(not_after=NOW + timedelta(days=29), renews=False), "certificate expires on 2026-12-23"),
    Case("an imported certificate goes on", "certificates",
         certificate(not_after=NOW + timedelta(days=99), renews=False), "certificate of shop is issued", GOOD),
    Case("a certificate does not exist", "certificates", edge(certificates=()), "a certificate that does not exist"),
    Case("the distribution has CloudFront's own certificate", "certificates", cdn(certificate=""), "is issued", GOOD),
    Case("certificates may not be read", "certificates", edge(certificates=DENIED), "access denied", UNKNOWN),
    Case("the load balancer serves unencrypted traffic", "tls", balancer(PLAIN, *BALANCER.listeners[1:]),
         "serves unencrypted traffic on port 80"),
    Case("the load balancer has no TLS at all", "tls", balancer(Listener(80, "HTTP", redirects=True)),
         "(no TLS listener)"),
    Case("the load balancer speaks old TLS", "tls", balancer(OLD), "TLS 1.0 or 1.1 (ELBSecurityPolicy-2016-08)"),
    Case("CloudFront serves HTTP too", "https-only", cdn(viewers=("allow-all", "https-only")), "E1 accepts HTTP too"),
    Case("CloudFront fetches in the clear", "https-only", cdn(origins=(Origin("o", protocol="http-only"),)),
         "may connect without encryption to o"),
    Case("CloudFront fetches as it is asked", "https-only",
         cdn(viewers=("allow-all",), origins=(Origin("o", protocol="match-viewer"),)), "without encryption to o"),
    Case("CloudFront is asked by HTTPS alone and fetches so", "https-only",
         cdn(origins=(Origin("o", protocol="match-viewer"),)), "E1 connects to its origins by HTTPS", GOOD),
    Case("CloudFront speaks old TLS", "https-only", cdn(tls="TLSv1"), "E1 accepts TLSv1"),
    Case("CloudFront's own certificate takes old TLS", "https-only", cdn(certificate=""),
         "CloudFront's default certificate", UNKNOWN),
    Case("there is no CloudFront", "https-only", edge(distributions=()), "nothing to check", UNKNOWN),
    Case("there is no edge at all", "tls", facts(edge=replace(edge().edge, balancers=())), "shop-db requires TLS",
         GOOD),
)  # fmt: skip
