"""Text in columns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest


def columns(rows: Sequence[Sequence[str]], indent: str = "  ") -> tuple[str, ...]:
    """Rows with every column as wide as its widest cell, two spaces between."""
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    return tuple(
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))).rstrip()
        for row in rows
    )
