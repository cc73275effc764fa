"""Calls that are read to their last page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deploytool.aws.call import tried


def call_all(client: Any, operation: str, patience: float, **parameters: Any) -> dict[str, Any]:
    """As :func:`deploytool.aws.call.call`, with the lists of every page in one answer; patience in seconds.

    A list that is empty may be missing in it.
    """
    if not client.can_paginate(operation):
        method: Callable[..., dict[str, Any]] = getattr(client, operation)
        return tried(client, operation, lambda: method(**parameters), patience)
    pages = client.get_paginator(operation)
    return tried(client, operation, lambda: pages.paginate(**parameters).build_full_result(), patience)
