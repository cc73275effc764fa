"""Lengths of time, as the configuration and every option read them."""

from __future__ import annotations

import re

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.cli.options import DURATION
from deploytool.config.types import WITHIN_A_DAY, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("1h30m", 5400),
        ("2h0m5s", 7205),
        ("90d", 90 * 86400),
        ("1d1h", 90000),
        ("90", 90),
        ("0", 0),
    ],
)
def test_it_is_read_as_seconds(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds
    assert DURATION.convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "soon", "1.5h", "-5m", "5 m", "30m1h", "5ms", "1w", "h", "1h30", "٣m"])
def test_what_is_none_is_told_with_an_example(text: str) -> None:
    assert seconds_of(text) is None
    with pytest.raises(click.BadParameter, match="is not a length of time; write it like 90s, 15m, 2h30m or 90d"):
        DURATION.convert(text, None, None)


@given(st.from_regex(WITHIN_A_DAY.replace("(?=[0-9])", ""), fullmatch=True).filter(lambda text: text.strip()))
def test_what_the_configuration_takes_can_be_read(text: str) -> None:
    assert (seconds_of(text) is not None) is bool(re.fullmatch(WITHIN_A_DAY, text))
