"""One line of the table: how often it was tried, what was measured, whether that is enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """``failures`` are shown in full below the table: each names the attempt."""

    what: str
    bound: str
    measured: str
    reached: bool
    failures: tuple[str, ...] = ()


def counted(what: str, attempts: int, failures: Sequence[str], note: str = "") -> Row:
    """Every attempt has to go well."""
    succeeded = attempts - len(failures)
    measured = f"{succeeded} of {attempts}{f' ({note})' if note else ''}"
    return Row(what, f"{attempts} of {attempts}", measured, not failures and attempts > 0, tuple(failures))


def timed(what: str, bound: float, seconds: Sequence[float], failures: Sequence[str], note: str = "") -> Row:
    """The slowest of them has to be within ``bound``."""
    spread = f"{min(seconds):.2f} … {max(seconds):.2f} s" if seconds else "nothing measured"
    measured = f"{spread}, {len(seconds)} runs{f' ({note})' if note else ''}"
    reached = bool(seconds) and max(seconds) <= bound and not failures
    return Row(what, f"≤ {bound:g} s", measured, reached, tuple(failures))


def table(rows: Sequence[Row]) -> str:
    """For people."""
    cells = [("what", "bound", "measured", ""), *((r.what, r.bound, r.measured, verdict(r)) for r in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    printed = [lines[0], "-" * max(map(len, lines)), *lines[1:]]
    for row in rows:
        printed += [f"\n{row.what}: {failure}" for failure in row.failures]
    return "\n".join(printed)


def verdict(row: Row) -> str:
    """One word."""
    return "reached" if row.reached else "NOT reached"


def document(rows: Sequence[Row], head: dict[str, str]) -> dict[str, Any]:
    """For scripts."""
    return {
        "schema": 1,
        "taken": head,
        "rows": [asdict(row) for row in rows],
        "reached": all(row.reached for row in rows),
    }
