"""Requests and answers as the routes see them, and how a path finds its route."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from deploytool.sandbox.github.model import Token, User
    from deploytool.sandbox.github.world import World


class ApiError(Exception):
    """An answer that is not a success, in GitHub's shape."""

    def __init__(
        self, status: int, message: str, *errors: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}

    def answer(self) -> Answer:
        body: dict[str, Any] = {
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": str(self.status),
        }
        if self.errors:
            body["errors"] = list(self.errors)
        return Answer(self.status, body, self.headers)


def invalid(resource: str, name: str, code: str, message: str | None = None) -> ApiError:
    """422 as GitHub words it for one wrong field."""
    error = {"resource": resource, "field": name, "code": code}
    return ApiError(422, "Validation Failed", error | ({"message": message} if message else {}))


NOT_FOUND = (404, "Not Found")


@dataclass(frozen=True)
class Answer:
    """`body` is sent as JSON, or as it is where it is bytes; None sends nothing."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"


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


Handler = Callable[["World", Request, dict[str, str]], Answer]


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
