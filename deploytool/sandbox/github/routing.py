"""TODO"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode

from deploytool.sandbox.github.http import DEFAULT, MOST, NOT_FOUND, Answer, ApiError
from deploytool.sandbox.github.repository import GithubWorld
from deploytool.sandbox.github.store import Token, User


@dataclass(frozen=True)
class Request:
    """`path` is without `/api/v3`; `api` and `web` are what the client called us, so that links lead back to us."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]
    api: str
    web: str
    token: Token | None = None
    user: User | None = None

    def who(self) -> User:
        """Whose token it is. Raises ApiError (401)."""
        if self.user is None:
            raise ApiError(401, "Requires authentication")
        return self.user

    def may_write(self) -> User:
        """The caller, who may change the repository. Raises ApiError (401, 403)."""
        user = self.who()
        if self.token is None or self.token.access != "write" or user.permission not in {"write", "admin"}:
            raise ApiError(
                403, f"Resource not accessible by {'integration' if user.type == 'Bot' else 'personal access token'}"
            )
        return user

    def fields(self) -> dict[str, Any]:
        """The body as an object. Raises ApiError (400)."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise ApiError(400, "Problems parsing JSON")
        return self.body


Handler = Callable[["GithubWorld", Request, dict[str, str]], Answer]


class Routes:
    """Patterns like `/repos/{owner}/{repo}/pulls/{number}`; `{ref+}` takes slashes too."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def add(self, method: str, pattern: str) -> Callable[[Handler], Handler]:
        expression = re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", pattern)
        expression = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", expression)

        def remember(handler: Handler) -> Handler:
            self._routes.append((method, re.compile(expression), handler))
            return handler

        return remember

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]]:
        """Raises ApiError (404)."""
        for wanted, pattern, handler in self._routes:
            found = pattern.fullmatch(path)
            if found and wanted == method:
                return handler, {name: unquote(value) for name, value in found.groupdict().items()}
        raise ApiError(*NOT_FOUND)


T = TypeVar("T")


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() and int(text) > 0 else otherwise


def page_of(request: Request, everything: Sequence[T]) -> tuple[Sequence[T], dict[str, str]]:
    """The wanted part, and the headers of the answer."""
    size = min(_number(request.query.get("per_page"), DEFAULT), MOST)
    page = _number(request.query.get("page"), 1)
    last = max(1, -(-len(everything) // size))
    wanted = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    if page <= 1:
        wanted = {name: number for name, number in wanted.items() if name not in {"prev", "first"}}
    if page >= last:
        wanted = {name: number for name, number in wanted.items() if name not in {"next", "last"}}
    address = request.api + request.path
    links = [f'<{address}?{urlencode(request.query | {"page": n})}>; rel="{name}"' for name, n in wanted.items()]
    return everything[(page - 1) * size : page * size], {"link": ", ".join(links)} if links else {}
