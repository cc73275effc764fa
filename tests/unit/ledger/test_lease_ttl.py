"""How long a lease lasts, for tests that kill releases."""

from __future__ import annotations

import pytest

from deploytool.deploy.session import LEASE_TTL, lease_ttl
from deploytool.errors import ConfigurationError


@pytest.mark.parametrize(("set_to", "seconds"), [(None, 30), ("", 30), ("1", 1), ("6.5", 6.5), ("3600", 3600)])
def test_a_lease_lasts_half_a_minute_unless_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, set_to: str | None, seconds: float
) -> None:
    monkeypatch.delenv(LEASE_TTL, raising=False)
    if set_to is not None:
        monkeypatch.setenv(LEASE_TTL, set_to)
    assert lease_ttl() == seconds


@pytest.mark.parametrize("set_to", ["0", "0.5", "3601", "-3", "soon", "nan", "inf"])
def test_a_length_that_could_not_work_is_refused(monkeypatch: pytest.MonkeyPatch, set_to: str) -> None:
    monkeypatch.setenv(LEASE_TTL, set_to)
    with pytest.raises(ConfigurationError, match=f"{LEASE_TTL}={set_to} is not a number of seconds from 1 to 3600"):
        lease_ttl()
