"""What the sandbox writes of the example's configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploytool.config.loader import resolve
from deploytool.config.yaml import read_config
from deploytool.sandbox import checkout
from deploytool.sandbox.account import ENVIRONMENTS
from tests.unit.sandbox.test_sandbox_state import state_in


@pytest.mark.parametrize(("steady", "seconds"), [(None, 15), (0, 0), (90, 90)])
def test_new_tasks_of_the_example_must_run_as_long_as_its_user_says(
    tmp_path: Path, steady: int | None, seconds: int
) -> None:
    state = state_in(tmp_path)

    checkout.create(state, ENVIRONMENTS.values(), steady)

    settings = resolve(read_config(str(state.workdir / "deploytool.yml")), "production")
    assert {name: service.steady for name, service in settings.services.items()} == {"app": seconds, "worker": seconds}
