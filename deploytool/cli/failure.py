"""A failure on the terminal: what happened, and what to do."""

from __future__ import annotations

import os

import click

from deploytool.errors import DeployError


def tell_failure(error: DeployError) -> None:
    """Cause and fix on standard error; in GitHub Actions also as an annotation."""
    click.echo(f"{click.style('error:', fg='red', bold=True)} {error.cause}", err=True)
    if error.fix:
        click.echo(f"{click.style('fix:', fg='yellow')} {error.fix}", err=True)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from deploytool.report import github_actions

        click.echo(github_actions.error(f"{error.cause}\n{error.fix}".strip(), "deploytool"))
