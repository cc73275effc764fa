"""Responses in the shape of GitHub's API, and the exception that becomes one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(frozen=True)
class Response:
    """`body` is sent as JSON, or as it is where it is bytes; None sends nothing."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"


class ApiError(Exception):
    """A response that is not a success."""

    def __init__(self, status: int, message: str, *errors: dict[str, Any]) -> None:
        super().__init__(message)
        self.status, self.message, self.errors = status, message, errors

    def response(self) -> Response:
        body: dict[str, Any] = {"message": self.message, "documentation_url": DOCUMENTATION, "status": str(self.status)}
        return Response(self.status, body | ({"errors": list(self.errors)} if self.errors else {}))


def invalid(resource: str, name: str, code: str, message: str) -> ApiError:
    """422 as GitHub words it for one invalid field."""
    error = {"resource": resource, "field": name, "code": code, "message": message}
    return ApiError(422, "Validation Failed", error)


def not_found() -> ApiError:
    return ApiError(404, "Not Found")
