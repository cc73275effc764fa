from __future__ import annotations

import pytest

from deploytool.scaffold.node import DEFAULT, node_major


@pytest.mark.parametrize(
    ("told", "major"),
    [
        ("", DEFAULT),
        ("lts/*", DEFAULT),
        ("node", DEFAULT),
        ("*", DEFAULT),
        ("lts/iron", 20),
        ("jod", 22),
        ("v20.11.1", 20),
        ("22", 22),
        ("22.x", 22),
        ("=20", 20),
        ("^20.9.0", 20),
        ("~22.3", 22),
        (">=18", DEFAULT),
        (">= 20.9.0", DEFAULT),
        (">18", DEFAULT),
        (">20", DEFAULT),
        (">=18 <21", 20),
        (">=18.0.0 <22.0.0", 20),
        (">=18 <20.5", 20),
        (">=18 <=20", 20),
        (">20.1 <22", 20),
        (">20 <22", 21),
        ("18 || 20 || 22", 22),
        ("18 - 20", 20),
        ("^18 || >=99", 18),
        ("25", 25),
        ("nonsense", DEFAULT),
        ("20 || nonsense", 20),
        (">=99", DEFAULT),
    ],
)
def test_the_newest_lts_release_that_fits_is_taken(told: str, major: int) -> None:
    assert node_major(told) == major
