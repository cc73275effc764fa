"""What the tests of releases look for in every output, whatever password was generated."""

from __future__ import annotations

import json

import pytest

from tests.support.account import hidden


@pytest.mark.parametrize(
    "password", ["{9,x", "{}", "[1]", '"quoted"', "12", "12e4567", "null", "-x", "'", "{\\", "plain"]
)
def test_a_generated_password_is_hidden_when_it_looks_like_json(password: str) -> None:
    document = json.dumps({"host": "db", "password": password})
    assert hidden([password]) == {password}
    assert hidden([document]) == {document, password}


def test_a_token_is_hidden_when_it_stands_in_a_document() -> None:
    document = json.dumps({"host": "redis", "auth_token": "{t"})
    assert hidden([document, "{t"]) == {document, "{t"}
