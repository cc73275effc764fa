"""The tables of docs/configuration.md, from the same keys that the parser and the JSON Schema are made of."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from deploytool.config.schema import FILE
from deploytool.config.types import (
    Choice,
    Duration,
    Flag,
    Key,
    ListOf,
    MapOf,
    ParameterValue,
    Patch,
    Record,
    Shape,
    Text,
    TextOrFalse,
    Whole,
)
from scripts.tools.between_marks import ROOT, write

BEGIN = "<!-- keys: written by scripts/dev config-reference -->"
END = "<!-- end of keys -->"
KINDS: dict[type[Shape], str] = {
    Text: "text",
    TextOrFalse: "text, or `false`",
    Whole: "number",
    Duration: "duration",
    Flag: "true or false",
    ParameterValue: "text, whole number, true or false, or a list",
    Record: "mapping",
}


def tables(path: str, record: Record) -> Iterator[str]:
    """A table per mapping, outer before inner."""
    yield f"### {f'`{path}`' if path else 'The file'}"
    yield ""
    yield "| key | value | default | meaning |"
    yield "|---|---|---|---|"
    for name, key in record.keys.items():
        yield f"| `{name}` | {kind(key.shape)} | {default(key)} | {cell(key.description)} |"
    yield ""
    yield from (f"{rule}\n" for rule in rules(record))
    for name, key in record.keys.items():
        where = f"{path}.{name}" if path else name
        match key.shape:
            case Record():
                yield from tables(where, key.shape)
            case MapOf(item=Record() as item):
                yield from tables(f"{where}.NAME", item)
            case _:
                continue


def kind(shape: Shape) -> str:
    match shape:
        case ListOf(item=item):
            return f"list of {kind(item)}"
        case MapOf(item=item):
            return f"name → {kind(item)}"
        case Choice(values):
            return " or ".join(f"`{each}`" for each in values)
        case Patch():
            return "`images`, `migrate`, `services`, in part"
        case _:
            return KINDS[type(shape)]


def default(key: Key) -> str:
    if key.required:
        return "required"
    if key.default in (None, {}, []):
        return ""
    return f"`{key.default if isinstance(key.default, str) else json.dumps(key.default)}`"


def rules(record: Record) -> Iterator[str]:
    if record.one_of:
        yield f"Exactly one of {named(record.one_of)} is given."
    if record.any_of:
        yield f"At least one of {named(record.any_of)} is given."
    for name, needed in record.needs.items():
        yield f"`{name}` needs `{needed}`."


def named(names: tuple[str, ...]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(write("config-reference", ROOT / "docs/configuration.md", BEGIN, END, tables("", FILE)))
