"""No value of a build secret is shown."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.images.secrets import masking, secret_parts

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
    assert masking(secrets)(line) == shown


@given(
    secrets=st.lists(st.text("abcXYZ019-_/+", min_size=4, max_size=12), min_size=1, max_size=4),
    around=st.text("*#. ", max_size=5),
)
def test_no_secret_survives_wherever_it_stands(secrets: list[str], around: str) -> None:
    lines = [around + secret + around for secret in secrets]
    for line in map(masking(secrets), lines):
        assert not any(secret in line for secret in secrets)


ENCODINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent, as in a URL": lambda secret: quote(secret, safe=""),
    "percent, small letters, as in .NET": lambda secret: re.sub(
        "%..", lambda found: found[0].lower(), quote(secret, safe="")
    ),
    "percent, as in a form": quote_plus,
    "JSON": json.dumps,
    "JSON with escaped slashes, as PHP writes it": lambda secret: json.dumps(secret).replace("/", r"\/"),
    "HTML": html.escape,
    "quoted for a shell": shlex.quote,
    "Python": repr,
    "hex": lambda secret: secret.encode().hex(),
    "HEX": lambda secret: secret.encode().hex().upper(),
    "Base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "Base64 for URLs": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "Base64 of user:secret": lambda secret: base64.b64encode(f"bob:{secret}".encode()).decode(),
    "Base64 of token:secret:more": lambda secret: base64.b64encode(f"token:{secret}:more".encode()).decode(),
}
SECRETS = ["S3cret/Pässword<1>&'2\"", "npm_AbCdEf0123456789", "päss+wörd == ÿ", "aaaaaaaa"]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("encoded", ENCODINGS.values(), ids=ENCODINGS)
def test_a_secret_is_masked_when_it_is_encoded(encoded: Callable[[str], str], secret: str) -> None:
    form = encoded(secret)
    shown = masking([secret])(f"Authorization: {form}!")
    assert "***" in shown
    # Base64 shares at most a character with what stands on each side of the secret.
    assert len(shown.replace("***", "")) <= len(f"Authorization: {form}!") - len(secret)


def test_each_value_of_a_json_secret_is_masked_when_the_secret_is_one_line() -> None:
    secret = json.dumps({"password": "x-y-z", "key": {"pem": [KEY]}, "port": 5432, "on": True, "short": "ab"})
    shown = masking([secret])("x-y-z MIIEow 5432 ab true")
    assert shown == "*** *** 5432 ab true"
    assert "{" not in set(secret_parts(secret))


@pytest.mark.parametrize("secret", ["{not json", "[" * 100_000, '["a-value"', "[1, null]"])
def test_a_secret_is_masked_as_a_whole_when_it_is_no_json(secret: str) -> None:
    assert masking([secret])(f"got {secret}.") == "got ***."


def test_short_pieces_of_encodings_hide_nothing_else() -> None:
    assert masking(["abc"])("YW and 6162 stay") == "YW and 6162 stay"
