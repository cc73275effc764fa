"""ECR: the login for Docker, and image scans."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deploytool.aws.call import call
from deploytool.aws.session import Session
from deploytool.errors import BuildError


@dataclass(frozen=True)
class RegistryLogin:
    """Credentials for Docker; the password is valid for twelve hours."""

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


_ADDRESS = re.compile(r"([0-9]{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")


def account_and_region(registry: str) -> tuple[str, str] | None:
    """Of the address of an account's private registry."""
    match = _ADDRESS.fullmatch(registry)
    return (match[1], match[2]) if match else None


def login(session: Session, registry: str) -> RegistryLogin:
    """GetAuthorizationToken, for ``registry``; the token is good for every registry of its region that IAM allows."""
    _, region = account_and_region(registry) or ("", "")
    answer = call(session.client("ecr", region), "get_authorization_token")
    user, _, password = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode().partition(":")
    return RegistryLogin(registry, user, password)


def scan_findings(session: Session, registry: str, repository: str, digest: str) -> ScanFindings:
    """DescribeImageScanFindings: basic and enhanced scanning alike."""
    account, region = account_and_region(registry) or ("", "")
    named: dict[str, Any] = {"registryId": account} if account else {}
    answer = call(
        session.client("ecr", region),
        "describe_image_scan_findings",
        **named,
        repositoryName=repository,
        imageId={"imageDigest": digest},
    )
    counts = answer.get("imageScanFindings", {}).get("findingSeverityCounts", {})
    return ScanFindings(
        status=answer.get("imageScanStatus", {}).get("status", ""),
        counts={severity.lower(): count for severity, count in counts.items()},
    )


SEVERITIES = ("critical", "high", "medium", "low")
DONE = ("COMPLETE", "ACTIVE")
"""Basic scanning ends COMPLETE; enhanced scanning stays ACTIVE."""


class ScanBlocked(BuildError):
    """The scan has findings that the configuration does not allow, or did not complete."""


def pending(status: str) -> bool:
    """The scan has not completed yet."""
    return status in ("PENDING", "IN_PROGRESS", "")


def scan_failure(image: str, fail_on: str, status: str, counts: Mapping[str, int]) -> ScanBlocked | None:
    """Why the image may not be released; ``None`` if it may. ``counts`` is by severity in lower case."""
    if status not in DONE:
        return ScanBlocked(
            f"the scan of image {image} did not complete (ECR status: {status or 'none'})",
            f"check the scan settings of the repository, or remove images.{image}.scan",
        )
    worse = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    findings = [f"{counts[severity]} {severity}" for severity in worse if counts.get(severity)]
    if not findings:
        return None
    return ScanBlocked(
        f"the scan of image {image} found {' and '.join(findings)}",
        f"fix them (ECR lists each one), or raise images.{image}.scan.fail_on",
    )
