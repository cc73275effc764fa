"""No value of a build secret is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.images.secrets import mask

KEY = "-----BEGIN KEY-----\nMIIEow\nIBAAKC\n-----END KEY-----\n"


@pytest.mark.parametrize(
    ("line", "secrets", "shown"),
    [
        pytest.param("#5 0.2 token=hunter2.", ["hunter2"], "#5 0.2 token=***.", id="inside a line"),
        pytest.param("hunter2 hunter2", ["hunter2"], "*** ***", id="more than once"),
        pytest.param("abcdef abc", ["abc", "abcdef"], "*** ***", id="one begins with the other"),
        pytest.param("#7 1.0 IBAAKC", [KEY], "#7 1.0 ***", id="one line of a multi-line secret"),
        pytest.param("#7 0.1 {", ['{\n  "password": "x-y-z"\n}'], "#7 0.1 {", id="a brace of a JSON secret stays"),
        pytest.param('#7 "password": "x-y-z"', ['{\n  "password": "x-y-z"\n}'], "#7 ***", id="its values do not"),
        pytest.param("got p@ss/word", ["p@ss/word\n"], "got ***", id="a file that ends in a newline"),
        pytest.param("https://u:p%40ss%2Fword@host", ["p@ss/word"], "https://u:***@host", id="encoded in a URL"),
        pytest.param("a.c abc", ["a.c"], "*** abc", id="not a pattern"),
        pytest.param("nothing here", [""], "nothing here", id="an empty secret hides nothing"),
        pytest.param("nothing here", [], "nothing here", id="no secrets"),
    ],
)
def test_a_secret_is_masked_when_a_line_shows_it(line: str, secrets: list[str], shown: str) -> None:
    assert list(mask([line], secrets)) == [shown]


@given(
    secrets=st.lists(st.text("abcXYZ019-_/+", min_size=4, max_size=12), min_size=1, max_size=4),
    around=st.text("*#. ", max_size=5),
)
def test_no_secret_survives_wherever_it_stands(secrets: list[str], around: str) -> None:
    lines = [around + secret + around for secret in secrets]
    for line in mask(lines, secrets):
        assert not any(secret in line for secret in secrets)
