"""Options that every verb shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from deploytool.core.duration import seconds_of


class Duration(click.ParamType[float]):
    """``90s``, ``10m``, ``1h30m``, ``90d`` or whole seconds, as in deploytool.yml."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        if isinstance(value, int | float):
            return float(value)
        seconds = seconds_of(str(value).strip())
        if seconds is None:
            self.fail(f"{value!r} is not a length of time; write it like 90s, 15m, 2h30m or 90d", param, ctx)
        return float(seconds)


DURATION = Duration()
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


def busy(command: Decorated) -> Decorated:
    """``--if-busy`` and ``--wait``: what to do where another release has the lock."""
    command = click.option(
        "--wait",
        type=DURATION,
        help="How long to wait for another release to end or give way; 10m if not given. Not with --if-busy refuse.",
    )(command)
    return click.option(
        "--if-busy",
        type=click.Choice(["wait", "refuse", "supersede"]),
        help="If another release has the lock: wait for it, refuse (exit 8; the default), or ask it to give way.",
    )(command)
