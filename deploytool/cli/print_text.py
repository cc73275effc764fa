"""Text on the terminal, where some of it is other people's words: a commit's subject, a branch, AWS's message."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import click

from deploytool.cli.heard import heard_or_not
from deploytool.cli.surroundings import in_actions


def print_text(text: str, *, err: bool = False) -> None:
    """Print lines; in GitHub Actions the runner finds no command in them. Nothing fails because nobody reads errors."""
    if in_actions():
        from deploytool.report.github_actions import inert

        text = "\n".join(part for line in click.unstyle(text).split("\n") for part in inert(line))
    with heard_or_not(sys.stderr) if err else nullcontext():
        click.echo(text, err=err)


def print_document(document: Mapping[str, Any]) -> None:
    """What ``--output json`` asks for, on standard output."""
    from deploytool.report.documents import text

    click.echo(text(document), nl=False)
