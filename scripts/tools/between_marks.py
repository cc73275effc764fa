"""The part of a page that a script writes, between two marks."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def write(script: str, page: Path, begin: str, end: str, lines: Iterable[str]) -> int:
    """Put the lines between the marks, or with ``--check`` on the command line only compare; the exit code."""
    parser = argparse.ArgumentParser(prog=f"scripts/dev {script}")
    parser.add_argument("--check", action="store_true", help="change nothing; end with 1 where the page is out of date")
    only_checks = parser.parse_args().check
    before = page.read_text(encoding="utf-8")
    head, _, rest = before.partition(begin)
    _, _, tail = rest.partition(end)
    after = f"{head}{begin}\n\n" + "\n".join(lines).rstrip() + f"\n\n{end}{tail}"
    if only_checks:
        return int(after != before)
    page.write_text(after, encoding="utf-8")
    return 0
