"""What a release is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.release.plan_cases import REQUEST


@pytest.mark.parametrize(
    ("named", "on_github"), [("", "production"), ("live", "live")], ids=["called the same", "called otherwise there"]
)
def test_github_is_told_the_name_that_it_knows_the_environment_by(named: str, on_github: str) -> None:
    assert replace(REQUEST, environment="production", github_environment=named).deployed_to == on_github
