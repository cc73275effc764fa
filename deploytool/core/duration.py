"""Lengths of time as people write them, in the configuration and on the command line."""

from __future__ import annotations

import re

_HOURS_AND_LESS = r"([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?"
WITHIN_A_DAY = rf"^(?=[0-9]){_HOURS_AND_LESS}$"
"""What the configuration takes, as a pattern of JSON Schema; days would say more than it allows."""
_WRITTEN = re.compile(rf"(?=[0-9])([0-9]{{1,4}}d)?{_HOURS_AND_LESS}")
_UNITS = (24 * 3600, 3600, 60, 1)


def seconds_of(text: str) -> int | None:
    """``90s``, ``15m``, ``1h30m``, ``90d``, or a bare number of seconds; ``None`` where it is none of these."""
    if re.fullmatch(r"[0-9]{1,8}", text):
        return int(text)
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    return sum(unit * int(part[:-1]) for unit, part in zip(_UNITS, found.groups(), strict=True) if part)
