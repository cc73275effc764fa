"""Load balancers, CloudFront, Route 53 and certificates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from deploytool.doctor.collect.reader import Reader
from deploytool.doctor.facts import (
    Certificate,
    Distribution,
    DnsRecord,
    Listener,
    LoadBalancer,
    Origin,
    Target,
    TargetGroup,
)
from deploytool.errors import NotFound

Json = Mapping[str, Any]


def collect_dns_records(reader: Reader, hosts: Collection[str]) -> tuple[DnsRecord, ...]:
    """Every alias and CNAME of the hosted zones that ``hosts`` are in; of all zones where no host is known."""
    records: list[DnsRecord] = []
    for zone in reader.every("route53", "list_hosted_zones", "HostedZones"):
        name = _name(zone["Name"])
        if hosts and not any(host == name or host.endswith(f".{name}") for host in hosts):
            continue
        listed = reader.every("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"])
        records += [
            DnsRecord(_name(raw["Name"]), target)
            for raw in listed
            if (target := _target(raw)) and raw["Type"] in ("A", "AAAA", "CNAME")
        ]
    return tuple(dict.fromkeys(records))


def _target(raw: Json) -> str:
    if alias := raw.get("AliasTarget"):
        return _name(alias["DNSName"]).removeprefix("dualstack.")
    values = raw.get("ResourceRecords") or ()
    return _name(values[0]["Value"]) if raw["Type"] == "CNAME" and values else ""


def _name(raw: str) -> str:
    return raw.rstrip(".").lower()


def collect_distributions(
    reader: Reader, app: str, host: str, balancers: tuple[LoadBalancer, ...], known_records: tuple[DnsRecord, ...]
) -> tuple[Distribution, ...]:
    """Distributions with the host as alias, or with the load balancer or a bucket of the app as origin."""
    entries = {balancer.dns for balancer in balancers}
    entries |= {record.name for record in known_records if record.target in entries}

    def is_own(cdn: Distribution) -> bool:
        return (host and host in cdn.aliases) or any(
            origin.domain in entries or (origin.bucket and origin.domain.startswith(f"{app}-"))
            for origin in cdn.origins
        )

    listed = reader.every("cloudfront", "list_distributions", "DistributionList.Items")
    return tuple(cdn for cdn in map(_distribution, listed) if is_own(cdn))


def _distribution(raw: Json) -> Distribution:
    behaviors = [raw.get("DefaultCacheBehavior") or {}, *((raw.get("CacheBehaviors") or {}).get("Items") or ())]
    certificate = raw.get("ViewerCertificate") or {}
    return Distribution(
        id=raw["Id"],
        domain=_name(raw["DomainName"]),
        status=raw.get("Status", ""),
        enabled=bool(raw.get("Enabled")),
        aliases=tuple(map(_name, (raw.get("Aliases") or {}).get("Items") or ())),
        origins=tuple(map(_origin, (raw.get("Origins") or {}).get("Items") or ())),
        viewers=tuple(
            dict.fromkeys(item["ViewerProtocolPolicy"] for item in behaviors if "ViewerProtocolPolicy" in item)
        ),
        certificate=certificate.get("ACMCertificateArn", ""),
        tls=certificate.get("MinimumProtocolVersion", ""),
    )


def _origin(raw: Json) -> Origin:
    custom = raw.get("CustomOriginConfig") or {}
    identity = (raw.get("S3OriginConfig") or {}).get("OriginAccessIdentity")
    return Origin(
        domain=_name(raw["DomainName"]),
        bucket=not custom,
        protocol=custom.get("OriginProtocolPolicy", ""),
        signed=bool(raw.get("OriginAccessControlId") or identity),
    )


def collect_certificates(
    reader: Reader,
    global_reader: Callable[[], Reader],
    balancers: tuple[LoadBalancer, ...],
    distributions: tuple[Distribution, ...],
) -> tuple[Certificate, ...]:
    """Those in use that exist; CloudFront's are read with ``global_reader``."""
    regional = {arn for balancer in balancers for listener in balancer.tls for arn in listener.certificates}
    other = {cdn.certificate for cdn in distributions if cdn.certificate} - regional
    certificates = [_certificate(reader, arn) for arn in sorted(regional)]
    if other:
        reader = global_reader()
        certificates += [_certificate(reader, arn) for arn in sorted(other)]
    return tuple(certificate for certificate in certificates if certificate is not None)


def _certificate(reader: Reader, arn: str) -> Certificate | None:
    try:
        raw = reader.ask("acm", "describe_certificate", CertificateArn=arn)["Certificate"]
    except NotFound:
        return None
    return Certificate(
        arn=arn,
        domain=raw.get("DomainName", ""),
        status=raw.get("Status", ""),
        not_after=raw.get("NotAfter"),
        renews=raw.get("Type") != "IMPORTED",
    )


def collect_target_groups(reader: Reader, arns: Collection[str]) -> tuple[TargetGroup, ...]:
    """Target groups with the health of their targets."""
    if not arns:
        return ()
    return tuple(
        TargetGroup(
            arn=raw["TargetGroupArn"],
            name=raw["TargetGroupName"],
            type=raw.get("TargetType", ""),
            health_path=raw.get("HealthCheckPath", "/"),
            targets=_targets(reader, raw["TargetGroupArn"]),
        )
        for raw in reader.every("elbv2", "describe_target_groups", "TargetGroups", TargetGroupArns=sorted(arns))
    )


def _targets(reader: Reader, arn: str) -> tuple[Target, ...]:
    listed = reader.every("elbv2", "describe_target_health", "TargetHealthDescriptions", TargetGroupArn=arn)
    return tuple(
        Target(raw["Target"]["Id"], raw["TargetHealth"]["State"], raw["TargetHealth"].get("Description", ""))
        for raw in listed
    )


def collect_load_balancers(reader: Reader, groups: Collection[str]) -> tuple[LoadBalancer, ...]:
    """The load balancers that forward to these target groups."""
    if not groups:
        return ()
    listed = reader.every("elbv2", "describe_target_groups", "TargetGroups", TargetGroupArns=sorted(groups))
    arns = sorted({arn for group in listed for arn in group.get("LoadBalancerArns", ())})
    if not arns:
        return ()
    balancers = reader.every("elbv2", "describe_load_balancers", "LoadBalancers", LoadBalancerArns=arns)
    return tuple(_balancer(reader, raw) for raw in balancers)


def _balancer(reader: Reader, raw: Json) -> LoadBalancer:
    listeners = reader.every("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=raw["LoadBalancerArn"])
    return LoadBalancer(
        arn=raw["LoadBalancerArn"],
        name=raw["LoadBalancerName"],
        dns=raw["DNSName"].lower(),
        state=(raw.get("State") or {}).get("Code", ""),
        scheme=raw.get("Scheme", ""),
        subnets=tuple(zone["SubnetId"] for zone in raw.get("AvailabilityZones", ()) if zone.get("SubnetId")),
        groups=tuple(raw.get("SecurityGroups") or ()),
        listeners=tuple(map(_listener, listeners)),
    )


def _listener(raw: Json) -> Listener:
    actions = [action for action in raw.get("DefaultActions", ()) if action.get("Type") == "redirect"]
    return Listener(
        port=raw.get("Port", 0),
        protocol=raw.get("Protocol", ""),
        redirects=any((action.get("RedirectConfig") or {}).get("Protocol") == "HTTPS" for action in actions),
        policy=raw.get("SslPolicy", ""),
        certificates=tuple(item["CertificateArn"] for item in raw.get("Certificates") or () if item),
    )
