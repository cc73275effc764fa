"""A length of time on the command line."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import click

_PARTS = re.compile(r"(?=[0-9])(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s)?")


class Length(click.ParamType):
    """``90s``, ``15m``, ``2h30m``, ``90d``, as a timedelta."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Parse it; a default may be a timedelta already."""
        if isinstance(value, timedelta):
            return value
        found = _PARTS.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is not a length of time; write it like 90s, 15m, 2h30m or 90d", param, ctx)
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
