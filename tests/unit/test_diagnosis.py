"""What a diagnosis says beside its cause."""

from __future__ import annotations

import pytest

from deploytool.diagnosis import Diagnosis


@pytest.mark.parametrize(
    ("cause", "quote", "more"),
    [
        ("the bucket is there already: it exists", "it exists", ""),
        ("the bucket cannot be made", "it exists", "it exists"),
        ("the bucket cannot be made", "", ""),
    ],
)
def test_a_quote_is_said_only_where_the_cause_does_not_hold_it(cause: str, quote: str, more: str) -> None:
    assert Diagnosis("name-taken", cause, "delete it", quote=quote).more == more
