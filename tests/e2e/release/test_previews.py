"""Previews: no file of the checkout, of git or of the sandbox changes, and nothing in the account."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.project import Shop

LOOKS = re.compile(r"Describe|List|Get|BatchGet|BatchCheck|Query|Scan|Estimate|GET |HEAD |GenerateCredentialReport$")
"""Reads, of AWS and of a registry; IAM writes its credential report for whoever asks, and changes nothing by that."""
CHANGE_SETS = {"CreateChangeSet", "DeleteChangeSet"}
"""`infra plan` asks CloudFormation by change sets, and deletes them."""


def everything(directory: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in (directory, *directory.rglob("*"))
        if path.is_file() or path.is_dir()
    }


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("plan", {0}),
        ("plan --output json", {0}),
        ("infra plan", {0, 3}),
        ("infra status", {0, 3}),
        ("prune --keep 2", {0}),
        ("config check --environment production", {0}),
        ("doctor", {0, 3}),
        ("status", {0}),
        ("init --diff", {0}),
    ],
)
def test_nothing_changes_when_a_verb_only_shows(shop: Shop, line: str, codes: set[int]) -> None:
    # Touched, not changed: git itself would note the time.
    (shop.root / "deploytool.yml").touch()
    before = everything(shop.root)
    earlier = len(shop.front.calls())
    ran = shop.run(*line.split())
    assert ran.code in codes, ran.told
    assert everything(shop.root) == before
    made = {call.action for call in shop.front.calls()[earlier:] if not LOOKS.match(call.action)}
    assert made <= (CHANGE_SETS if line == "infra plan" else set())
