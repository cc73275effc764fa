"""Keeps the values of build secrets out of everything that is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "***"

# A brace or a comma on a line of its own in a JSON secret says nothing, and hiding it would hide every log.
_SHORTEST_PART = 3


def mask(lines: Iterable[str], secrets: Iterable[str]) -> Iterator[str]:
    """``lines`` with every occurrence of a secret replaced by ``***``.

    Output comes line by line, so each line of a multi-line secret (a key, a JSON document) is a secret too.
    Percent-encoded forms are found as well: that is how tokens appear in package registries' URLs.
    """
    pattern = _pattern(secrets)
    for line in lines:
        yield pattern.sub(MASK, line) if pattern else line


def _pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
    forms = {form for secret in secrets for part in _parts(secret) for form in (part, quote(part, safe=""))}
    # The longest first: a secret that begins with another secret must not leave its tail behind.
    ordered = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(re.escape, ordered))) if ordered else None


def _parts(secret: str) -> Iterator[str]:
    lines = [line.strip() for line in secret.splitlines() if line.strip()]
    if len(lines) == 1:
        yield lines[0]
        return
    yield from (line for line in lines if len(line) >= _SHORTEST_PART)
