"""Requests that are checked against GitHub's own description of its API on the way out, and answers on the way back.

The description is GitHub's (scripts/dev github-openapi), so this judges the GitHub server by somebody else's word.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.templating.responses.exceptions import ResponseNotFound

DESCRIPTION = Path(__file__).parent / "github_openapi.json.gz"


@cache
def _description(api: str) -> OpenAPI:
    described = json.loads(gzip.decompress(DESCRIPTION.read_bytes()))
    return OpenAPI.from_dict(described | {"servers": [{"url": api}]})


def described_operations() -> set[tuple[str, str]]:
    paths = json.loads(gzip.decompress(DESCRIPTION.read_bytes()))["paths"]
    return {(method, path) for path, item in paths.items() for method in item if method != "parameters"}


class CheckedApi:
    """A client of one repository. `valid=False` sends what the description forbids, to see it refused."""

    def __init__(self, api: str, repository: str, token: str | None) -> None:
        self.api = api
        self.base = f"{api}/repos/{repository}"
        self._http = requests.Session()
        self._http.trust_env = False
        if token:
            self._http.headers["authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None, *, valid: bool = True, **query: Any) -> requests.Response:
        """`path` is below the repository, or below the API where it begins with `/`."""
        url = self.api + path if path.startswith("/") else f"{self.base}/{path}".rstrip("/")
        prepared = self._http.prepare_request(requests.Request(method, url, json=body, params=query))
        description = _description(self.api)
        asked = RequestsOpenAPIRequest(prepared)
        if valid:
            description.validate_request(asked)
        answer = self._http.send(prepared, timeout=10, allow_redirects=False)
        try:
            description.validate_response(asked, RequestsOpenAPIResponse(answer))
        except ResponseNotFound:
            # GitHub refuses any request with 401, 403, 404, 422, 5xx, and describes that for some operations only.
            assert answer.status_code >= 400
            assert isinstance(answer.json()["message"], str)
        assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-used"} <= {
            name.lower() for name in answer.headers
        }
        return answer

    def get(self, path: str, **query: Any) -> Any:
        return self.made("GET", path, 200, **query)

    def made(self, method: str, path: str, status: int, body: Any = None, **query: Any) -> Any:
        """The answer's body; fails unless it is the wanted status."""
        answer = self.call(method, path, body, **query)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None
