"""What should be fixed and does not stop a release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from deploytool.release.image_choice import cpu_problems
from deploytool.release.model import Problem, PublishedImage
from deploytool.release.planner import ReleasePreconditionFailed, warnings
from tests.unit.release.plan_cases import found, live


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"circuit_breaker": False, "circuit_breaker_rollback": False}, "no deployment circuit breaker with rollback"),
        ({"circuit_breaker_rollback": False}, "no deployment circuit breaker with rollback"),
        ({"desired": 0}, "has desired count 0"),
    ],
    ids=["no breaker", "breaker without rollback", "wants no tasks"],
)
def test_warns_when_a_service_has(how: Mapping[str, Any], says: str) -> None:
    (warning,) = warnings(live(found("app", **how), found("worker")))

    assert says in warning
    assert "service app" in warning


def test_passes_on_what_the_look_found_first() -> None:
    told = warnings(live(found("app", desired=0), warnings=("repository shop is mutable",)))

    assert told[0] == "repository shop is mutable"
    assert len(told) == 2


def test_warns_of_nothing_when_all_is_well() -> None:
    assert warnings(live(found("app"))) == ()


def test_a_fix_of_two_problems_is_told_once() -> None:
    problems = (
        Problem("app is old", "make it new"),
        Problem("worker is old", "make it new"),
        Problem("no key", "cut one"),
    )
    refused = ReleasePreconditionFailed(problems)
    assert (refused.cause, refused.fix) == ("app is old; worker is old; no key", "make it new; cut one")


@pytest.mark.parametrize(
    ("platforms", "fix"),
    [
        (("linux/amd64",), ", or runtimePlatform.cpuArchitecture of its task definition to X86_64"),
        (("windows/amd64",), ""),
    ],
)
def test_the_way_out_of_another_cpu_is_one_that_the_image_has(platforms: tuple[str, ...], fix: str) -> None:
    (problem,) = cpu_problems(
        "app", PublishedImage("sha256:1", platforms), {"runtimePlatform": {"cpuArchitecture": "ARM64"}}, "app"
    )
    assert problem.fix == f"set images.app.platforms to [linux/arm64]{fix}"
