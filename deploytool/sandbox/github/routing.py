"""A request as the routes see it, how its path finds a route, and GitHub's pagination."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode

from deploytool.sandbox.github.http import ApiError, Response, not_found
from deploytool.sandbox.github.repository import Repository
from deploytool.sandbox.github.store import Records, Token, User

T = TypeVar("T")
REPOSITORY = "/repos/{owner}/{repo}"
PAGE_SIZE, LARGEST_PAGE = 30, 100


@dataclass(frozen=True)
class Request:
    """`path` is without `/api/v3`; `api` and `web` are the addresses that the client used, for links in responses."""

    repository: Repository
    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]
    api: str
    web: str
    token: Token | None = None

    @property
    def records(self) -> Records:
        return self.repository.store.records

    @property
    def user(self) -> User | None:
        return self.records.users.get(self.token.login) if self.token else None

    @property
    def repository_url(self) -> str:
        return f"{self.api}/repos/{self.repository.full_name}"

    @property
    def web_url(self) -> str:
        return f"{self.web}/{self.repository.full_name}"

    def caller(self) -> User:
        """Raises ApiError (401)."""
        if self.user is None:
            raise ApiError(401, "Requires authentication")
        return self.user

    def writer(self) -> User:
        """The caller, who may change the repository. Raises ApiError (401, 403)."""
        user = self.caller()
        if self.token is None or self.token.access != "write" or not user.is_writer:
            kind = "integration" if user.type == "Bot" else "personal access token"
            raise ApiError(403, f"Resource not accessible by {kind}")
        return user

    def fields(self) -> dict[str, Any]:
        """The body as an object. Raises ApiError (400)."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise ApiError(400, "Problems parsing JSON")
        return self.body


class Routes:
    """Patterns like `/repos/{owner}/{repo}/pulls/{number}`; `{ref+}` takes slashes too.

    A handler takes the request and the pattern's other parameters, by name; owner and repo are checked here.
    """

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Response]]] = []

    def add(self, method: str, pattern: str) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
        expression = re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", pattern)
        expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", expression)

        def register(handler: Callable[..., Response]) -> Callable[..., Response]:
            self._routes.append((method, re.compile(expression), handler))
            return handler

        return register

    def find(self, request: Request) -> Callable[[], Response] | None:
        """The handler with its arguments. Raises ApiError (404) for another repository; case does not matter."""
        for method, pattern, handler in self._routes:
            match = pattern.fullmatch(request.path)
            if not match or method != request.method:
                continue
            parameters = {name: unquote(value) for name, value in match.groupdict().items()}
            if "owner" in parameters:
                full_name = f"{parameters.pop('owner')}/{parameters.pop('repo')}"
                if full_name.lower() != request.repository.full_name.lower():
                    raise not_found()
            return partial(handler, request, **parameters)
        return None


def _positive(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and int(text) > 0 else default


def page_of(request: Request, items: Sequence[T]) -> tuple[Sequence[T], dict[str, str]]:
    """The requested page, and a Link header that leads to the others."""
    size = min(_positive(request.query.get("per_page"), PAGE_SIZE), LARGEST_PAGE)
    page = _positive(request.query.get("page"), 1)
    last = max(1, -(-len(items) // size))
    numbers: dict[str, int] = {}
    if page > 1:
        numbers |= {"prev": page - 1, "first": 1}
    if page < last:
        numbers |= {"next": page + 1, "last": last}
    address = request.api + request.path
    links = [f'<{address}?{urlencode(request.query | {"page": n})}>; rel="{name}"' for name, n in numbers.items()]
    return items[(page - 1) * size : page * size], {"link": ", ".join(links)} if links else {}
