"""The documents people read, and the commands in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).parents[3]
DOCUMENTS = (
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
)
SCRIPTS = (ROOT / "scripts/demo",)

_CODE = re.compile(r"`([^`\n]+)`|^(?: {4,}|\$ )(\S.*)$", re.MULTILINE)
_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SUBSTITUTION = re.compile(r'"\$\(deploytool ([^)]*)\)"')
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def commands(text: str) -> Iterator[list[str]]:
    """The words after each ``deploytool`` that is shown as a command, without what belongs to the shell."""
    for inner in _SUBSTITUTION.findall(text):
        yield shlex.split(inner)
    for quoted, indented in _CODE.findall(_BLOCK.sub("", text)):
        for line in re.split(r"&&|\|", quoted or indented):
            words = shlex.split(line, comments=True)
            if words and words[0] in ("deploytool", ".venv/bin/deploytool"):
                yield words[1:]


def parse(words: list[str], group: click.Command) -> None:
    """Parse as click would, and run nothing. Raises click.UsageError."""
    context = click.Context(group)
    while isinstance(group, click.Group):
        if not words or words[0].startswith("-"):
            return
        name, command, words = group.resolve_command(context, words)
        if command is None:
            raise click.UsageError(f"no command {name}")
        group, context = command, click.Context(command, parent=context)
    if words and "…" not in words:
        shell = words.index(">") if ">" in words else len(words)
        group.make_context(None, list(words[:shell]), parent=context.parent)


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a document."""
    headings = _HEADING.findall(_BLOCK.sub("", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
