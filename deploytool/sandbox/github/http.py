"""Requests and answers as the routes see them, and how a path finds its route."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass


# SEG sandbox.github.http
# Requests and answers as the routes see them, and how a path finds its route.


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


# SEG sandbox.github.pages
# GitHub's pagination: `page`, `per_page` (at most 100), and a Link header that leads to the others.

DEFAULT, MOST = 30, 100
