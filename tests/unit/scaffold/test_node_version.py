from __future__ import annotations

from typing import Any

import pytest

from deploytool.scaffold.node import DEFAULT, stated_node
from tests.unit.scaffold.projects import next_app


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
        ("v20.11.1 # comment 22", 20),
        ("9" * 50, DEFAULT),
    ],
)
def test_the_newest_lts_release_that_fits_is_taken(told: str, major: int) -> None:
    assert (stated_node(told) or DEFAULT) == major


@pytest.mark.parametrize(
    ("texts", "package", "node", "said"),
    [
        # https://github.com/mickasmt/next-saas-stripe-starter
        (
            {".nvmrc": "v16.18.0"},
            {"dependencies": {"next": "14.2.5"}},
            18,
            ".nvmrc says Node 16, but Next.js 14 needs 18",
        ),
        ({".nvmrc": "16"}, {"dependencies": {"next": "13.3.1"}}, 16, ""),
        ({".nvmrc": "18"}, {"dependencies": {"next": "^16.0.0"}}, 20, "Next.js 16 needs 20"),
        (
            {"pnpm-lock.yaml": ""},
            {"engines": {"node": "16"}, "packageManager": "pnpm@9.1.0", "dependencies": {"next": "13"}},
            18,
            "pnpm 9 needs 18",
        ),
        ({".nvmrc": "99"}, {}, 24, ".nvmrc names no known version of Node ('99')"),
        ({".node-version": "lts/*"}, {}, 24, ""),
        ({}, {"engines": {"node": "*"}}, 24, ""),
        ({}, {"dependencies": {"next": "latest"}, "engines": {"node": "18"}}, 18, ""),
    ],
)
def test_node_is_never_older_than_nextjs_needs(texts: dict[str, str], package: Any, node: int, said: str) -> None:
    app = next_app(texts=texts, **package)
    assert app.node == node
    assert [said in note for note in app.notes] == [True] * bool(said)
