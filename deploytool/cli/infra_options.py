"""Options that subcommands of ``deploytool infra`` share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from deploytool.cli.rules import Given, OptionsContradict

Decorated = Callable[..., Any]
KEYS = ("bootstrap", "account", "network", "data", "platform", "service")


@dataclass(frozen=True)
class OfChosenStack:
    """What ``option`` names belongs to stacks that ``--only`` chooses: elsewhere it would do nothing."""

    option: str

    def check(self, given: Given) -> None:
        """Raises OptionsContradict."""
        chosen, named = given.get("--only"), given.get(self.option)
        if not isinstance(chosen, tuple) or not isinstance(named, frozenset):
            return
        if stray := sorted(each for each in named if each.partition(".")[0] not in chosen):
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
        help="Let this resource go, though it holds data.",
    )(command)  # fmt: skip
    command = click.option(
        "--allow-replace", multiple=True, metavar="STACK.LOGICAL_ID", callback=_named,
        help="Let this resource be replaced, though it holds data.",
    )(command)  # fmt: skip
    return click.option(
        "--parameter", "parameters", multiple=True, metavar="NAME=VALUE", callback=_pairs,
        help="A parameter of the templates, such as AppImage; has the last word over deploytool.yml.",
    )(command)  # fmt: skip


def _pairs(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    wrong = next((each for each in given if not each.partition("=")[0] or "=" not in each), None)
    if wrong is not None:
        # The rest may be a secret: only the name is told.
        raise click.BadParameter(f"{wrong.partition('=')[0]!r} has no value; write NAME=VALUE")
    pairs = {name: value for name, _, value in (each.partition("=") for each in given)}
    if twice := next((each for each in given if pairs[each.partition("=")[0]] != each.partition("=")[2]), None):
        name = twice.partition("=")[0]
        raise OptionsContradict(f"--parameter {name} is given with different values", f"give --parameter {name} once")
    return pairs


def _named(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> frozenset[str]:
    for each in given:
        key, _, name = each.partition(".")
        if key not in KEYS or not name.isalnum():
            raise click.BadParameter(f"{each!r} names no resource; write it as the plan does: data.Database")
    return frozenset(given)
