"""A length of time on the command line: ``type=duration`` of a click option."""

from __future__ import annotations

import re
from datetime import timedelta

import click

_PARTS = re.compile(r"(?=[0-9])(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,4})m)?(?:(\d{1,6})s)?")


def duration(text: str) -> timedelta:
    """``90s``, ``15m``, ``2h30m``, ``90d``. Raises click.BadParameter."""
    found = _PARTS.fullmatch(text)
    if found is None:
        raise click.BadParameter(f"{text!r} is not a length of time; write it like 90s, 15m, 2h30m or 90d")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
