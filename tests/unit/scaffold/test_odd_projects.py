"""No project makes `init` fail with anything but a refusal, and what it writes is always valid."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from deploytool.errors import DeployError
from tests.unit.scaffold.odd_projects import odd_project, run_init


@pytest.mark.parametrize("varied", ["package.json", "Dockerfile", "Procfile", "next.config.ts", ".env.example"])
def test_an_odd_file_is_read_or_refused(varied: str) -> None:
    for number in range(100):
        began = time.monotonic()
        with suppress(DeployError):
            run_init(odd_project(number, varied))
        assert time.monotonic() - began < 5, f"project {number} takes long"
