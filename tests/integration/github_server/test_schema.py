"""The checks themselves can fail, and the description is what its script makes."""

from __future__ import annotations

import json

import pytest
import responses
from openapi_core.exceptions import OpenAPIError

from tests.support.github_schema import CheckedApi

RATE = {f"x-ratelimit-{name}": "1" for name in ("limit", "remaining", "reset", "used")}


@pytest.mark.parametrize("body", [{}, {"ref": 7}, {"ref": "main", "auto_merge": "yes"}])
def test_a_request_that_github_does_not_describe_is_not_sent(body: dict[str, object]) -> None:
    with pytest.raises(OpenAPIError):
        CheckedApi("http://127.0.0.1:1", "acme/shop", "token").call("POST", "deployments", body)


@responses.activate
def test_an_answer_that_lacks_what_github_always_sends_is_noticed() -> None:
    responses.get("http://127.0.0.1:1/repos/acme/shop/deployments/5", body=json.dumps({"id": 5}), headers=RATE)
    with pytest.raises(OpenAPIError):
        CheckedApi("http://127.0.0.1:1", "acme/shop", "token").get("deployments/5")
