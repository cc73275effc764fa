"""Options that verbs share: those of every verb, and those of ``deploytool infra``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from deploytool.cli.option_rules import Given
from deploytool.config.types import seconds_of
from deploytool.errors import OptionsContradict

KEYS = ("bootstrap", "account", "network", "data", "platform", "service")


@dataclass(frozen=True)
class OfChosenStack:
    """What ``option`` names belongs to stacks that ``--only`` chooses: elsewhere it would have no effect."""

    option: str

    def check(self, given: Given) -> None:
        """Raises OptionsContradict."""
        chosen, named = given.get("--only"), given.get(self.option)
        if not isinstance(chosen, tuple) or not isinstance(named, frozenset):
            return
        if stray := sorted(resource for resource in named if resource.partition(".")[0] not in chosen):
            resource, stack = f"{self.option} {stray[0]}", stray[0].partition(".")[0]
            only = " ".join(f"--only {key}" for key in chosen)
            raise OptionsContradict(
                f"{resource} and {only} contradict each other: stack {stack} is left out",
                f"add --only {stack}, or leave out {resource}",
            )


RULES = (OfChosenStack("--allow-replace"), OfChosenStack("--allow-remove"))


def stacks(command: Decorated) -> Decorated:
    """``--only``."""
    return click.option(
        "--only", multiple=True, type=click.Choice(KEYS), help="Only this stack; may be given several times."
    )(command)


def changes(command: Decorated) -> Decorated:
    """What a plan is made with: parameters, and what may be replaced or removed."""
    command = click.option(
        "--allow-remove", multiple=True, metavar="STACK.LOGICAL_ID", callback=_named,
        help="Allow to remove this resource, though it holds data.",
    )(command)  # fmt: skip
    command = click.option(
        "--allow-replace", multiple=True, metavar="STACK.LOGICAL_ID", callback=_named,
        help="Allow to replace this resource, though it holds data.",
    )(command)  # fmt: skip
    return click.option(
        "--parameter", "parameters", multiple=True, metavar="NAME=VALUE", callback=_pairs,
        help="A parameter of the templates, such as AppImage; overrides deploytool.yml.",
    )(command)  # fmt: skip


def _pairs(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for name, separator, value in (pair.partition("=") for pair in given):
        if not name or not separator:
            # The value may be a secret: only the name is printed.
            raise click.BadParameter(f"{name!r} has no value; write NAME=VALUE")
        if pairs.setdefault(name, value) != value:
            raise OptionsContradict(
                f"--parameter {name} is given with different values", f"give --parameter {name} once"
            )
    return pairs


def _named(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> frozenset[str]:
    for resource in given:
        key, _, name = resource.partition(".")
        if key not in KEYS or not name.isalnum():
            raise click.BadParameter(f"{resource!r} is not a resource; write it as the plan does: data.Database")
    return frozenset(given)


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
    return click.option(
        "-e", "--environment", help="Environment to use. Default: the only one, or $DEPLOYTOOL_ENVIRONMENT."
    )(config(command))


def config(command: Decorated) -> Decorated:
    """``--config``."""
    return click.option("--config", default="deploytool.yml", show_default=True, help="The configuration file.")(
        command
    )


def output(command: Decorated) -> Decorated:
    """``--output text|json``."""
    return click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)(command)


def busy(command: Decorated) -> Decorated:
    """``--if-busy`` and ``--wait``."""
    command = click.option(
        "--wait",
        type=DURATION,
        help="How long to wait for another release to end or yield. Default: 10m. Not with --if-busy refuse.",
    )(command)
    return click.option(
        "--if-busy",
        type=click.Choice(["wait", "refuse", "supersede"]),
        help="If another release has the lock: wait for it, refuse (exit code 8; the default), or ask it to yield.",
    )(command)
