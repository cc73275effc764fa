"""Do the findings of an image scan allow a release?"""

from __future__ import annotations

from collections.abc import Mapping

from deploytool.errors import BuildError

SEVERITIES = ("critical", "high", "medium", "low")
DONE = ("COMPLETE", "ACTIVE")
"""Basic scanning ends COMPLETE; enhanced scanning stays ACTIVE and is kept up to date."""


class ScanRefused(BuildError):
    """The image's scan found what the configuration does not allow, or there is no scan to judge by."""


def pending(status: str) -> bool:
    """The scan may still come to an end."""
    return status in ("PENDING", "IN_PROGRESS", "")


def refusal(image: str, fail_on: str, status: str, counts: Mapping[str, int]) -> ScanRefused | None:
    """Why the image may not run; ``None`` where it may. ``counts`` is by severity in lower case."""
    if status not in DONE:
        return ScanRefused(
            f"the scan of image {image} did not come to an end (ECR says {status or 'nothing'})",
            f"look at the repository's scan settings, or drop images.{image}.scan",
        )
    worse = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    found = [f"{counts[severity]} {severity}" for severity in worse if counts.get(severity)]
    if not found:
        return None
    return ScanRefused(
        f"the scan of image {image} found {' and '.join(found)}",
        f"mend them (ECR shows each one), or raise images.{image}.scan.fail_on",
    )
