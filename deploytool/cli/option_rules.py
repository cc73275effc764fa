"""Which options of a verb can be combined: its rules are checked before it does anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import click
from click.core import ParameterSource

from deploytool.errors import ConfigurationError, OptionsContradict

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
