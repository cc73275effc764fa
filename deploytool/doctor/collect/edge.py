"""CloudFront, Route 53 and the certificates of both and of the load balancer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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

# SEG aws.survey.cdn
# CloudFront, Route 53 and the certificates of both and of the load balancer.

Json = Mapping[str, Any]


def collect_dns_records(reader: Reader, hosts: Collection[str]) -> tuple[DnsRecord, ...]:
    """Every alias and CNAME of the hosted zones that ``hosts`` are in; of all zones where no host is known."""
    found = []
    for zone in reader.every("route53", "list_hosted_zones", "HostedZones"):
        name = _name(zone["Name"])
        if hosts and not any(host == name or host.endswith(f".{name}") for host in hosts):
            continue
        listed = reader.every("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"])
        found += [
            DnsRecord(_name(each["Name"]), target)
            for each in listed
            if (target := _target(each)) and each["Type"] in ("A", "AAAA", "CNAME")
        ]
    return tuple(dict.fromkeys(found))


def _target(raw: Json) -> str:
    if alias := raw.get("AliasTarget"):
        return _name(alias["DNSName"]).removeprefix("dualstack.")
    values = raw.get("ResourceRecords") or ()
    return _name(values[0]["Value"]) if raw["Type"] == "CNAME" and values else ""


def _name(told: str) -> str:
    return told.rstrip(".").lower()


def collect_distributions(
    reader: Reader, app: str, host: str, balancers: tuple[LoadBalancer, ...], known_records: tuple[DnsRecord, ...]
) -> tuple[Distribution, ...]:
    """Distributions that fetch from the load balancer, directly or by a name of it, from a bucket called after the app,
    or that are reached under the host."""
    entries = {each.dns for each in balancers}
    entries |= {record.name for record in known_records if record.target in entries}
    listed = reader.every("cloudfront", "list_distributions", "DistributionList.Items")
    found = (_distribution(each) for each in listed)
    return tuple(
        each
        for each in found
        if (host and host in each.aliases) or any(_ours(origin, app, entries) for origin in each.origins)
    )


def _ours(origin: Origin, app: str, entries: Collection[str]) -> bool:
    return origin.domain in entries or (origin.bucket and origin.domain.startswith(f"{app}-"))


def _distribution(raw: Json) -> Distribution:
    behaviours = [raw.get("DefaultCacheBehavior") or {}, *((raw.get("CacheBehaviors") or {}).get("Items") or ())]
    certificate = raw.get("ViewerCertificate") or {}
    return Distribution(
        id=raw["Id"],
        domain=_name(raw["DomainName"]),
        status=raw.get("Status", ""),
        enabled=bool(raw.get("Enabled")),
        aliases=tuple(_name(each) for each in (raw.get("Aliases") or {}).get("Items") or ()),
        origins=tuple(_origin(each) for each in (raw.get("Origins") or {}).get("Items") or ()),
        viewers=tuple(
            dict.fromkeys(each["ViewerProtocolPolicy"] for each in behaviours if "ViewerProtocolPolicy" in each)
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


def collect_certificate(reader: Reader, arn: str) -> Certificate | None:
    """DescribeCertificate, in the certificate's own region; ``None`` where there is none."""
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


# SEG aws.survey.edge
# Load balancers and their targets.


def collect_target_groups(reader: Reader, arns: Collection[str]) -> tuple[TargetGroup, ...]:
    """Target groups with how their targets are."""
    if not arns:
        return ()
    return tuple(
        TargetGroup(
            arn=each["TargetGroupArn"],
            name=each["TargetGroupName"],
            type=each.get("TargetType", ""),
            health_path=each.get("HealthCheckPath", "/"),
            targets=_targets(reader, each["TargetGroupArn"]),
        )
        for each in reader.every("elbv2", "describe_target_groups", "TargetGroups", TargetGroupArns=sorted(arns))
    )


def _targets(reader: Reader, arn: str) -> tuple[Target, ...]:
    listed = reader.every("elbv2", "describe_target_health", "TargetHealthDescriptions", TargetGroupArn=arn)
    return tuple(
        Target(each["Target"]["Id"], each["TargetHealth"]["State"], each["TargetHealth"].get("Description", ""))
        for each in listed
    )


def collect_load_balancers(reader: Reader, groups: Collection[str]) -> tuple[LoadBalancer, ...]:
    """The load balancers that forward to these target groups."""
    if not groups:
        return ()
    listed = reader.every("elbv2", "describe_target_groups", "TargetGroups", TargetGroupArns=sorted(groups))
    arns = sorted({arn for each in listed for arn in each.get("LoadBalancerArns", ())})
    if not arns:
        return ()
    found = reader.every("elbv2", "describe_load_balancers", "LoadBalancers", LoadBalancerArns=arns)
    return tuple(_balancer(reader, each) for each in found)


def _balancer(reader: Reader, raw: Json) -> LoadBalancer:
    listeners = reader.every("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=raw["LoadBalancerArn"])
    return LoadBalancer(
        arn=raw["LoadBalancerArn"],
        name=raw["LoadBalancerName"],
        dns=raw["DNSName"].lower(),
        state=(raw.get("State") or {}).get("Code", ""),
        scheme=raw.get("Scheme", ""),
        subnets=tuple(each["SubnetId"] for each in raw.get("AvailabilityZones", ()) if each.get("SubnetId")),
        groups=tuple(raw.get("SecurityGroups") or ()),
        listeners=tuple(_listener(each) for each in listeners),
    )


def _listener(raw: Json) -> Listener:
    redirects = [each.get("RedirectConfig") or {} for each in raw.get("DefaultActions", ())
                 if each.get("Type") == "redirect"]  # fmt: skip
    return Listener(
        port=raw.get("Port", 0),
        protocol=raw.get("Protocol", ""),
        redirects=any(each.get("Protocol") == "HTTPS" for each in redirects),
        policy=raw.get("SslPolicy", ""),
        certificates=tuple(each["CertificateArn"] for each in raw.get("Certificates") or () if each),
    )
