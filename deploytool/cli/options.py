"""Options that verbs share: those of every verb, and those of ``deploytool infra``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import click
from click.core import ParameterSource

from deploytool.errors import ConfigurationError, OptionsContradict
from deploytool.git_command import checkout_root
from deploytool.output.console import json_output

CONFIG = "deploytool.yml"
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
        from deploytool.config.types import seconds_of

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
    return config_file("--config", what="The configuration file.")(command)


def config_file(*names: str, what: str) -> Callable[[Decorated], Decorated]:
    """An option that names ``deploytool.yml``: by default that of this directory, or the nearest above it."""
    text = f"{what} Default: deploytool.yml, here or in a parent directory of the repository."
    return click.option(*names, default=CONFIG, callback=_nearest, help=text)


def _nearest(ctx: click.Context, parameter: click.Parameter, path: str) -> str:
    if parameter.name and ctx.get_parameter_source(parameter.name) is ParameterSource.DEFAULT:
        return nearest_config(Path.cwd())
    return path


def nearest_config(start: Path) -> str:
    """``deploytool.yml`` of ``start``, else of the nearest parent up to the repository's root, as ``start`` names it.

    Outside a repository no parent is looked in: what lies there may be anybody's.
    """
    here, root = start.resolve(), checkout_root(start)
    for directory in (here, *here.parents):
        if (directory / CONFIG).exists():
            return os.path.relpath(directory / CONFIG, here)
        if directory == root:
            break
    return CONFIG


def output(command: Decorated) -> Decorated:
    """``--output text|json``."""
    return click.option(
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        is_eager=True,
        callback=_output_requested,
        help="JSON as docs/json.md has it.",
    )(command)


def _output_requested(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """From here on a failure is a document, too."""
    json_output.requested = value == "json"
    return value


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


Given = Mapping[str, object]
"""``--option`` or ``ARGUMENT`` to value, of what the command line itself names: no default, no variable."""


class Rule(Protocol):
    """Whether options can be combined."""

    def check(self, given: Given) -> None:
        """Raises OptionsContradict."""


@dataclass(frozen=True)
class Exclusive:
    """Two options that cannot be combined. ``--if-busy refuse`` means the option with this value."""

    first: str
    second: str
    why: str
    fix: str

    def check(self, given: Given) -> None:
        """Raises OptionsContradict."""
        if _has(given, self.first) and _has(given, self.second):
            raise OptionsContradict(f"{self.first} and {self.second} contradict each other: {self.why}", self.fix)


@dataclass(frozen=True)
class Different:
    """Two options that may not have the same value."""

    first: str
    second: str
    why: str
    fix: str

    def check(self, given: Given) -> None:
        """Raises OptionsContradict."""
        if _has(given, self.first) and given[self.first] == given.get(self.second):
            raise OptionsContradict(
                f"{self.first} and {self.second} are both {given[self.first]}: {self.why}", self.fix
            )


def exclusive(first: str, *others: str, why: str, fix: str = "") -> tuple[Exclusive, ...]:
    """``first`` cannot be combined with any of ``others``."""
    return tuple(Exclusive(first, other, why, fix or f"leave out {first} or {other}") for other in others)


def different(first: str, second: str, why: str) -> Different:
    """The two may not have one value."""
    return Different(first, second, why, f"give {first} and {second} different values")


BUSY = exclusive("--wait", "--if-busy refuse", why="a command that refuses does not wait")
"""The rules of ``options.busy``."""


class Verb(click.Command):
    """A command that refuses contradictions: by its ``rules``, by an option given twice, by an empty value."""

    def __init__(self, *arguments: Any, rules: Sequence[Rule] = (), **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.rules = tuple(rules)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does. Raises OptionsContradict, ConfigurationError."""
        words = list(args)
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            self._check_values(ctx, words)
            given = self._given(ctx)
            for rule in self.rules:
                rule.check(given)
        return rest

    def _given(self, ctx: click.Context) -> Given:
        """What the command line names. A default that is spelled out counts: whoever writes it means it."""
        return {
            shown(parameter): ctx.params[parameter.name]
            for parameter in self.params
            if parameter.name and ctx.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
        }

    def _check_values(self, ctx: click.Context, words: list[str]) -> None:
        """No option may have two values, or none: click would take the last one, and a verb its default.

        The same value twice means one thing, and is taken.
        """
        for parameter, texts in self._texts(ctx, words):
            name = shown(parameter)
            if "" in texts:
                raise ConfigurationError(f"{name} is empty", f"give {name} a value, or leave it out")
            if len({parameter.type_cast_value(ctx, text) for text in texts}) > 1:
                raise OptionsContradict(
                    f"{name} is given {len(texts)} times, with different values: {', '.join(texts)}",
                    f"give {name} once",
                )

    def _texts(self, ctx: click.Context, words: list[str]) -> list[tuple[click.Parameter, list[str]]]:
        """Every text given for each parameter that takes one value; the parser alone would keep the last."""
        parser = self.make_parser(ctx)
        single = [parameter for parameter in self.params
                  if parameter.nargs == 1 and parameter.name and not _is_many(parameter)]  # fmt: skip
        for parameter in single:
            if isinstance(parameter, click.Option):
                parser.add_option(parameter, parameter.opts, parameter.name, action="append")
        values, _, _ = parser.parse_args(words)
        return [(parameter, _listed(values.get(parameter.name or ""))) for parameter in single]


class Verbs(click.Group):
    """A group of verbs."""

    command_class = Verb


def shown(parameter: click.Parameter) -> str:
    """As a person writes it: ``--environment``, or ``RELEASE`` for an argument."""
    if isinstance(parameter, click.Option):
        return max(parameter.opts, key=len)
    return (parameter.name or "").upper()


def _has(given: Given, option: str) -> bool:
    name, _, value = option.partition(" ")
    return name in given and (not value or given[name] == value)


def _is_many(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and (parameter.multiple or parameter.is_flag or parameter.count)


def _listed(value: Any) -> list[str]:
    """The parser's value of one parameter: several texts, one (of an argument), or nothing."""
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, str) else []
