"""How the property tests of every directory run; those of this one are read first."""

from __future__ import annotations

from hypothesis import settings

AS_READ = settings().deadline


def test_no_example_is_too_slow_when_the_machine_is_busy() -> None:
    assert AS_READ is None
