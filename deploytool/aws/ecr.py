"""ECR: the login for Docker and what image scans found."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from deploytool.aws.call import call
from deploytool.aws.session import Session


@dataclass(frozen=True)
class RegistryLogin:
    """What Docker needs to push; the password is valid for twelve hours."""

    registry: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class ScanFindings:
    """Counts by severity; ``status`` as ECR says it."""

    status: str
    counts: dict[str, int]


def registry_of(account: str, region: str) -> str:
    """Host of an account's private registry.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
    """
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"{account}.dkr.ecr.{region}.{suffix}"


def login(session: Session, registry: str) -> RegistryLogin:
    """GetAuthorizationToken, for ``registry``."""
    answer = call(session.client("ecr"), "get_authorization_token")
    user, _, password = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode().partition(":")
    return RegistryLogin(registry, user, password)


def scan_findings(session: Session, repository: str, digest: str) -> ScanFindings:
    """DescribeImageScanFindings: basic and enhanced scanning alike."""
    answer = call(
        session.client("ecr"),
        "describe_image_scan_findings",
        repositoryName=repository,
        imageId={"imageDigest": digest},
    )
    counts = answer.get("imageScanFindings", {}).get("findingSeverityCounts", {})
    return ScanFindings(
        status=answer.get("imageScanStatus", {}).get("status", ""),
        counts={severity.lower(): count for severity, count in counts.items()},
    )
