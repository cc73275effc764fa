"""Options that every verb shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Decorated = Callable[..., Any]


def environment(command: Decorated) -> Decorated:
    """``--environment`` and ``--config``."""
    command = click.option(
        "--config", "config", default="deploytool.yml", show_default=True, help="The configuration file."
    )(command)
    return click.option(
        "-e", "--environment", help="Where; may be left out if there is only one, or $DEPLOYTOOL_ENVIRONMENT names it."
    )(command)


def output(command: Decorated) -> Decorated:
    """``--output text|json``."""
    return click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)(command)
