"""GitHub's pagination: `page`, `per_page` (at most 100), and a Link header that leads to the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

from deploytool.sandbox.github.http import Request

T = TypeVar("T")
DEFAULT, MOST = 30, 100


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
