"""The JSON Schemas of what ``--output json`` prints, in ``docs/schemas``, and their table in docs/json.md."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from deploytool.cli.schemas import DOCUMENTS, schema_of

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- documents -->\n", "<!-- end of documents -->\n"


def files() -> dict[str, str]:
    """Name under ``docs/schemas`` to content."""
    return {f"{kind}.json": json.dumps(schema_of(kind), indent=2) + "\n" for kind in DOCUMENTS}


def table() -> str:
    """A row for each kind: what prints it."""
    rows = [
        f"| [`{kind}`](schemas/{kind}.json) | {schema_of(kind)['description'].replace('``', '`')} |"
        for kind in DOCUMENTS
    ]
    return "\n".join(("| kind | printed by |", "|---|---|", *rows)) + "\n"


def with_table(page: str) -> str:
    """docs/json.md with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


def main() -> int:
    """Write them, or with ``--check`` only compare; the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/dev document-schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; end with 1 where one is out of date")
    directory, page = DOCS / "schemas", DOCS / "json.md"
    if parser.parse_args().check:
        return int(not is_current())
    directory.mkdir(exist_ok=True)
    for old in directory.glob("*.json"):
        old.unlink()
    for name, content in files().items():
        (directory / name).write_text(content, encoding="utf-8")
    page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


def is_current() -> bool:
    """What is written is what the code says."""
    written = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "schemas").glob("*.json")}
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    return written == files() and page == with_table(page)


if __name__ == "__main__":
    sys.exit(main())
