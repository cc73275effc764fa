"""Text on the terminal, where some of it is other people's words: a commit's subject, a branch, AWS's message."""

from __future__ import annotations

import os

import click


def print_text(text: str, *, err: bool = False) -> None:
    """Print lines; in GitHub Actions the runner finds no command in them."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from deploytool.report.github_actions import inert

        text = "\n".join(part for line in click.unstyle(text).split("\n") for part in inert(line))
    click.echo(text, err=err)
