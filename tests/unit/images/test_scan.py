"""Whether an image's scan lets it run."""

from __future__ import annotations

import pytest

from deploytool.errors import Exit
from deploytool.images.ecr import pending, scan_failure


@pytest.mark.parametrize(
    ("fail_on", "status", "counts"),
    [
        ("critical", "COMPLETE", {}),
        ("critical", "COMPLETE", {"high": 9, "medium": 1}),
        ("high", "ACTIVE", {"medium": 3}),
        ("low", "COMPLETE", {"informational": 7, "low": 0}),
    ],
)
def test_lets_the_image_run_when_nothing_as_bad_was_found(fail_on: str, status: str, counts: dict[str, int]) -> None:
    assert scan_failure("app", fail_on, status, counts) is None


@pytest.mark.parametrize(
    ("fail_on", "counts", "says"),
    [
        ("critical", {"critical": 1}, "found 1 critical"),
        ("high", {"critical": 1, "high": 2, "low": 5}, "found 1 critical and 2 high"),
        ("low", {"low": 5}, "found 5 low"),
    ],
)
def test_refuses_when_something_as_bad_or_worse_was_found(fail_on: str, counts: dict[str, int], says: str) -> None:
    refused = scan_failure("app", fail_on, "COMPLETE", counts)

    assert refused is not None
    assert refused.cause.endswith(says)
    assert refused.exit_code is Exit.BUILD_FAILED


@pytest.mark.parametrize("status", ["FAILED", "UNSUPPORTED_IMAGE", "IN_PROGRESS", ""])
def test_refuses_when_there_is_no_scan_to_judge_by(status: str) -> None:
    refused = scan_failure("app", "high", status, {})

    assert refused is not None
    assert (status or "none") in refused.cause


@pytest.mark.parametrize(
    ("status", "goes_on"),
    [("PENDING", True), ("IN_PROGRESS", True), ("", True), ("COMPLETE", False), ("ACTIVE", False), ("FAILED", False)],
)
def test_a_scan_may_still_end(status: str, goes_on: bool) -> None:
    assert pending(status) is goes_on
