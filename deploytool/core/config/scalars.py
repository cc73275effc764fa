"""The kinds of single value a configuration holds. Each knows how to check one, read one, and describe itself."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deploytool.core.config.faults import did_you_mean
from deploytool.core.config.variables import PLACE, check_variables
from deploytool.core.duration import WITHIN_A_DAY, seconds_of

if TYPE_CHECKING:
    from deploytool.core.config.document import Path
    from deploytool.core.config.faults import Found

Schema = dict[str, Any]

DAY = 24 * 60 * 60


class Shape(ABC):
    """One kind of value. `read` may only be given a value in which `check` found nothing."""

    @abstractmethod
    def check(self, value: object, path: Path, found: Found) -> None:
        """Reports to `found` everything that is wrong with the value."""

    @abstractmethod
    def schema(self) -> Schema:
        """JSON Schema of the value."""

    def patch_schema(self) -> Schema:
        """JSON Schema of an override of the value; differs where the value has keys, which null takes away."""
        return self.schema()

    def read(self, value: Any) -> Any:
        """The value as the program uses it, defaults filled in."""
        return value


def report_kind(expected: str, value: object, path: Path, found: Found) -> None:
    """Says that a value is of another kind than it must be, without repeating the value: it may be a secret."""
    kinds = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    actual = kinds.get(type(value), "nothing")
    fix = ""
    if value is None:
        fix = "give it a value or remove the line"
    elif expected == "text" and isinstance(value, int | float):
        fix = "put it in quotes"
    found.at_value(path, f"{_name(path)} must be {expected}, not {actual}", fix)


def _name(path: Path) -> str:
    if not path:
        return "the file"
    last = path[-1]
    return f'an item of "{path[-2]}"' if isinstance(last, int) else f'"{last}"'


@dataclass(frozen=True)
class Text(Shape):
    """Text, not empty unless `empty`. `pattern` is explained by `means`; `variables` are those it may name."""

    pattern: str = ""
    means: str = ""
    variables: frozenset[str] = frozenset()
    empty: bool = False

    def check(self, value: object, path: Path, found: Found) -> None:
        if not isinstance(value, str):
            report_kind("text", value, path, found)
        elif not value and not self.empty:
            found.at_value(path, f"{_name(path)} is empty", "give it a value or remove the line")
        elif self.pattern and not (re.search(self.pattern, value) and "\n" not in value):
            found.at_value(path, f"{_name(path)} must be {self.means}")
        elif self.variables:
            check_variables(value, self.variables, path, found)

    def schema(self) -> Schema:
        schema: Schema = {"type": "string"}
        if not self.empty:
            schema["minLength"] = 1
        if self.pattern:
            schema["pattern"] = self.pattern
        return schema


@dataclass(frozen=True)
class Choice(Shape):
    """One of a few words."""

    words: tuple[str, ...]

    def check(self, value: object, path: Path, found: Found) -> None:
        if not isinstance(value, str):
            report_kind(f"one of {', '.join(self.words)}", value, path, found)
        elif value not in self.words:
            found.at_value(path, f'{_name(path)} cannot be "{value}"', did_you_mean(value, self.words))

    def schema(self) -> Schema:
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class Flag(Shape):
    """true or false."""

    def check(self, value: object, path: Path, found: Found) -> None:
        if not isinstance(value, bool):
            report_kind("true or false", value, path, found)

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True)
class TextOrFalse(Text):
    """Text, or false for doing without; read as None then."""

    def check(self, value: object, path: Path, found: Found) -> None:
        if value is True or not isinstance(value, str | bool):
            report_kind(f"{self.means}, or false", value, path, found)
        elif value is not False:
            super().check(value, path, found)

    def read(self, value: Any) -> Any:
        return value or None

    def schema(self) -> Schema:
        return {"anyOf": [super().schema(), {"const": False}]}


@dataclass(frozen=True)
class ParameterValue(Shape):
    """What CloudFormation takes for a parameter: text, a whole number, true or false, or a list; read as text.

    A number with a point must be in quotes: YAML makes 16.1 of 16.10.
    """

    def check(self, value: object, path: Path, found: Found) -> None:
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                check_variables(item, PLACE, path, found)
            elif isinstance(item, float):
                report_kind("text", item, path, found)
            elif not isinstance(item, int):
                report_kind("text, a whole number, true or false, or a list of these", item, path, found)

    def read(self, value: Any) -> Any:
        if isinstance(value, bool):
            return str(value).lower()
        return ",".join(self.read(item) for item in value) if isinstance(value, list) else str(value)

    def schema(self) -> Schema:
        single = ["string", "integer", "boolean"]
        return {"anyOf": [{"type": single}, {"type": "array", "items": {"type": single}}]}


@dataclass(frozen=True)
class Whole(Shape):
    """A whole number between two others, both included."""

    least: int
    most: int

    def check(self, value: object, path: Path, found: Found) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            report_kind("a whole number", value, path, found)
        elif not self.least <= value <= self.most:
            found.at_value(path, f"{_name(path)} must be from {self.least} to {self.most}")

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Duration(Shape):
    """A length of time: `90s`, `15m`, `1h30m`, or a number of seconds. Read as seconds; at most a day."""

    least: int = 1

    def check(self, value: object, path: Path, found: Found) -> None:
        if isinstance(value, bool) or not isinstance(value, int | str):
            report_kind("a length of time", value, path, found)
        elif isinstance(value, str) and not re.fullmatch(WITHIN_A_DAY, value):
            found.at_value(path, f'{_name(path)} cannot be "{value}"', "write it like 90s, 15m, 1h30m, or in seconds")
        elif not self.least <= self.read(value) <= DAY:
            found.at_value(path, f"{_name(path)} must be from {self.least}s to 24h", "a bare number means seconds")

    def read(self, value: Any) -> Any:
        return value if isinstance(value, int) else seconds_of(value)

    def schema(self) -> Schema:
        number = {"type": "integer", "minimum": self.least, "maximum": DAY}
        return {"anyOf": [{"type": "string", "pattern": WITHIN_A_DAY}, number]}
