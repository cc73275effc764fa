"""CloudFront, Route 53 and the certificates of both and of the load balancer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from deploytool.aws.survey.reader import Reader
from deploytool.core.doctor.facts_edge import Certificate, Distribution, LoadBalancer, Origin, Record
from deploytool.errors import NotFound

Json = Mapping[str, Any]


def records(reader: Reader, hosts: Collection[str]) -> tuple[Record, ...]:
    """Every alias and CNAME of the hosted zones that ``hosts`` are in; of all zones where no host is known."""
    found = []
    for zone in reader.every("route53", "list_hosted_zones", "HostedZones"):
        name = _name(zone["Name"])
        if hosts and not any(host == name or host.endswith(f".{name}") for host in hosts):
            continue
        listed = reader.every("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"])
        found += [
            Record(_name(each["Name"]), target)
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


def distributions(
    reader: Reader, app: str, host: str, balancers: tuple[LoadBalancer, ...], known_records: tuple[Record, ...]
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


def certificate(reader: Reader, arn: str) -> Certificate | None:
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
